package dev.elbo.bench.mutation;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Where mutants of one language are made.
interface Workshop {
    /// A mutant that can be tried.
    ///
    /// @param folder what goes in front of the class path
    /// @param tests  what guards the changed code, the nearest alone
    record Made(Path folder, List<String> tests) {}

    /// The sources that it can change.
    List<Path> sources() throws IOException;

    /// Compiles a mutant.
    ///
    /// @return empty where the compiler refuses it or makes the same of it as of the original, and where nothing
    /// guards it alone
    Optional<Made> make(Mutant mutant) throws IOException, InterruptedException;
}
