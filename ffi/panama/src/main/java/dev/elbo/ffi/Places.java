package dev.elbo.ffi;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// Where shared libraries are looked for, in order.
///
/// Reads the process through two functions, so that a test can put any machine in their stead.
///
/// @param property value of a system property, or null
/// @param variable value of an environment variable, or null
/// @param folders  folders to look into, after what the loader finds by name
record Places(UnaryOperator<String> property, UnaryOperator<String> variable, List<Folder> folders) {
    /// One folder and why it is looked into.
    record Folder(String origin, Path path) {}

    Places {
        folders = List.copyOf(folders);
    }

    /// The places of this process.
    static Places ofProcess() {
        return new Places(System::getProperty, System::getenv, List.of());
    }

    /// These places with one more folder at the end.
    Places with(String origin, Path path) {
        List<Folder> more = new ArrayList<>(folders);
        more.add(new Folder(origin, path));
        return new Places(property, variable, more);
    }
}
