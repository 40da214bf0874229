package dev.elbo.bench.trust;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.stream.Stream;

/// A temporary folder that is gone when it is closed, with all that is in it.
///
/// @param path where it is
public record ScratchFolder(Path path) implements AutoCloseable {
    /// A new one.
    public static ScratchFolder create(String name) throws IOException {
        return new ScratchFolder(Files.createTempDirectory(name));
    }

    /// Deletes a folder and what is in it, if it is there.
    public static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() throws IOException {
        delete(path);
    }
}
