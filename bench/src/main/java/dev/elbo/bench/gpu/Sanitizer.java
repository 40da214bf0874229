package dev.elbo.bench.gpu;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Runs a program under NVIDIA's compute-sanitizer: on the path, in `CUDA_HOME`, or where toolkits are installed.
final class Sanitizer {
    private static final String NAME = "compute-sanitizer";
    private static final int FOUND = 86;
    private static final Pattern ERRORS =
            Pattern.compile("(?:ERROR SUMMARY|RACECHECK SUMMARY): (\\d+) (?:errors?|hazards?)");

    private Sanitizer() {}

    /// @param args tool, then the program and its arguments
    public static void main(String[] args) throws IOException, InterruptedException {
        Optional<Path> sanitizer = find(System.getenv());
        if (sanitizer.isEmpty()) {
            System.out.println("no " + NAME + " on this machine");
            System.exit(Stage.NOT_HERE);
        }
        List<String> command = new ArrayList<>(List.of(sanitizer.get().toString(), "--tool", args[0]));
        command.addAll(List.of("--error-exitcode", String.valueOf(FOUND), "--print-limit", "20"));
        command.addAll(Arrays.asList(args).subList(1, args.length));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        boolean refused = false;
        String errors = null;
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                System.out.println(line);
                refused |= line.contains("Device not supported");
                Matcher summary = ERRORS.matcher(line);
                if (summary.find()) {
                    errors = summary.group(1);
                }
            }
        }
        int code = process.waitFor();
        if (refused) {
            System.out.println(NAME + " does not support this device");
            System.exit(Stage.NOT_HERE);
        }
        System.out.println("= " + args[0] + ": " + (errors == null ? "no summary" : errors + " errors"));
        System.exit(errors == null ? 1 : code);
    }

    /// Where the tool is.
    static Optional<Path> find(Map<String, String> environment) throws IOException {
        List<Path> places = new ArrayList<>();
        for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
            places.add(Path.of(folder));
        }
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
            Optional.ofNullable(environment.get(variable))
                    .ifPresent(home -> places.add(Path.of(home).resolve("bin")));
        }
        Path local = Path.of("/usr/local");
        if (Files.isDirectory(local)) {
            try (Stream<Path> folders = Files.list(local)) {
                folders.filter(folder -> folder.getFileName().toString().startsWith("cuda"))
                        .sorted()
                        .flatMap(folder -> Stream.of(folder.resolve("bin"), folder.resolve(NAME)))
                        .forEach(places::add);
            }
        }
        return places.stream()
                .map(folder -> folder.resolve(NAME))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
