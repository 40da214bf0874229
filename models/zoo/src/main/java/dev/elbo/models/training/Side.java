package dev.elbo.models.training;

import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.UpdateRule;

/// One of those who train a model: what is its own to move, and how.
///
/// @param name       in reports and in saved states; empty for one who trains alone
/// @param parameters of the whole model, or a [Parameters#part] of it; borrowed
/// @param rule       how a gradient moves them
/// @param rate       of learning
public record Side(String name, Parameters<?> parameters, UpdateRule rule, Schedule rate) {}
