package dev.elbo.ffi.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.ffi.NativeLibrary;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A library is found once per process, so each case is a process.
class OneDnnLibraryTest {
    @TempDir
    Path folder;

    private static String jar() throws IOException {
        URL resource = OneDnn.class
                .getClassLoader()
                .getResource(OneDnnLibrary.IN_JAR.contents().getLast().resource());
        assumeTrue(resource != null, "not on the class path: " + OneDnnLibrary.JAR);
        return ((JarURLConnection) resource.openConnection()).getJarFileURL().getPath();
    }

    private Process child(String jar, String... options) throws IOException, URISyntaxException {
        Path classes = Path.of(
                OneDnn.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(options));
        command.addAll(List.of(
                "-cp",
                classes + ":" + classes.resolveSibling("test-classes") + ":" + jar,
                OneDnnChild.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("XDG_CACHE_HOME", folder.toString());
        builder.environment().remove("ELBO_LIBRARY_DNNL");
        return builder.start();
    }

    private static String output(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes());
    }

    private static String value(String output, String key) {
        Matcher matcher =
                Pattern.compile("^" + key + "=(.*)$", Pattern.MULTILINE).matcher(output);
        assertTrue(matcher.find(), "no " + key + " in: " + output);
        return matcher.group(1);
    }

    @Test
    void twoProcessesUnpackAtOnceAndBothMultiply() throws Exception {
        String jar = jar();
        List<Process> processes = List.of(child(jar), child(jar));
        for (Process process : processes) {
            String output = output(process);
            assertEquals("8.0", value(output, "product"), output);
            assertEquals("3.11", value(output, "version"), output);
            assertTrue(value(output, "library").contains(folder.toString()), output);
        }
        Path home = folder.resolve("elbo").resolve(OneDnnLibrary.FOLDER);
        try (Stream<Path> files = Files.list(home)) {
            assertEquals(
                    List.of("libdnnl.so.3", "libdnnl.so.3.verified", "libgomp.so.1", "libgomp.so.1.verified"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void absenceIsAValueThatNamesWhatToAdd() throws Exception {
        String output = output(child(""));
        assumeTrue(!output.contains("product="), "this machine has oneDNN 3 installed");
        String library = value(output, "library");
        assertTrue(
                library.startsWith("dnnl: absent; tried [jar " + OneDnnLibrary.JAR + ": not on the class path"),
                library);
        assertTrue(library.contains("loader libdnnl.so.3: "), library);
        assertTrue(value(output, "exception").contains("library missing; library=dnnl, reason=tried ["), output);
        assertTrue(OneDnn.report().install().contains(OneDnnLibrary.JAR));
    }

    @Test
    void aFileNamedByHandIsUsedOrNothingIs() throws Exception {
        String output = output(child(jar(), "-Delbo.library.dnnl=/no/such/file.so"));
        assertTrue(value(output, "library").contains("property elbo.library.dnnl /no/such/file.so"), output);
        assertFalse(Files.exists(folder.resolve("elbo")), "the jar was not unpacked");

        NativeLibrary here = OneDnn.library();
        assumeTrue(here.present(), here.toString());
        output = output(child("", "-Delbo.library.dnnl=" + here.file()));
        assertEquals("8.0", value(output, "product"), output);
    }

    @Test
    void anotherLibraryIsRefused() throws Exception {
        String output = output(child("", "-Delbo.library.dnnl=libm.so.6"));
        assertTrue(value(output, "library").startsWith("dnnl: absent; not oneDNN: no symbol dnnl_version"), output);
    }

    @Test
    void aCacheOthersMayWriteIsNotUsed() throws Exception {
        Path cache = Files.createDirectories(folder.resolve("elbo"));
        Files.setPosixFilePermissions(cache, java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
        String output = output(child(jar()));
        assertTrue(value(output, "library").contains("cache: not a folder of this user alone"), output);
    }
}
