package dev.elbo.cli;

import dev.elbo.runtime.file.Json;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Commands in this JVM, through the entry point that a process has.
final class Session {
    /// What a person sees of one command.
    record Seen(int code, String out, String err) {
        Map<String, Json> lastLine() {
            String[] lines = out.strip().split("\n");
            return ((Json.Members) Json.parse(lines[lines.length - 1], "output")).values();
        }

        /// A figure of the last line.
        double number(String name) {
            return ((Json.Number) lastLine().get(name)).value().doubleValue();
        }
    }

    /// The page of `elbo explore`, open until this is closed.
    record Exploring(Thread command, URI address, StringWriter err) implements AutoCloseable {
        private static final Pattern OPEN = Pattern.compile("open {2}(\\S+)");

        @Override
        public void close() throws IOException {
            command.interrupt();
            try {
                command.join(30_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (command.isAlive()) {
                throw new IOException("elbo explore does not end");
            }
        }
    }

    private Session() {}

    /// The words that start the command as a process of its own, with this JVM's classes.
    static List<String> process(List<String> words) {
        List<String> line = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "-XX:+UseSerialGC",
                "--class-path",
                String.join(
                        File.pathSeparator,
                        System.getProperty("jdk.module.path", ""),
                        System.getProperty("java.class.path", "")),
                Elbo.class.getName()));
        line.addAll(words);
        return line;
    }

    static Seen run(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> words = Stream.of(args).map(String::valueOf).toList();
        int code = Elbo.run(words, new PrintWriter(out, true), new PrintWriter(err, true));
        return new Seen(code, out.toString(), err.toString());
    }

    static Exploring explore(Path run) throws InterruptedException {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> words = List.of("explore", run.toString(), "--device", "cpu");
        Thread command = Thread.ofPlatform()
                .start(() -> Elbo.run(words, new PrintWriter(out, true), new PrintWriter(err, true)));
        while (command.isAlive()) {
            Matcher matcher = Exploring.OPEN.matcher(out.toString());
            if (matcher.find()) {
                return new Exploring(command, URI.create(matcher.group(1)), err);
            }
            Thread.sleep(20);
        }
        throw new IllegalStateException("elbo explore ended: " + err);
    }
}
