package dev.elbo.cli;

import dev.elbo.runtime.Doctor;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `elbo doctor`: what this machine offers, what it lacks, and how to bring it.
@Command(
        name = "doctor",
        description = {
            "Shows what this machine offers Elbo, what it lacks, and the command that brings what is missing.",
            "Exit code 0 when every check passed; a missing library is no failure."
        },
        footer = {"", "Examples:", "  elbo doctor --all", "  elbo doctor --json"},
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object instead.")
    private boolean json;

    @Option(names = "--all", description = "List every place in which each library was looked for.")
    private boolean all;

    /// For picocli.
    DoctorCommand() {}

    @Override
    public Integer call() {
        Doctor doctor = Doctor.examine();
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? doctor.json().compact() : doctor.text(all).stripTrailing());
        if (!json && !all) {
            out.println("\nEvery place in which a library was looked for: elbo doctor --all");
        }
        return doctor.healthy() ? 0 : Elbo.INTERNAL_ERROR;
    }
}
