package dev.elbo.runtime.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Writes a file so that, whenever the power fails, its name holds either the old content or the new, whole.
///
/// The content is written beside the target, forced to the disk, renamed over it, and the rename is forced too.
public final class AtomicFile {
    /// Writes the content.
    @FunctionalInterface
    public interface Content {
        /// @param out open for writing at offset 0; closed by the caller
        void writeTo(FileChannel out) throws IOException;
    }

    private AtomicFile() {}

    /// @param target  what the file will be called
    /// @param content writes it; what it throws leaves `target` as it was
    /// @throws IOException when the folder cannot be written or the disk is full
    public static void write(Path target, Content content) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        if (!Files.isDirectory(folder)) {
            // Otherwise the name of the file beside would be in the message, of which nobody has heard.
            throw new NoSuchFileException(folder.toString());
        }
        Path beside = Files.createTempFile(folder, "." + target.getFileName() + ".", ".part");
        try {
            try (FileChannel out = FileChannel.open(beside, StandardOpenOption.WRITE)) {
                content.writeTo(out);
                out.force(true);
            }
            rename(beside, target);
        } finally {
            Files.deleteIfExists(beside);
        }
        force(folder);
    }

    private static void rename(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("AtomicFile: this file system cannot rename in one step; file=" + to, e);
        }
    }

    /// Forces the folder's entries to the disk. Windows cannot open a folder, and orders renames by itself.
    private static void force(Path folder) throws IOException {
        if (System.getProperty("os.name").startsWith("Windows")) {
            return;
        }
        try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }
}
