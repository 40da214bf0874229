/// Noise as a pure function of seed, step, draw and element.
package dev.elbo.runtime.random;
