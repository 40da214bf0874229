/// A local page on which a person moves through a model: the server, and an exhibit for each kind of model.
package dev.elbo.cli.explore;
