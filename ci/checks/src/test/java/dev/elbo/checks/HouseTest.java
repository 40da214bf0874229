package dev.elbo.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What stands where: the rooms of the house, and the rules its build files keep.
class HouseTest {
    private static final Set<String> TOP_LEVEL = Set.of(
            "pom.xml",
            "native",
            "ffi",
            "runtime",
            "models",
            "bench",
            "ci",
            "README.md",
            "LICENSE",
            ".ci",
            ".mvn",
            ".github",
            ".gitignore");

    @Test
    void nothingElseStandsAtTheTop() throws IOException {
        Set<String> extra = new TreeSet<>();
        try (Stream<Path> entries = Files.list(House.ROOT)) {
            entries.map(path -> path.getFileName().toString())
                    .filter(name -> !TOP_LEVEL.contains(name) && !name.equals(".git"))
                    .filter(name -> !Set.of("runs", "target").contains(name) && !name.startsWith("."))
                    .forEach(extra::add);
        }
        assertEquals(Set.of(), extra);
    }

    @Test
    void everyFolderWithARuleStatesIt() {
        for (String folder : List.of("native/kernels", "native/simulator", "ffi", "runtime", "models", "bench", "ci")) {
            assertTrue(Files.exists(House.ROOT.resolve(folder).resolve("README.md")), folder + " has no README.md");
        }
    }

    /// A version that floats makes yesterday's build another program than today's.
    @Test
    void versionsArePinned() {
        Pattern floating = Pattern.compile("<version>\\s*([\\[(].*|LATEST|RELEASE|.*-SNAPSHOT)\\s*</version>");
        List<String> found = new ArrayList<>();
        for (Path pom : poms()) {
            Matcher matcher = floating.matcher(House.read(pom));
            while (matcher.find()) {
                boolean ours = matcher.group(1).equals("0.1.0-SNAPSHOT");
                boolean enforced =
                        matcher.group(1).equals("[25,)") || matcher.group(1).equals("[3.8,)");
                if (!ours && !enforced) {
                    found.add(House.ROOT.relativize(pom) + ": " + matcher.group(1));
                }
            }
        }
        assertEquals(List.of(), found);
    }

    /// Calls that can crash the JVM stay behind the native boundary (and in the simulator, for tests).
    @Test
    void onlyTheBoundaryMayCallRestrictedMethods() {
        List<String> lax = poms().stream()
                .filter(pom -> House.read(pom).contains("-restricted"))
                .map(pom -> House.ROOT.relativize(pom.getParent()).toString())
                .filter(folder ->
                        !folder.isEmpty() && !folder.equals("ffi/panama") && !folder.equals("native/simulator"))
                .toList();
        assertEquals(List.of(), lax);
    }

    @Test
    void onlyTheJcudaModuleRequiresAutomaticModules() {
        List<String> lax = poms().stream()
                .filter(pom -> House.read(pom).contains("-requires-automatic"))
                .map(pom -> House.ROOT.relativize(pom.getParent()).toString())
                .filter(folder -> !folder.equals("ffi/jcuda"))
                .toList();
        assertEquals(List.of(), lax);
    }

    @Test
    void everyCommandExplainsItself() throws Exception {
        String table = House.read(House.ROOT.resolve("ci/README.md"));
        for (Path script : scripts()) {
            String name = script.getFileName().toString();
            assertTrue(Files.isExecutable(script), script + " is not executable");
            assertTrue(House.read(script).contains("--help") || name.equals("elbo"), script + " knows no --help");
            assertTrue(table.contains("`ci/" + name + "`"), "ci/README.md does not say what " + name + " does");
        }
    }

    /// The commands: files of `ci` that have no ending; what a bundle holds is none.
    private static List<Path> scripts() throws IOException {
        try (Stream<Path> files = Files.list(House.ROOT.resolve("ci"))) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().matches(".*\\..*|gpu-stages"))
                    .toList();
        }
    }

    private static List<Path> poms() {
        return House.walk(House.ROOT).stream()
                .filter(file -> file.endsWith("pom.xml"))
                .toList();
    }
}
