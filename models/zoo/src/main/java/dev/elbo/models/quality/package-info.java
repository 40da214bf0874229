/// How good what a model makes is, in the eyes of a classifier.
package dev.elbo.models.quality;
