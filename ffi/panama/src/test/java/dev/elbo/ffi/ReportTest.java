package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
                oneDNN: missing
                  without it: Elbo's own products on the CPU
                  to install: add the jar
                  property elbo.library.dnnl: not set
                  environment ELBO_LIBRARY_DNNL: not set
                  container: no such folder: ROOT/usr/local/nvidia/lib64
                  container: no such folder: ROOT/usr/local/nvidia/lib
                  container: no such folder: ROOT/usr/lib/wsl/lib
                  jar ROOT/libdnnl.so.3: no such file
                devices
                  none: cuInit: no driver
                """, report.text().replace(root.toString(), "ROOT"));
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
                C 6.0: FILE
                  property elbo.library.c: not set
                  environment ELBO_LIBRARY_C: not set
                  loader libc.so.6: loaded
                devices
                  0  NVIDIA H200, compute capability 9.0, 132 multiprocessors, 139.8 GiB
                providers
                  Blas: panama, chosen by elbo.cuda.binding
                """, report.text().replace(c.file(), "FILE"));
    }

    @Test
    void refusedLibraryIsNotCalledMissing() {
        NativeLibrary c = NativeLibrary.find(
                        "c", new Places(_ -> null, _ -> null, true, List.of()), List.of("libc.so.6"))
                .refused("too old; version=5");
        String text =
                new Report(List.of(new Report.Library("C", c, "nothing", "upgrade")), List.of(), "", List.of()).text();
        assertEquals("C: too old; version=5", text.lines().findFirst().orElseThrow());
    }
}
