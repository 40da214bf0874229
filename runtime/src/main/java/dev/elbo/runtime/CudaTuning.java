package dev.elbo.runtime;

import java.util.Locale;

/// What a [CudaDevice] may do to be faster. None of it changes a bit of any result. What has not been shown to help by
/// a
/// measurement is off unless it is asked for, here or by the property `elbo.cuda.tuning`: `overlapping,branches=2`.
///
/// @param overlapping whether a replayed kernel may be launched while its predecessor runs, and waits for it there: on
///     Hopper and later
/// @param branches    how many launches of a replayed step may run side by side, 1 to 4, where neither needs the other
public record CudaTuning(boolean overlapping, int branches) {
    private static final int MOST = 4;
    private static final String PROPERTY = "elbo.cuda.tuning";

    public CudaTuning {
        if (branches < 1 || branches > MOST) {
            throw new IllegalArgumentException("tuning: 1 to " + MOST + " branches; branches=" + branches);
        }
    }

    /// Nothing of it.
    public static CudaTuning none() {
        return new CudaTuning(false, 1);
    }

    /// What the process was asked for.
    static CudaTuning ofProcess() {
        return of(System.getProperty(PROPERTY, ""));
    }

    /// Reads a text such as `overlapping,branches=2`.
    ///
    /// @throws IllegalArgumentException naming the word that is none of them
    public static CudaTuning of(String text) {
        CudaTuning tuning = none();
        for (String word : text.toLowerCase(Locale.ROOT).split(",")) {
            if (word.equals("overlapping")) {
                tuning = tuning.overlap();
            } else if (word.matches("branches=[1-9]")) {
                tuning = tuning.branched(word.charAt(word.length() - 1) - '0');
            } else if (!word.isBlank()) {
                throw new IllegalArgumentException(
                        PROPERTY + ": overlapping, branches=2, or both with a comma; word=" + word);
            }
        }
        return tuning;
    }

    /// The same with kernels launched while their predecessors run.
    public CudaTuning overlap() {
        return new CudaTuning(true, branches);
    }

    /// The same with so many launches side by side.
    public CudaTuning branched(int count) {
        return new CudaTuning(overlapping, count);
    }
}
