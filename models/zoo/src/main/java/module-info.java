/// Models, inference, training and data.
module dev.elbo.models {
    requires transitive dev.elbo.runtime;

    exports dev.elbo.models.data;
    exports dev.elbo.models.training;
}
