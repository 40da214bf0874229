package dev.elbo.runtime;

import java.nio.file.Path;
import java.util.Optional;

/// What a [CudaDevice] may do to be faster. What no measurement has shown to help is off unless it is asked for,
/// here or by the property `elbo.cuda.tuning`: `overlapping,branches=2,algorithms=FILE`.
///
/// @param overlapping whether a replayed kernel may be launched while its predecessor runs, and waits for it
///     there: on Hopper and later. No bit of a result changes
/// @param branches    how many launches of a replayed step may run side by side, 1 to 4, where neither needs the
///     other. No bit of a result changes
/// @param algorithms  file of what was the fastest when it was tried, cuBLASLt's algorithms, cuDNN's engines and forms
///     of chains: what is missing is tried and added, so that the same file always gives the same bits; empty: the
///     libraries' favourites, and chains by one multiprocessor a sequence
public record CudaTuning(boolean overlapping, int branches, Optional<Path> algorithms) {
    private static final int MOST = 4;
    private static final String PROPERTY = "elbo.cuda.tuning";

    /// Checks the numbers.
    public CudaTuning {
        if (branches < 1 || branches > MOST) {
            throw new IllegalArgumentException("tuning: 1 to " + MOST + " branches; branches=" + branches);
        }
    }

    /// Nothing of it.
    public static CudaTuning none() {
        return new CudaTuning(false, 1, Optional.empty());
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
        for (String word : text.split(",")) {
            if (word.equals("overlapping")) {
                tuning = tuning.overlap();
            } else if (word.matches("branches=[1-9]")) {
                tuning = tuning.branched(word.charAt(word.length() - 1) - '0');
            } else if (word.matches("algorithms=.+")) {
                tuning = tuning.timed(Path.of(word.substring(word.indexOf('=') + 1)));
            } else if (!word.isBlank()) {
                throw new IllegalArgumentException(
                        PROPERTY + ": overlapping, branches=2, algorithms=FILE, with commas; word=" + word);
            }
        }
        return tuning;
    }

    /// The same with kernels launched while their predecessors run.
    public CudaTuning overlap() {
        return new CudaTuning(true, branches, algorithms);
    }

    /// The same with so many launches side by side.
    public CudaTuning branched(int count) {
        return new CudaTuning(overlapping, count, algorithms);
    }

    /// The same with algorithms chosen by timing.
    ///
    /// @param file remembers them
    public CudaTuning timed(Path file) {
        return new CudaTuning(overlapping, branches, Optional.of(file));
    }
}
