/// Models, inference, training and data.
module dev.elbo.models {
    requires transitive dev.elbo.runtime;

    exports dev.elbo.models.adversarial;
    exports dev.elbo.models.classifier;
    exports dev.elbo.models.data;
    exports dev.elbo.models.energy;
    exports dev.elbo.models.latent;
    exports dev.elbo.models.layers;
    exports dev.elbo.models.quality;
    exports dev.elbo.models.recipe;
    exports dev.elbo.models.sequence;
    exports dev.elbo.models.training;

    opens dev.elbo.models.adversarial to
            dev.elbo.runtime;
    opens dev.elbo.models.classifier to
            dev.elbo.runtime;
    opens dev.elbo.models.energy to
            dev.elbo.runtime;
    opens dev.elbo.models.latent to
            dev.elbo.runtime;
    opens dev.elbo.models.quality to
            dev.elbo.runtime;
    opens dev.elbo.models.recipe to
            dev.elbo.runtime;
    opens dev.elbo.models.layers to
            dev.elbo.runtime;
    opens dev.elbo.models.sequence to
            dev.elbo.runtime;
}
