package dev.elbo.cli;

import dev.elbo.runtime.Device;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `elbo report`: one page about a run, in its folder.
@Command(
        name = "report",
        description = "Writes report.html into the folder of a run: figures, samples, reconstructions, configuration.",
        footer = {"", "Example:", "  elbo report runs/vae-digits"},
        mixinStandardHelpOptions = true)
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    /// For picocli.
    ReportCommand() {}

    @Override
    public Integer call() throws IOException {
        try (Device on = RunOptions.device("auto");
                Arena owner = Arena.ofShared()) {
            spec.commandLine().getOut().println(Report.write(OpenRun.of(run, on, owner)));
        }
        return 0;
    }
}
