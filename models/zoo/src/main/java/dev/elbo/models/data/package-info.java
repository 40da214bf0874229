/// Data that a person has, read into memory: what is malformed is named with file, place and remedy.
package dev.elbo.models.data;
