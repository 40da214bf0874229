/// Linear chains: scores of paths ([dev.elbo.runtime.chain.LinearChain]) and what can be asked of them
/// ([dev.elbo.runtime.chain.Inference]).
package dev.elbo.runtime.chain;
