package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnpackedLibraryTest {
    private static final byte[] BYTES = bytes();

    @TempDir
    Path folder;

    private ClassLoader jars;
    private UnpackedLibrary library;
    private Path home;

    private static byte[] bytes() {
        byte[] bytes = new byte[100_000];
        new SplittableRandom(7).nextBytes(bytes);
        return bytes;
    }

    /// A folder of resources stands for the jar.
    @BeforeEach
    void makeJar() throws Exception {
        Path jar = Files.createDirectories(folder.resolve("jar/deep"));
        Files.write(jar.resolve("libone.so"), BYTES);
        Files.write(jar.resolve("libtwo.so"), "two".getBytes());
        jars = new URLClassLoader(new URL[] {folder.resolve("jar").toUri().toURL()}, null);
        library = new UnpackedLibrary(
                List.of(content("deep/libone.so", BYTES), content("deep/libtwo.so", "two".getBytes())));
        home = folder.resolve("caches/elbo/some-1.0");
    }

    private static UnpackedLibrary.Content content(String name, byte[] bytes) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
        return new UnpackedLibrary.Content(name, bytes.length, HexFormat.of().formatHex(digest));
    }

    @Test
    void filesAreUnpackedForThisUserAlone() throws IOException {
        assertTrue(library.isIn(jars));
        library.unpack(jars, home);
        assertArrayEquals(BYTES, Files.readAllBytes(home.resolve("libone.so")));
        assertEquals("two", Files.readString(home.resolve("libtwo.so")));
        for (Path each : List.of(home.getParent(), home)) {
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(each)));
        }
        try (Stream<Path> files = Files.list(home)) {
            assertEquals(
                    List.of("libone.so", "libone.so.verified", "libtwo.so", "libtwo.so.verified"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void aJarThatIsNotThereIsSeen() {
        ClassLoader empty = new URLClassLoader(new URL[0], null);
        assertEquals(false, library.isIn(empty));
    }

    @Test
    void aFileThatIsWholeIsNotWrittenAgain() throws IOException {
        Path file = library.unpack(jars, home).resolve("libone.so");
        Object before = Files.getAttribute(file, "unix:ino");
        library.unpack(jars, home);
        assertEquals(before, Files.getAttribute(file, "unix:ino"), "trusted by its stamp");
        Files.delete(file.resolveSibling("libone.so.verified"));
        library.unpack(jars, home);
        assertEquals(before, Files.getAttribute(file, "unix:ino"), "trusted after reading it");
        assertTrue(Files.exists(file.resolveSibling("libone.so.verified")));
    }

    /// Same size, and even the same time of modification.
    @Test
    void aDamagedFileIsUnpackedAgain() throws IOException {
        Path file = library.unpack(jars, home).resolve("libone.so");
        FileTime modified = Files.getLastModifiedTime(file);
        Object before = Files.getAttribute(file, "unix:ino");
        byte[] damaged = BYTES.clone();
        damaged[77_777] ^= 1;
        Files.write(file, damaged);
        Files.setLastModifiedTime(file, modified);
        library.unpack(jars, home);
        assertArrayEquals(BYTES, Files.readAllBytes(file));
        assertNotEquals(
                before, Files.getAttribute(file, "unix:ino"), "replaced, not rewritten under whoever has it loaded");
    }

    @Test
    void aTruncatedFileIsUnpackedAgain() throws IOException {
        Path file = library.unpack(jars, home).resolve("libone.so");
        Files.write(file, new byte[10]);
        library.unpack(jars, home);
        assertArrayEquals(BYTES, Files.readAllBytes(file));
    }

    @Test
    void aStampDoesNotMakeAnotherFileWhole() throws IOException {
        Path file = library.unpack(jars, home).resolve("libone.so");
        byte[] damaged = BYTES.clone();
        damaged[0] ^= 1;
        Path other = Files.write(file.resolveSibling("other"), damaged);
        Files.move(other, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        library.unpack(jars, home);
        assertArrayEquals(BYTES, Files.readAllBytes(file));
    }

    @Test
    void aJarWithSomethingElseIsRefusedAndLeavesNothing() throws IOException {
        Files.write(folder.resolve("jar/deep/libone.so"), new byte[BYTES.length]);
        IOException e = assertThrows(IOException.class, () -> library.unpack(jars, home));
        assertTrue(
                e.getMessage()
                        .startsWith(
                                "jar: not the library Elbo knows, perhaps another version; resource=deep/libone.so"),
                e.getMessage());
        try (Stream<Path> files = Files.list(home)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void aFolderOthersMayWriteIsRefused() throws IOException {
        library.unpack(jars, home);
        for (Path each : List.of(home, home.getParent())) {
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxrwxrwx"));
            IOException e = assertThrows(IOException.class, () -> library.unpack(jars, home));
            assertTrue(
                    e.getMessage().startsWith("cache: not a folder of this user alone; path=" + each), e.getMessage());
            assertTrue(e.getMessage().contains("permissions=rwxrwxrwx"), e.getMessage());
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwx------"));
        }
    }

    @Test
    void aLinkInPlaceOfTheFolderIsRefused() throws IOException {
        Path elsewhere = Files.createDirectory(
                folder.resolve("elsewhere"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createDirectories(home.getParent());
        Files.createSymbolicLink(home, elsewhere);
        assertThrows(IOException.class, () -> library.unpack(jars, home));
    }

    @Test
    void whatAKilledProcessLeftIsRemovedAfterADay() throws IOException {
        library.unpack(jars, home);
        Path old = Files.write(home.resolve(".libone.so1.part"), new byte[3]);
        Path fresh = Files.write(home.resolve(".libone.so2.part"), new byte[3]);
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        library.unpack(jars, home);
        assertTrue(Files.notExists(old));
        assertTrue(Files.exists(fresh), "another process may be writing it");
    }

    @Test
    void aFolderThatCannotBeMadeIsSaidWithTheReason() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        IOException e = assertThrows(IOException.class, () -> library.unpack(jars, file.resolve("elbo")));
        assertTrue(e.getMessage().startsWith("cache: cannot be used; reason=java.nio.file."), e.getMessage());
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }
}
