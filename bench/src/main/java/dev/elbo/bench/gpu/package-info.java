/// One command that checks and measures a machine with a GPU.
package dev.elbo.bench.gpu;
