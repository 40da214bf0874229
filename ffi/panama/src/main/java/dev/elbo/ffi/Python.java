package dev.elbo.ffi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Where the active Python keeps its packages.
///
/// Found from the environment and the file tree: running Python to ask would take longer than all else at start-up.
final class Python {
    private Python() {}

    /// The `site-packages` folders that exist, the active environment's first.
    static List<Path> sitePackages(UnaryOperator<String> variable) {
        SequencedSet<Path> prefixes = new LinkedHashSet<>();
        Stream.of("VIRTUAL_ENV", "CONDA_PREFIX")
                .map(variable)
                .filter(value -> value != null)
                .map(Path::of)
                .forEach(prefixes::add);
        prefixes.addAll(prefixesOnPath(variable));
        SequencedSet<Path> packages = new LinkedHashSet<>();
        for (Path prefix : prefixes) {
            for (String lib : List.of("lib", "local/lib", "lib64")) {
                packages.addAll(Places.children(prefix.resolve(lib), "python3", "site-packages"));
                packages.addAll(Places.children(prefix.resolve(lib), "python3", "dist-packages"));
            }
        }
        String home = variable.apply("HOME");
        if (home != null) {
            packages.addAll(Places.children(Path.of(home, ".local", "lib"), "python3", "site-packages"));
        }
        return List.copyOf(packages);
    }

    /// The prefix of the first `python3` on `PATH`: of the link (a virtual environment) and of what it points to.
    private static List<Path> prefixesOnPath(UnaryOperator<String> variable) {
        String path = variable.apply("PATH");
        for (String folder : path == null ? new String[0] : path.split(":")) {
            Path python = Path.of(folder, "python3");
            if (folder.startsWith("/") && Files.isExecutable(python)) {
                return python.getParent().endsWith("shims")
                        ? pyenv(python.getParent().getParent(), variable)
                        : List.of(prefix(python), prefix(target(python)));
            }
        }
        return List.of();
    }

    /// `<prefix>/bin/python3` → `<prefix>`.
    private static Path prefix(Path python) {
        return python.resolve("../..").normalize();
    }

    private static Path target(Path python) {
        try {
            return python.toRealPath();
        } catch (IOException e) {
            // Removed between the two looks at it: its own folder is all there is to go by.
            return python;
        }
    }

    /// pyenv puts scripts on `PATH`; the version they would run is in a variable or a file.
    private static List<Path> pyenv(Path root, UnaryOperator<String> variable) {
        return pyenvVersions(root, variable.apply("PYENV_VERSION")).stream()
                .map(String::strip)
                .filter(version -> !version.isEmpty())
                .map(version -> root.resolve("versions", version))
                .toList();
    }

    private static List<String> pyenvVersions(Path root, String chosen) {
        if (chosen != null) {
            return List.of(chosen.split(":"));
        }
        try {
            return Files.readAllLines(root.resolve("version"));
        } catch (IOException e) {
            // No global version was ever chosen: any installed one may be the one that runs.
            return Places.names(root.resolve("versions"));
        }
    }
}
