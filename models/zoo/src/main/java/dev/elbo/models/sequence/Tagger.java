package dev.elbo.models.sequence;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.chain.LinearChain;

/// A model that turns sequences into chains over their tags, so that any question can be put to them.
@FunctionalInterface
public interface Tagger {
    /// The scores of all taggings of each sequence.
    LinearChain chain(Ops f, Ragged batch);
}
