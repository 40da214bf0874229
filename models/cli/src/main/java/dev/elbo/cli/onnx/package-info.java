/// Parts of models as ONNX graphs, so that other runtimes compute them.
package dev.elbo.cli.onnx;
