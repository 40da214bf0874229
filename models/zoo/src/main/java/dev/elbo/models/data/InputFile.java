package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// A file that a person named: opened with errors in words, unpacked when it is gzip, and never larger in memory than
/// `LIMIT`, however well it was packed.
final class InputFile {
    /// The most bytes that are read of one file, unpacked.
    static final int LIMIT = 1 << 30;

    private static final int GZIP_MAGIC = 0x1f8b;

    private InputFile() {}

    /// All bytes of `file`, unpacked if it is gzip, whatever it is called.
    static byte[] bytes(Path file) {
        return guarded(file, () -> {
            try (InputStream in = open(file)) {
                return bytes(in, file.toString());
            }
        });
    }

    /// All bytes of `in`, unpacked if they are gzip.
    ///
    /// @param source the name to put into a message
    static byte[] bytes(InputStream in, String source) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(in, 1 << 16);
        buffered.mark(2);
        int magic = buffered.read() << 8 | buffered.read();
        buffered.reset();
        InputStream plain = magic == GZIP_MAGIC ? new GZIPInputStream(buffered, 1 << 16) : buffered;
        byte[] bytes = plain.readNBytes(LIMIT);
        if (plain.read() >= 0) {
            throw new BadInputException(source, "too large; limit=" + LIMIT + " bytes unpacked", "split it into parts");
        }
        return bytes;
    }

    /// The first of `names` that exists in `folder`.
    static Path find(Path folder, String... names) {
        for (String name : names) {
            if (Files.exists(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        throw new BadInputException(
                folder.toString(), "no such file in it; wanted=" + String.join(" or ", names), "check the folder");
    }

    /// Reads something, or fails as files fail.
    interface Reading<T> {
        T read() throws IOException;
    }

    /// What `reading` reads; its failures in words.
    static <T> T guarded(Path file, Reading<T> reading) {
        try {
            return reading.read();
        } catch (NoSuchFileException e) {
            throw new BadInputException(file, "no such file", "check the path", e);
        } catch (AccessDeniedException e) {
            throw new BadInputException(file, "may not be read", "give yourself permission to read it", e);
        } catch (ZipException | EOFException e) {
            throw new BadInputException(file, "damaged gzip: " + e.getMessage(), "get the file again", e);
        } catch (IOException e) {
            throw new BadInputException(file, "cannot be read: " + e.getMessage(), "check the file and its disk", e);
        }
    }

    private static InputStream open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new BadInputException(file.toString(), "a folder, not a file", "name a file inside it");
        }
        return Files.newInputStream(file);
    }
}
