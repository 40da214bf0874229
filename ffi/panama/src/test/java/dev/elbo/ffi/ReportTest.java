package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
    @Test
    void absentLibraryIsListedWithItsPlacesAndItsCure(@TempDir Path root) {
        Places places = Places.of(_ -> null, _ -> null, false, root).with("jar", root);
        NativeLibrary absent = NativeLibrary.find("dnnl", places, List.of("libdnnl.so.3"));
        Report report = new Report(
                List.of(new Report.Library("oneDNN", absent, "Elbo's own products on the CPU", "add the jar")),
                List.of(),
                "cuInit: no driver",
                List.of());
        assertEquals("""
                libraries
                  oneDNN       missing
                               without it: Elbo's own products on the CPU
                               to install: add the jar
                devices
                  none         cuInit: no driver
                """, report.text(false));
        assertEquals("""
                libraries
                  oneDNN       missing
                               without it: Elbo's own products on the CPU
                               to install: add the jar
                               - property elbo.library.dnnl: not set
                               - environment ELBO_LIBRARY_DNNL: not set
                               - container: no such folder: ROOT/usr/local/nvidia/lib64
                               - container: no such folder: ROOT/usr/local/nvidia/lib
                               - container: no such folder: ROOT/usr/lib/wsl/lib
                               - jar ROOT/libdnnl.so.3: no such file
                devices
                  none         cuInit: no driver
                """, report.text(true).replace(root.toString(), "ROOT"));
    }

    @Test
    void everythingPresentIsToldInShort() {
        NativeLibrary c =
                NativeLibrary.find("c", new Places(_ -> null, _ -> null, true, List.of()), List.of("libc.so.6"));
        Report report = new Report(
                List.of(new Report.Library("C", c.version(new Version(6, 0, 0)), "", "")),
                List.of(new Report.Gpu(0, "NVIDIA H200", new Version(9, 0, 0), 132, 150_109_880_320L)),
                "",
                List.of(new Report.Provider("Blas", "panama", "chosen by elbo.cuda.binding")));
        assertEquals("""
                libraries
                  C            6.0, FILE
                devices
                  0            NVIDIA H200, compute capability 9.0, 132 multiprocessors, 139.8 GiB
                providers
                  Blas         panama; chosen by elbo.cuda.binding
                """, report.text(false).replace(c.file(), "FILE"));
    }

    @Test
    void refusedLibraryIsNotCalledMissing() {
        NativeLibrary c = NativeLibrary.find(
                        "c", new Places(_ -> null, _ -> null, true, List.of()), List.of("libc.so.6"))
                .refused("too old; version=5");
        assertEquals("too old; version=5", c.shortReason());
    }

    /// A file that is there, and one that a person named, are why the library is missing; where it merely is not, no.
    @Test
    void whatKeptAFileFromBeingLoadedIsSaidInShort(@TempDir Path root) throws IOException {
        Path broken = Files.writeString(root.resolve("libbroken.so.3"), "not a library ".repeat(10));
        Places places = new Places(_ -> null, _ -> null, true, List.of()).with("jar", root);
        assertEquals(
                "missing, jar " + broken + ": invalid ELF header",
                NativeLibrary.find("broken", places, List.of("libbroken.so.3")).shortReason());
        Places named = new Places(name -> name.endsWith("broken") ? "/no/file" : null, _ -> null, true, List.of());
        assertEquals(
                "missing, property elbo.library.broken /no/file: cannot open shared object file:"
                        + " No such file or directory",
                NativeLibrary.find("broken", named, List.of("libbroken.so.3")).shortReason());
    }
}
