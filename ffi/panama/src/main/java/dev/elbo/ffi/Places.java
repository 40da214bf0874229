package dev.elbo.ffi;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.UnaryOperator;

/// Where shared libraries are looked for, in order: first what is named by hand, then what the loader finds by name,
/// then these folders.
///
/// | folders | origin |
/// | --- | --- |
/// | `/usr/local/cuda*/lib64` | the toolkit |
/// | `$CONDA_PREFIX/lib` | conda |
/// | `site-packages/nvidia/*/lib` of the active Python | pip wheels |
/// | `/usr/local/nvidia/lib64`, `/usr/lib/wsl/lib` | containers and WSL |
///
/// @param property value of a system property, or null
/// @param variable value of an environment variable, or null
/// @param loader   whether the system's loader is asked for bare names
/// @param folders  folders to look into, whether they exist or not
record Places(UnaryOperator<String> property, UnaryOperator<String> variable, boolean loader, List<Folder> folders) {
    /// One folder and why it is looked into.
    record Folder(String origin, Path path) {}

    Places {
        folders = List.copyOf(folders);
    }

    /// The places of this process.
    static Places ofProcess() {
        return of(System::getProperty, System::getenv, true, Path.of("/"));
    }

    /// The places of a machine whose files lie under `root`.
    static Places of(UnaryOperator<String> property, UnaryOperator<String> variable, boolean loader, Path root) {
        List<Folder> folders = new ArrayList<>();
        add(folders, "toolkit", children(root.resolve("usr/local"), "cuda", "lib64"));
        String conda = variable.apply("CONDA_PREFIX");
        if (conda != null) {
            add(folders, "conda", List.of(Path.of(conda, "lib")));
        }
        for (Path packages : Python.sitePackages(variable)) {
            Path wheels = packages.resolve("nvidia");
            add(folders, "pip wheel", Files.isDirectory(wheels) ? children(wheels, "", "lib") : List.of(wheels));
        }
        for (String folder : List.of("usr/local/nvidia/lib64", "usr/local/nvidia/lib", "usr/lib/wsl/lib")) {
            add(folders, "container", List.of(root.resolve(folder)));
        }
        return new Places(property, variable, loader, folders);
    }

    /// These places with one more folder at the end.
    Places with(String origin, Path path) {
        List<Folder> more = new ArrayList<>(folders);
        more.add(new Folder(origin, path));
        return new Places(property, variable, loader, more);
    }

    private static void add(List<Folder> folders, String origin, List<Path> paths) {
        paths.stream().map(path -> new Folder(origin, path)).forEach(folders::add);
    }

    /// `parent/<prefix>*/leaf`: the bare prefix first (`cuda` is the version the machine's owner chose), then from
    /// the highest version down.
    static List<Path> children(Path parent, String prefix, String leaf) {
        return names(parent).stream()
                .filter(name -> name.startsWith(prefix))
                .sorted(Comparator.comparing((String name) -> !name.equals(prefix))
                        .thenComparing(Comparator.comparingInt(String::length).reversed())
                        .thenComparing(Comparator.reverseOrder()))
                .map(name -> parent.resolve(name, leaf))
                .filter(Files::isDirectory)
                .toList();
    }

    /// What lies in a folder; nothing when it cannot be read, for then no library can be loaded from it either.
    static List<String> names(Path folder) {
        String[] names = folder.toFile().list();
        return names == null ? List.of() : Arrays.asList(names);
    }
}
