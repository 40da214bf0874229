/// The training loop and what it leaves behind.
package dev.elbo.models.training;
