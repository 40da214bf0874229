/// Classifiers on features that other models give.
package dev.elbo.models.classifier;
