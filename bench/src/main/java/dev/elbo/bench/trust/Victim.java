package dev.elbo.bench.trust;

import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A process of its own that trains, or does what else `elbo` does, while things happen to it.
final class Victim implements AutoCloseable {
    private final Process process;
    private final BufferedReader output;
    private final List<String> said = new ArrayList<>();

    private Victim(Process process) {
        this.process = process;
        this.output = process.inputReader();
    }

    /// Trains on the CPU, on one thread, and says the number of each step that is done.
    ///
    /// @param arguments run, folder, epochs
    public static void main(String[] arguments) throws IOException {
        try (CpuDevice cpu = CpuDevice.open(CpuOptions.best().threads(1))) {
            SmallRun.valueOf(arguments[0])
                    .train(cpu, Path.of(arguments[1]), Integer.parseInt(arguments[2]), System.out::println);
        }
    }

    /// Begins or goes on with a run.
    static Victim train(SmallRun run, Path folder, int epochs) throws IOException {
        return start(Victim.class.getName(), run.name(), folder.toString(), String.valueOf(epochs));
    }

    /// A command of `elbo`.
    static Victim elbo(Object... words) throws IOException {
        List<String> line = new ArrayList<>(List.of("dev.elbo.cli.Elbo"));
        for (Object word : words) {
            line.add(word.toString());
        }
        return start(line.toArray(String[]::new));
    }

    /// A program of this JVM's classes, with its arguments.
    static Victim start(String... words) throws IOException {
        return start(List.of("-XX:TieredStopAtLevel=1"), words);
    }

    /// The same.
    ///
    /// @param options of its JVM
    static Victim start(List<String> options, String... words) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(List.of(words));
        return new Victim(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /// Waits until a step is done.
    ///
    /// @return false if the process ended before; [#said] then says why
    boolean reaches(long step) throws IOException {
        String line = output.readLine();
        while (line != null && !(line.matches("\\d+") && Long.parseLong(line) >= step)) {
            said.add(line);
            line = output.readLine();
        }
        return line != null;
    }

    /// Waits for a line.
    ///
    /// @return what the pattern's first group holds
    String find(Pattern pattern) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.add(line);
            Matcher matcher = pattern.matcher(line);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new IllegalStateException("Victim: ended without what was waited for: " + said());
    }

    /// Waits for the end.
    ///
    /// @return the exit status
    int end() throws IOException, InterruptedException {
        output.lines().forEach(said::add);
        return process.waitFor();
    }

    /// Everything it printed but for the steps that it was waited for.
    String said() {
        return String.join(
                " / ", said.stream().filter(line -> !line.matches("\\d+")).toList());
    }

    /// Kills it, if it lives.
    @Override
    public void close() throws IOException {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IOException("Victim: interrupted", e);
        }
        output.close();
    }

    /// The last checkpoint of a run, as bytes.
    static byte[] last(Path folder) throws IOException {
        return Files.readAllBytes(RunFolder.checkpoints(folder).getLast());
    }
}
