package dev.elbo.bench.gpu;

import java.util.List;
import java.util.Locale;

/// How a stage went.
///
/// @param seconds it took
/// @param note    why, or how many tests
/// @param lines   of its output for the summary
record Outcome(Kind kind, double seconds, String note, List<String> lines) {
    /// How well.
    enum Kind {
        /// As it should.
        PASSED,
        /// It found something wrong, or broke.
        FAILED,
        /// Stopped at its limit.
        CUT,
        /// This machine lacks what it needs.
        NOT_HERE,
        /// There was no time left for it.
        NOT_BEGUN
    }

    /// `passed      12.3 s  411 tests successful`.
    @Override
    public String toString() {
        return "%-10s %7.1f s  %s"
                .formatted(kind.name().toLowerCase(Locale.ROOT).replace('_', ' '), seconds, note)
                .stripTrailing();
    }
}
