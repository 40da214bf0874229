package dev.elbo.cli.explore;

import dev.elbo.models.latent.Imputation;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// One step of the chain of [Imputation], so that a person can watch it.
///
/// ```
/// impute  picture, mask, at      state, picture: where the mask is, a draw of p(x | h) and E[x | h];
///                                elsewhere as given
/// ```
///
/// `state` is to be sent as the next `picture`; `picture` is easier on the eye.
final class Filling {
    private static final long SEED = 1;

    private Filling() {}

    /// @param features of an example
    /// @param memory   for what is made on the way
    static Map<String, Object> answer(Imputation.Through through, Question question, int features, Memory memory) {
        Ops f = Ops.plain(memory);
        Shape row = Shape.of(1, features);
        Tensor x = memory.floats(row, question.pixels("picture", features));
        Tensor missing = memory.floats(row, question.pixels("mask", features));
        Clock clock = Clock.of(SEED, question.integer("at", 0, Integer.MAX_VALUE), memory);
        Imputation.Pass pass = through.pass(f, x, clock);
        Tensor known = f.minus(x, f.times(x, missing));
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("state", pixels(f, known, missing, pass.drawn()));
        answer.put("picture", pixels(f, known, missing, pass.mean()));
        return answer;
    }

    private static String pixels(Ops f, Tensor known, Tensor missing, Tensor guess) {
        Tensor filled = f.plus(known, f.times(missing, guess));
        return Question.pixels(filled.device().floats(filled));
    }
}
