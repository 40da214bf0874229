package dev.elbo.ffi.jcuda;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;

/// JCuda's native libraries, unpacked where only their owner can write.
///
/// JCuda looks on `java.library.path` first. What it does not find there it copies into the shared temporary folder,
/// where it loads whatever lies under the expected name. So a launcher names a folder of its own in both
///
/// ```
/// -Djava.library.path=FOLDER -Delbo.jcuda.natives=FOLDER
/// ```
///
/// and [#ready] unpacks there and checks what it finds. Without them JCuda is not used.
public enum JcudaNatives {
    /// cuBLAS.
    JCUBLAS("JCublas2", "990b2129e540a7f93d0776799d48659dc85e4f7f5bfb6473d0c8369ef8126c32"),
    /// cuDNN.
    JCUDNN("JCudnn", "340a06c5d0241ddc80b576ec2e968e79046dbf5c5c27e5d9525f4cbf97ad7c37"),
    /// The driver: [JcudaBinding] has no use for it, the benchmark of the boundary has.
    JCUDA_DRIVER("JCudaDriver", "fdc3b4b4fca4f0fab54ff12c0b4d6ad1c5e8d55015b4950834c705e5db301255");

    private static final String FOLDER = "elbo.jcuda.natives";

    private final String file;
    private final String sha256;

    JcudaNatives(String library, String sha256) {
        this.file = "lib" + library + "-12.6.0-linux-x86_64.so";
        this.sha256 = sha256;
    }

    /// Name of the shared library's file.
    public String file() {
        return file;
    }

    /// The library on `java.library.path`, unpacked if `elbo.jcuda.natives` says where, and checked.
    ///
    /// @throws IOException if it is not there, is not the file that was released, or cannot be unpacked; the
    ///     message says which and what to do
    public Path ready() throws IOException {
        String folder = System.getProperty(FOLDER);
        if (folder != null) {
            unpack(Path.of(folder));
        }
        Path found = onLibraryPath()
                .orElseThrow(() -> new IOException(file + ": not on java.library.path; java.library.path="
                        + System.getProperty("java.library.path") + ", start Java with"
                        + " -Djava.library.path=FOLDER -D" + FOLDER + "=FOLDER"));
        requireReleased(found, digest(Files.readAllBytes(found)));
        return found;
    }

    private Optional<Path> onLibraryPath() {
        return Stream.of(System.getProperty("java.library.path").split(File.pathSeparator))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> Path.of(entry).resolve(file))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /// Puts the library into `folder` unless the very same file is there. Another process may do the same.
    ///
    /// @param folder made with access for its owner alone if it does not exist
    public void unpack(Path folder) throws IOException {
        Path target = folder.resolve(file);
        if (Files.isRegularFile(target) && digest(Files.readAllBytes(target)).equals(sha256)) {
            return;
        }
        byte[] bytes = fromJar();
        requireReleased(Path.of("jar"), digest(bytes));
        makePrivate(folder);
        // Beside and renamed: a process that loads the library meanwhile sees the old file or the new one, whole.
        Path fresh = Files.createTempFile(folder, file, ".new");
        try {
            Files.write(fresh, bytes);
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static void makePrivate(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(folder);
        }
    }

    private byte[] fromJar() throws IOException {
        try (InputStream in = ClassLoader.getSystemResourceAsStream("lib/" + file)) {
            if (in == null) {
                throw new IOException(file + ": not on the class path; the jar of JCuda's natives is missing");
            }
            return in.readAllBytes();
        }
    }

    private void requireReleased(Path where, String digest) throws IOException {
        if (!digest.equals(sha256)) {
            throw new IOException(file + ": not the file that JCuda 12.6.0 released; at=" + where + ", sha256=" + digest
                    + ", expected=" + sha256);
        }
    }

    private static String digest(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /// Unpacks all libraries into the folder that is the only argument, for launchers that want to do so beforehand.
    public static void main(String[] arguments) throws IOException {
        for (JcudaNatives library : values()) {
            library.unpack(Path.of(arguments[0]));
        }
    }
}
