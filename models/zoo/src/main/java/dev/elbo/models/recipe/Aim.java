package dev.elbo.models.recipe;

import dev.elbo.models.latent.Bounds.Estimator;
import dev.elbo.models.recipe.Recipe.Fields;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.util.Locale;
import java.util.Map;

/// What a variational autoencoder is trained by.
///
/// ```
/// vae     E_q[log p(x | z)] − β(t) KL(q(z | x) ‖ p(z))           β rises from 0 while it warms up
/// iwae    L_K
/// ```
///
/// @param samples   of z for each example, K
/// @param estimator of the gradient of L_K
/// @param sampledKl whether the KL is estimated from the samples, not taken in closed form
/// @param beta      weight of the KL, 1 for a bound on log p(x)
/// @param warmUp    epochs in which β rises from 0
public record Aim(int samples, Estimator estimator, boolean sampledKl, double beta, double warmUp) {
    /// The plain bound.
    public static Aim of(int samples) {
        return new Aim(samples, Estimator.STANDARD, false, 1, 0);
    }

    static Aim of(Fields fields) {
        return new Aim(
                fields.integer("samples"),
                Estimator.valueOf(
                        fields.oneOf("estimator", "standard", "stl", "dreg").toUpperCase(Locale.ROOT)),
                fields.oneOf("kl", "closed", "sampled").equals("sampled"),
                fields.number("beta", 1),
                fields.number("kl_warm_up", 0));
    }

    void into(Map<String, Json> members) {
        members.put("samples", Json.of(samples));
        members.put("estimator", Json.of(estimator.name().toLowerCase(Locale.ROOT)));
        members.put("kl", Json.of(sampledKl ? "sampled" : "closed"));
        members.put("beta", Json.of(beta));
        members.put("kl_warm_up", Json.of(warmUp));
    }

    boolean weighted() {
        return beta != 1 || warmUp != 0;
    }

    /// Says what does not go together.
    ///
    /// @param model  `vae` or `iwae`
    /// @param layers of latent variables
    void check(String model, int layers) {
        boolean iwae = model.equals("iwae");
        if (!iwae && estimator != Estimator.STANDARD) {
            throw new BadInputException("estimator " + estimator, "for the bound of an iwae alone", "train iwae");
        }
        if (iwae && (weighted() || sampledKl)) {
            throw new BadInputException("beta, kl", "an iwae's bound has no KL apart", "train vae");
        }
        if (layers > 1 && weighted()) {
            throw new BadInputException(
                    "beta", "for one layer of latent variables alone; layers=" + layers, "leave it out");
        }
    }
}
