/// Code that is changed on purpose, to see whether its tests notice.
package dev.elbo.bench.mutation;
