/// Models that are told by an energy: the restricted Boltzmann machine, its Gibbs chains and its partition function.
package dev.elbo.models.energy;
