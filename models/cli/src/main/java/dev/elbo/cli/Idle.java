package dev.elbo.cli;

import java.util.List;
import java.util.function.Predicate;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/// Options that nothing would come of: who writes one down expects something of it.
final class Idle {
    private Idle() {}

    /// Names of the options that a person wrote down.
    static List<String> given(CommandSpec command) {
        return command.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .toList();
    }

    /// Refuses those that are not heeded.
    ///
    /// @param heeded  by its longest name
    /// @param because why the others are not
    static void refuse(CommandSpec command, Predicate<String> heeded, String because) {
        List<String> idle =
                given(command).stream().filter(option -> !heeded.test(option)).toList();
        if (!idle.isEmpty()) {
            throw new ParameterException(
                    command.commandLine(), "nothing comes of " + String.join(", ", idle) + ": " + because);
        }
    }
}
