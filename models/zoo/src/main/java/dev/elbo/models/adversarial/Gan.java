package dev.elbo.models.adversarial;

/// Generative adversarial network (Goodfellow et al. 2014, arXiv:1406.2661).
///
/// ```
/// z ~ N(0, I)                                      (n, latent)
/// x = G(z)                                         (n, features); p_model is what this makes of z
/// D(x) = σ(logits(x))                              probability that x is data
/// min_G max_D  E_data log D(x) + E_z log(1 − D(G(z)))
/// ```
///
/// For a fixed G the best D is p_data / (p_data + p_model), and G then has the Jensen-Shannon divergence between
/// the two to make small. Other [Objective]s give other divergences; [Contest] is how the two are trained.
///
/// @param generator     G
/// @param discriminator D
public record Gan(Generator generator, Discriminator discriminator) {}
