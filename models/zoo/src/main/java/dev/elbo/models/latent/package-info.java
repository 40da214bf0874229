/// Models with continuous latent variables: the variational autoencoder and its importance-weighted bound.
package dev.elbo.models.latent;
