package dev.elbo.bench.gpu;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Runs the tests of a folder that are marked for the device of the run, by JUnit's console, in a JVM of their own.
///
/// An error in a kernel spoils its process, and tests behind it fail for nothing. So each class that failed is run
/// again alone, and its line in the summary says what it did there.
final class DeviceTests {
    private static final String CONSOLE = "org.junit.platform.console.ConsoleLauncher";
    private static final Pattern FAILED = Pattern.compile("className = '([\\w.$]+)'");

    /// More classes than these fail for one reason.
    private static final int MOST_ALONE = 12;

    private final List<String> console;

    private DeviceTests(List<String> jvm, String classPath) {
        console = new ArrayList<>(jvm);
        console.addAll(List.of("-cp", classPath, CONSOLE, "execute", "--include-tag=device", "--exclude-tag=slow"));
        console.addAll(List.of("--exclude-tag=simulated", "--details=summary", "--disable-banner"));
        console.addAll(List.of("--config=junit.jupiter.extensions.autodetection.enabled=true", "--fail-if-no-tests"));
    }

    /// @param args options of the JVM, `--`, the class path, then what JUnit is to select
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> all = Arrays.asList(args);
        int end = all.indexOf("--");
        List<String> jvm = new ArrayList<>(List.of(GpuRun.java()));
        jvm.addAll(all.subList(0, end));
        System.exit(new DeviceTests(jvm, all.get(end + 1)).run(all.subList(end + 2, all.size())));
    }

    private int run(List<String> selected) throws IOException, InterruptedException {
        Set<String> failed = new TreeSet<>();
        int code = console(selected, "", failed);
        if (code != 0 && failed.size() <= MOST_ALONE) {
            for (String each : failed) {
                int alone = console(List.of("--select-class=" + each), "    ", new TreeSet<>());
                System.out.println("= " + each + (alone == 0 ? " fails in company and passes alone" : " fails"));
            }
        } else if (code != 0) {
            System.out.println("= " + failed.size() + " classes fail, the first "
                    + failed.iterator().next());
        }
        return code;
    }

    private int console(List<String> selected, String indent, Set<String> failed)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(console);
        command.addAll(selected);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                System.out.println(indent + line);
                Matcher matcher = FAILED.matcher(line);
                if (matcher.find()) {
                    failed.add(matcher.group(1));
                }
            }
        }
        return process.waitFor();
    }
}
