/// Models as a person asks for them in one command: sizes in, trained and judged model out.
package dev.elbo.models.recipe;
