/// Files that other tools read too: JSON, safetensors, npz; written whole or not at all, refused in words.
package dev.elbo.runtime.file;
