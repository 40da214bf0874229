/// Models of sequences: chains of hidden states, and of tags, over what is observed.
package dev.elbo.models.sequence;
