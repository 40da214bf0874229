/// Parts that models are made of.
package dev.elbo.models.layers;
