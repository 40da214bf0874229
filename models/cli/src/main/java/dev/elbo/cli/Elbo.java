package dev.elbo.cli;

import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/// The `elbo` command.
///
/// | exit code | means |
/// | --- | --- |
/// | 0 | done |
/// | 1 | internal error |
/// | 2 | the command line could not be understood |
/// | 3 | bad input: an unknown data set, an unreadable or malformed file |
/// | 4 | the device that was asked for is not available |
///
/// A message says what was wrong, where, and what to do; `--verbose` adds the stack trace.
@Command(
        name = "elbo",
        description = "Deep generative models and neural/graphical hybrids, on a GPU or without one.",
        mixinStandardHelpOptions = true,
        versionProvider = Elbo.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DoctorCommand.class,
            TrainCommand.class,
            EvaluateCommand.class,
            FeaturesCommand.class,
            ImportCommand.class,
            SampleCommand.class,
            ReconstructCommand.class,
            InterpolateCommand.class,
            ArithmeticCommand.class,
            ImputeCommand.class,
            ReportCommand.class,
            ExploreCommand.class,
            ExportCommand.class,
            VerifyCommand.class,
            CompletionCommand.class,
            TagCommand.class,
            ChainCommand.class
        })
public final class Elbo {
    /// Exit code: internal error.
    static final int INTERNAL_ERROR = 1;

    /// Exit code: bad input.
    static final int BAD_INPUT = 3;

    /// Exit code: the device that was asked for is not available.
    static final int NO_DEVICE = 4;

    @Option(names = "--verbose", description = "Show the stack trace of an error.", scope = ScopeType.INHERIT)
    private boolean verbose;

    private Elbo() {}

    /// Runs the command and ends the JVM with its exit code.
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(List.of(args), out, err));
    }

    /// Runs the command.
    ///
    /// @return the exit code
    static int run(List<String> args, PrintWriter out, PrintWriter err) {
        CommandLine line = line();
        line.setOut(out);
        line.setErr(err);
        try {
            return line.execute(args.toArray(String[]::new));
        } catch (OutOfMemoryError e) {
            err.println("elbo: not enough memory: " + e.getMessage() + " — use a smaller batch or a smaller model");
            return INTERNAL_ERROR;
        }
    }

    /// All commands.
    static CommandLine line() {
        return new CommandLine(new Elbo())
                .registerConverter(Double.class, Elbo::finite)
                .registerConverter(double.class, Elbo::finite)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(Elbo::execute)
                .setParameterExceptionHandler(Elbo::refuse)
                .setExecutionExceptionHandler(Elbo::explain);
    }

    /// No option takes what is not finite.
    private static Double finite(String text) {
        double number;
        try {
            number = Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is no number");
        }
        if (!Double.isFinite(number)) {
            throw new TypeConversionException("'" + text + "' is not finite");
        }
        return number;
    }

    private static int execute(ParseResult parsed) {
        if (!parsed.hasSubcommand() && !parsed.isUsageHelpRequested() && !parsed.isVersionHelpRequested()) {
            CommandLine line = parsed.commandSpec().commandLine();
            line.usage(line.getErr());
            return CommandLine.ExitCode.USAGE;
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    /// Says what is wrong in a line or two: the usage of a command with many options would push it off the screen.
    private static int refuse(ParameterException problem, String[] args) {
        CommandLine line = problem.getCommandLine();
        PrintWriter err = line.getErr();
        err.println("elbo: " + problem.getMessage());
        UnmatchedArgumentException.printSuggestions(problem, err);
        err.println("elbo: " + line.getCommandSpec().qualifiedName() + " --help shows what there is");
        return CommandLine.ExitCode.USAGE;
    }

    private static int explain(Exception problem, CommandLine line, ParseResult parsed) {
        PrintWriter err = line.getErr();
        String message = message(problem);
        int code = switch (problem) {
            case BadInputException _, FileSystemException _ -> BAD_INPUT;
            case NoDeviceException _ -> NO_DEVICE;
            default -> INTERNAL_ERROR;
        };
        boolean expected = code != INTERNAL_ERROR || problem instanceof TrainingStoppedException;
        err.println("elbo: " + (expected ? "" : "internal error: ") + message);
        Elbo elbo = (Elbo) line.getCommandSpec().root().userObject();
        if (elbo.verbose) {
            problem.printStackTrace(err);
        } else if (!expected) {
            err.println("elbo: run it again with --verbose to see where");
        }
        return code;
    }

    private static String message(Exception problem) {
        return switch (problem) {
            case NoSuchFileException e -> e.getFile() + ": no such file or folder — check the path";
            case AccessDeniedException e -> e.getFile() + ": no permission — give it to yourself";
            case FileSystemException e -> e.getFile() + ": " + e.getReason() + " — check the path and its disk";
            default -> problem.getMessage() == null ? problem.getClass().getName() : problem.getMessage();
        };
    }

    /// The version of the build.
    static final class Version implements IVersionProvider {
        /// For picocli.
        Version() {}

        @Override
        public String[] getVersion() {
            return new String[] {"elbo " + text()};
        }

        static String text() {
            try (InputStream in = Elbo.class.getResourceAsStream("version.txt")) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
