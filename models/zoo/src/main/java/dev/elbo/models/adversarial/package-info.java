/// Generative adversarial networks.
package dev.elbo.models.adversarial;
