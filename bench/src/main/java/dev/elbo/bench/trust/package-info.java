/// Breaking Elbo on purpose, and counting what comes of it.
package dev.elbo.bench.trust;
