package dev.elbo.ffi;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/// Shared libraries out of a jar, unpacked into a folder that belongs to the user alone.
///
/// What is loaded into a process can do anything in it, so the folder is the user's with permissions 0700, and each
/// file is compared with a checksum that is pinned in the source: when it is unpacked, and again whenever its size,
/// time or place on the disk are not those of the last comparison. A file is written beside its place and renamed, so
/// no process ever loads half a file, and several may unpack at once.
///
/// @param contents the files, all for one folder
public record UnpackedLibrary(List<Content> contents) {
    private static final Set<PosixFilePermission> PRIVATE_FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> PRIVATE_FILE = PosixFilePermissions.fromString("rw-------");
    private static final Duration ABANDONED = Duration.ofDays(1);

    /// One file.
    ///
    /// @param resource its name in the jar
    /// @param bytes    its size
    /// @param sha256   its checksum, in lower-case hexadecimal
    public record Content(String resource, long bytes, String sha256) {
        /// Its name in the folder.
        public String name() {
            return resource.substring(resource.lastIndexOf('/') + 1);
        }
    }

    /// `$XDG_CACHE_HOME/elbo`, or `~/.cache/elbo`.
    public static Path cacheOfUser() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path caches = xdg != null && Path.of(xdg).isAbsolute()
                ? Path.of(xdg)
                : Path.of(System.getProperty("user.home"), ".cache");
        return caches.resolve("elbo");
    }

    /// Whether the jar is there.
    public boolean isIn(ClassLoader jars) {
        return contents.stream().allMatch(content -> jars.getResource(content.resource) != null);
    }

    /// Makes sure that all files are unpacked and whole.
    ///
    /// @param jars   whose resources they are
    /// @param folder where they belong; made if need be. It is the user's alone, and so is its parent, in which
    ///     others could put another in its place
    /// @return the folder
    /// @throws IOException when the folder is not the user's, cannot be written, or the jar holds something else
    public Path unpack(ClassLoader jars, Path folder) throws IOException {
        try {
            Path home = folder.toAbsolutePath();
            own(home.getParent());
            return unpackInto(own(home), jars);
        } catch (FileSystemException cannot) {
            // Its message is a path, and the reason is its type.
            throw new IOException("cache: cannot be used; reason=" + cannot, cannot);
        }
    }

    private Path unpackInto(Path home, ClassLoader jars) throws IOException {
        for (Content content : contents) {
            Path file = home.resolve(content.name());
            if (!isWhole(file, content)) {
                write(jars, content, file);
                stamp(file, content);
            }
        }
        removeAbandoned(home);
        return home;
    }

    /// Makes a folder, or refuses one that others may write or that is not the user's.
    private static Path own(Path path) throws IOException {
        Files.createDirectories(path, PosixFilePermissions.asFileAttribute(PRIVATE_FOLDER));
        PosixFileAttributes attributes =
                Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        UserPrincipal user = user();
        if (!attributes.isDirectory()
                || !attributes.owner().equals(user)
                || !PRIVATE_FOLDER.containsAll(attributes.permissions())) {
            throw new IOException("cache: not a folder of this user alone; path=" + path + ", owner="
                    + attributes.owner() + ", user=" + user + ", permissions="
                    + PosixFilePermissions.toString(attributes.permissions()) + ", directory="
                    + attributes.isDirectory());
        }
        return path;
    }

    /// Whom this process runs as: a container may know no name for the number.
    private static UserPrincipal user() throws IOException {
        Path self = Path.of("/proc/self");
        return Files.exists(self)
                ? Files.getOwner(self)
                : FileSystems.getDefault()
                        .getUserPrincipalLookupService()
                        .lookupPrincipalByName(System.getProperty("user.name"));
    }

    private static boolean isWhole(Path file, Content content) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != content.bytes) {
            return false;
        }
        Path stamp = stampOf(file);
        if (Files.isRegularFile(stamp, LinkOption.NOFOLLOW_LINKS)
                && Files.readString(stamp).equals(identity(file, content))) {
            return true;
        }
        if (!checksum(file).equals(content.sha256)) {
            return false;
        }
        stamp(file, content);
        return true;
    }

    /// What changes whenever the file does: reading it all again takes longer than the first product.
    private static String identity(Path file, Content content) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        FileTime changed = (FileTime) Files.getAttribute(file, "unix:ctime");
        return content.sha256 + " " + attributes.size() + " " + attributes.lastModifiedTime() + " " + changed + " "
                + attributes.fileKey();
    }

    private static Path stampOf(Path file) {
        return file.resolveSibling(file.getFileName() + ".verified");
    }

    private static void stamp(Path file, Content content) throws IOException {
        Path fresh = Files.createTempFile(
                file.getParent(), ".verified", ".part", PosixFilePermissions.asFileAttribute(PRIVATE_FILE));
        Files.writeString(fresh, identity(file, content));
        Files.move(fresh, stampOf(file), StandardCopyOption.ATOMIC_MOVE);
    }

    private static void write(ClassLoader jars, Content content, Path file) throws IOException {
        Path fresh = Files.createTempFile(
                file.getParent(), "." + content.name(), ".part", PosixFilePermissions.asFileAttribute(PRIVATE_FILE));
        try {
            MessageDigest digest = sha256();
            try (InputStream resource = jars.getResourceAsStream(content.resource);
                    FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE);
                    OutputStream out = Channels.newOutputStream(channel)) {
                if (resource == null) {
                    throw new IOException("jar: gone since it was found; resource=" + content.resource);
                }
                new DigestInputStream(resource, digest).transferTo(out);
                channel.force(true);
            }
            String found = HexFormat.of().formatHex(digest.digest());
            if (!found.equals(content.sha256)) {
                throw new IOException("jar: not the library Elbo knows, perhaps another version; resource="
                        + content.resource + ", sha256=" + found + ", pinned=" + content.sha256);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /// What a killed process left behind.
    private static void removeAbandoned(Path home) throws IOException {
        List<Path> parts;
        try (var files = Files.list(home)) {
            parts = files.filter(file -> file.toString().endsWith(".part")).toList();
        }
        Instant limit = Instant.now().minus(ABANDONED);
        for (Path part : parts) {
            try {
                if (Files.getLastModifiedTime(part).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(part);
                }
            } catch (NoSuchFileException _) {
                // Its process finished with it between the listing and here.
            }
        }
    }

    private static String checksum(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
