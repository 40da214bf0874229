package dev.elbo.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is written for people is true: the program in the README runs, links lead somewhere, public types say what they
/// are.
class DocsTest {
    private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)[^)]*\\)");
    private static final Pattern PUBLIC_TYPE =
            Pattern.compile("^public (?:\\w+(?:-\\w+)? )*(?:class|interface|record|enum) (\\w+)", Pattern.MULTILINE);

    @TempDir
    Path folder;

    @Test
    void theProgramInTheReadmeRuns() throws IOException, InterruptedException {
        Matcher program = PROGRAM.matcher(House.read(House.ROOT.resolve("README.md")));
        assertTrue(program.find(), "no program in the README");
        Path source = Files.writeString(folder.resolve("Readme.java"), program.group(1));
        Path output = folder.resolve("output");
        Process run = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--class-path",
                        System.getProperty("java.class.path"),
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-modules=jdk.incubator.vector",
                        source.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = run.waitFor(5, TimeUnit.MINUTES);
        String said = House.read(output);
        assertTrue(ended, "still running after five minutes:\n" + said);
        assertEquals(0, run.exitValue(), said);
        assertTrue(said.contains("Evidence[mean=-"), said);
    }

    @Test
    void linksLeadSomewhere() {
        List<String> dead = new ArrayList<>();
        for (Path file : House.walk(House.ROOT)) {
            if (!file.toString().endsWith(".md")) {
                continue;
            }
            String prose = House.read(file).replaceAll("`[^`\n]*`", "");
            Matcher link = LINK.matcher(prose);
            while (link.find()) {
                String target = link.group(1);
                if (!target.contains("://") && !Files.exists(file.resolveSibling(target))) {
                    dead.add(House.ROOT.relativize(file) + " → " + target);
                }
            }
        }
        assertEquals(List.of(), dead);
    }

    /// The line above a public type, or above its annotations, is documentation.
    @Test
    void everyPublicTypeSaysWhatItIs() {
        List<String> silent = new ArrayList<>();
        for (House.Module module : House.MODULES) {
            for (Path file : module.sources()) {
                if (!file.toString().contains("/src/main/")) {
                    continue;
                }
                String text = House.read(file);
                Matcher type = PUBLIC_TYPE.matcher(text);
                while (type.find()) {
                    if (!documented(text.substring(0, type.start()))) {
                        silent.add(House.ROOT.relativize(file) + ": " + type.group(1));
                    }
                }
            }
        }
        assertEquals(List.of(), silent);
    }

    private static boolean documented(String before) {
        String[] lines = before.stripTrailing().split("\n");
        int i = lines.length - 1;
        int open = 0;
        while (i >= 0 && (lines[i].startsWith("@") || open > 0 || lines[i].matches("[ )}\\]].*"))) {
            open += (int) lines[i].chars().filter(c -> c == ')').count();
            open -= (int) lines[i].chars().filter(c -> c == '(').count();
            i--;
        }
        return i >= 0 && lines[i].startsWith("///");
    }
}
