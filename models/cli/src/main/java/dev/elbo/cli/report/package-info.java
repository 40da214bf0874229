/// Pages for people: plots as vectors, grids of pictures, everything in one file that needs nothing from outside.
package dev.elbo.cli.report;
