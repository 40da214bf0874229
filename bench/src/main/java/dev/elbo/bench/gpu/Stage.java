package dev.elbo.bench.gpu;

import java.util.List;
import java.util.Map;

/// A command with a limit of time.
///
/// Its exit code says how it went: 0 well, [#NOT_HERE] that this machine lacks what it needs, anything else badly. A
/// line of its output that begins with `= ` belongs into the summary.
///
/// @param name        a lower-case word
/// @param least       seconds that are kept for it while the stages before it run
/// @param most        seconds after which it is stopped
/// @param needed      whether nothing after it makes sense without it
/// @param command     program and arguments
/// @param environment variables beside those of this process
record Stage(String name, int least, int most, boolean needed, List<String> command, Map<String, String> environment) {
    /// Exit code of a stage that cannot be run on this machine; its last line says why.
    static final int NOT_HERE = 77;

    /// Environment variable that tells a stage after how many seconds it is stopped.
    static final String SECONDS = "STAGE_SECONDS";

    /// The same, without which the others make no sense.
    Stage first() {
        return new Stage(name, least, most, true, command, environment);
    }
}
