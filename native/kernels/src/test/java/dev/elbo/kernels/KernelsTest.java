package dev.elbo.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.kernels.Launch.Dim;
import dev.elbo.kernels.Launch.Extent;
import dev.elbo.kernels.Parameter.Element;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KernelsTest {
    @Test
    void everySourceIsInTheCatalogue() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("src/main/cuda"))) {
            assertEquals(
                    files.map(file -> file.getFileName().toString())
                            .filter(file -> file.endsWith(".cu"))
                            .map(file -> file.substring(0, file.indexOf('.')))
                            .distinct()
                            .sorted()
                            .toList(),
                    Kernels.families().stream().map(KernelFamily::name).toList());
        }
    }

    @Test
    void aKernelLeadsToItsFamilyAndBack() {
        KernelEntry entry = Kernels.entry("sum_rows_f32");
        assertSame(Kernels.family("reduce"), Kernels.owner("sum_rows_f32"));
        assertEquals("reduce", entry.family());
        assertEquals(
                List.of(
                        new Parameter("x", Element.FLOAT, true, false, "(rows, cols)"),
                        new Parameter("y", Element.FLOAT, true, true, "(rows)"),
                        new Parameter("rows", Element.INT, false, false, ""),
                        new Parameter("cols", Element.INT, false, false, ""),
                        new Parameter("divisor", Element.FLOAT, false, false, ""),
                        new Parameter("first", Element.INT, false, false, "")),
                entry.parameters());
        assertEquals(1, entry.indexOf("y"));
    }

    @Test
    void argumentsAreAlignedToTheirOwnSize() {
        KernelEntry entry = new KernelEntry(
                "k",
                "f",
                List.of(
                        new Parameter("a", Element.INT, false, false, ""),
                        new Parameter("x", Element.FLOAT, true, false, "(n)"),
                        new Parameter("b", Element.FLOAT, false, false, ""),
                        new Parameter("n", Element.LONG, false, false, ""),
                        new Parameter("c", Element.UNSIGNED, false, false, "")),
                new Launch(new Dim(32, 1, 1), List.of()),
                0);
        assertEquals(List.of(0, 8, 16, 24, 32), entry.offsets());
        assertEquals(36, entry.parameterBytes());
    }

    @Test
    void sharedMemoryIsReadFromThePtx() {
        assertEquals(16 * 32 * Double.BYTES, Kernels.entry("sum_columns_f32").sharedBytes());
        assertEquals(0, Kernels.entry("sum_rows_f32").sharedBytes());
    }

    @Test
    void theGridFollowsFromTheArguments() {
        Map<String, Long> arguments = Map.of("rows", 33L, "cols", 100L);
        assertEquals(new Dim(3, 1, 1), Kernels.entry("sum_rows_f32").launch().grid(arguments::get));
        assertEquals(new Dim(4, 1, 1), Kernels.entry("sum_columns_f32").launch().grid(arguments::get));
        assertEquals(
                new Dim(32, 16, 1), Kernels.entry("sum_columns_f32").launch().block());
        assertEquals(
                new Dim(4, 1, 1),
                Kernels.entry("sum_rows_pullback_f32").launch().grid(arguments::get));
        assertEquals(7, new Extent(List.of("rows"), 2, 10).blocks(arguments::get));
    }

    @Test
    void constantsComeFromTheSourceAndItsHeaders() {
        KernelFamily reduce = Kernels.family("reduce");
        assertEquals(1024, reduce.constant("SEGMENT"));
        assertEquals(16, reduce.constant("LANES"));
    }

    @Test
    void theFingerprintIsThatOfTheCommittedPtx() throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/dev/elbo/kernels"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".ptx"))
                    .sorted()
                    .toList()) {
                digest.update(Files.readAllBytes(file));
            }
        }
        assertEquals(HexFormat.of().formatHex(digest.digest()), Kernels.fingerprint());
    }

    @Test
    void unknownNamesAreNamed() {
        assertMessage("kernel family: unknown; name=fft, known=[", () -> Kernels.family("fft"));
        assertMessage("kernel: unknown; name=fft_f32, known=[", () -> Kernels.entry("fft_f32"));
        assertMessage(
                "kernel: not in this family; kernel=fft_f32, family=reduce, kernels=[",
                () -> Kernels.family("reduce").entry("fft_f32"));
        assertMessage(
                "kernel constant: not defined; constant=PI, family=reduce",
                () -> Kernels.family("reduce").constant("PI"));
        assertMessage(
                "kernel: no such parameter; kernel=sum_rows_f32, parameter=z, parameters=[x, y,",
                () -> Kernels.entry("sum_rows_f32").indexOf("z"));
    }

    @Test
    void theNewestVariantThatTheDeviceExecutesIsTaken() {
        KernelFamily real = Kernels.family("reduce");
        Ptx plain = real.variants().firstEntry().getValue();
        Ptx hopper = Ptx.parse("reduce.sm90.ptx", plain.text().replace(".target sm_75", ".target sm_90"));
        KernelFamily family = new KernelFamily(
                "reduce",
                real.header(),
                real.entries(),
                real.constants(),
                new TreeMap<>(Map.of(plain.target(), plain, hopper.target(), hopper)));
        assertSame(plain, family.ptx(new ComputeCapability(7, 5)));
        assertSame(plain, family.ptx(new ComputeCapability(8, 9)));
        assertSame(hopper, family.ptx(new ComputeCapability(9, 0)));
        assertSame(hopper, family.ptx(new ComputeCapability(10, 0)));
        assertMessage(
                "kernel family: the device is too old; family=reduce, needs=7.5, device=7.0",
                () -> family.ptx(new ComputeCapability(7, 0)));
    }

    private static void assertMessage(String start, Runnable call) {
        String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.startsWith(start), message);
    }
}
