package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every command keeps to.
class ContractTest {
    @TempDir
    Path folder;

    @Test
    void everyCommandShowsAnExampleThatItUnderstands() {
        for (String command : commands()) {
            Session.Seen help = Session.run(command, "--help");
            assertEquals(0, help.code(), command);
            assertEquals("", help.err(), command);
            assertTrue(help.out().contains("Example"), command + " shows no example");
            // From the source of the text: on the screen a long example is broken in two.
            String[] footer = Elbo.line()
                    .getSubcommands()
                    .get(command)
                    .getCommandSpec()
                    .usageMessage()
                    .footer();
            long examples = Stream.of(footer)
                    .filter(line -> line.contains("elbo " + command))
                    .peek(line ->
                            understood(line.substring(line.indexOf("elbo ")).replaceAll("[<>)|].*", "")))
                    .count();
            assertTrue(examples > 0, command + " shows no example of itself");
        }
    }

    /// No unknown option, and every option that needs a value has one.
    private static void understood(String line) {
        String[] words = line.strip().split(" +");
        String[] arguments = new String[words.length - 1];
        System.arraycopy(words, 1, arguments, 0, arguments.length);
        Elbo.line().parseArgs(arguments);
    }

    @Test
    void theHelpListsEveryCommand() {
        String help = Session.run("--help").out();
        commands().forEach(command -> assertTrue(help.contains("  " + command + " "), command + " in " + help));
    }

    @Test
    void exitCodesTellWhatHappened() throws IOException {
        assertEquals(0, Session.run("--version").code());
        assertEquals(2, Session.run().code());
        assertEquals(2, Session.run("trian").code());
        assertEquals(
                3,
                Session.run("train", "vae", "--data", "nowhere:x", "--out", folder.resolve("a"))
                        .code());
        assertEquals(
                4,
                Session.run("train", "vae", "--device", "cuda:99", "--out", folder.resolve("b"))
                        .code());
        for (String command : commands()) {
            assertEquals(2, Session.run(command, "--no-such-option").code(), command);
        }
        Path damaged = Files.createDirectories(folder.resolve("damaged"));
        Files.writeString(damaged.resolve("config.json"), "{");
        for (String command : Set.of("evaluate", "report", "verify", "explore", "tag", "sample")) {
            assertEquals(3, Session.run(command, folder.resolve("none")).code(), command);
            Session.Seen seen = Session.run(command, damaged);
            assertEquals(3, seen.code(), command);
            assertEquals(1, seen.err().strip().lines().count(), seen.err());
            assertFalse(seen.err().contains("Exception"), seen.err());
        }
    }

    @Test
    void theCompletionKnowsCommandsAndOptions() {
        String script = Session.run("completion").out();
        commands().forEach(command -> assertTrue(script.contains("_picocli_elbo_" + command), command));
        assertTrue(script.contains("--persistent"));
    }

    private static Set<String> commands() {
        Set<String> names = new TreeSet<>(Elbo.line().getSubcommands().keySet());
        assertTrue(names.size() >= 12, names.toString());
        return names;
    }
}
