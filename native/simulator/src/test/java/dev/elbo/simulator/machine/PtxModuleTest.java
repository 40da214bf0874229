package dev.elbo.simulator.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.DeviceMemory;
import dev.elbo.simulator.ptx.PtxException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Reading and decoding modules.
class PtxModuleTest {
    private static final String HEADER = ".version 8.3\n.target sm_80, texmode_independent\n.address_size 64\n";

    private static PtxModule kernel(String body) {
        return PtxModule.parse(HEADER + ".visible .entry k(.param .u64 p)\n{\n.reg .b32 %r<9>; .reg .b64 %d<9>;\n"
                + ".reg .f32 %f<9>; .reg .pred %p<9>;\n" + body + "\nret;\n}\n");
    }

    @Test
    void parametersAreLaidOutByTheirAlignment() {
        PtxModule module = PtxModule.parse(HEADER + """
                .visible .entry k(
                    .param .u8 flag,
                    .param .u64 .ptr .global .align 4 x,
                    .param .f32 scale,
                    .param .align 8 .b8 shape[20],
                    .param .u16 last
                ) .maxntid 128, 2, 1 .minnctapersm 3 { ret; }
                """);
        Kernel k = module.kernel("k");
        assertEquals(
                List.of(
                        new Parameter("flag", 0, 1, 1),
                        new Parameter("x", 8, 8, 8),
                        new Parameter("scale", 16, 4, 4),
                        new Parameter("shape", 24, 20, 8),
                        new Parameter("last", 44, 2, 2)),
                k.parameters());
        assertEquals(46, k.parameterBytes());
        assertEquals(256, k.maxThreadsPerBlock());
        assertEquals(3, k.minBlocksPerMultiprocessor());
        assertEquals("8.3", module.version());
        assertEquals("sm_80", module.target());
        assertNull(module.kernel("other"));
    }

    @Test
    void memoryAndRegistersOfAKernelAreKnown() {
        PtxModule module = kernel(".shared .align 16 .b8 tile[100]; .shared .f32 sum; .local .align 8 .b8 stack[24];\n"
                + "mov.u32 %r1, tile; mov.u32 %r2, sum; mov.u64 %d1, stack; add.u32 %r3, %r1, %r2;\n"
                + "st.shared.u32 [%r3], %r1; st.local.u32 [%d1], %r2;");
        Kernel k = module.kernel("k");
        assertEquals(104, k.staticSharedBytes());
        assertEquals(24, k.localBytes());
        assertEquals(0, k.maxThreadsPerBlock());
        assertTrue(k.registers() >= 5 && k.registers() <= 8, "registers: " + k.registers());
    }

    /// Registers that are never alive together share a row: a long straight kernel needs few.
    @Test
    void registersAreSharedByWhatIsNeverAliveTogether() {
        StringBuilder body = new StringBuilder(".reg .b32 %x<500>; mov.u32 %x0, 1;\n");
        for (int i = 1; i < 500; i++) {
            body.append("add.u32 %x").append(i).append(", %x").append(i - 1).append(", 3;\n");
        }
        body.append("ld.param.u64 %d1, [p]; st.global.u32 [%d1], %x499;");
        assertTrue(kernel(body.toString()).kernel("k").registers() < 8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "frobnicate.b32 %r1, %r2;",
                "add.frob.u32 %r1, %r2, %r3;",
                "add.u32 %r1, %r2, %d1;",
                "shfl.down.b32 %r1, %r2, 1, 31;",
                "mul.u32 %r1, %r2, %r3;",
                "mov.u32 %r1, %nosuchregister;",
                "setp.approx.u32 %p1, %r1, %r2;",
                "tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [p, {%f1, %f2}];",
                "ld.global.v2.u32 {%r1, %r2, %r3}, [%d1];",
                "wgmma.fence.sync.aligned;",
                "cvt.s32.f32 %r1, %f1;",
                "cvt.rn.s32.f32 %r1, %f1;",
                "setp.ltu.s32 %p1, %r1, %r2;"
            })
    void anUnknownInstructionIsNamedWithItsLineAndKernel(String instruction) {
        PtxException error = assertThrows(PtxException.class, () -> kernel("mov.u32 %r1, 0;\n" + instruction));
        String opcode = instruction.substring(
                0, instruction.indexOf(' ') < 0 ? instruction.length() - 1 : instruction.indexOf(' '));
        assertTrue(error.getMessage().contains(opcode.replace(";", "")), error.getMessage());
        assertTrue(error.getMessage().endsWith("line=9, function=k"), error.getMessage());
        assertEquals(9, error.line());
    }

    @Test
    void anUnknownDirectiveOrTypeIsNamed() {
        assertSays("unknown directive: .frob; line=4", () -> PtxModule.parse(HEADER + ".frob 3;"));
        assertSays("unknown directive: .frob; line=8, function=k", () -> kernel(".frob 3;"));
        assertSays("unknown type: .u33; line=8, function=k", () -> kernel(".reg .u33 %x;"));
        assertSays("only 64-bit addresses", () -> PtxModule.parse(".version 7.0\n.target sm_75\n.address_size 32\n"));
    }

    @Test
    void brokenTextIsReportedWhereItBreaks() {
        assertSays("unexpected end of text", () -> PtxModule.parse(HEADER + ".visible .entry k() { ret;"));
        assertSays("expected ','", () -> kernel("add.u32 %r1 %r2, %r3;"));
        assertSays("unknown label: $nowhere", () -> kernel("bra $nowhere;"));
        assertSays("'12x' is not a number", () -> kernel("mov.u32 %r1, 12x;"));
        assertSays("unknown register: %q", () -> kernel("@%q mov.u32 %r1, 1;"));
        assertSays("no closing quote", () -> PtxModule.parse(HEADER + ".file 1 \"x"));
    }

    @Test
    void recursionIsRefused() {
        String ptx = HEADER + ".func f() { call f; ret; }\n.visible .entry k() { call f; ret; }\n";
        assertSays("f is recursive", () -> PtxModule.parse(ptx));
    }

    private static void assertSays(String words, org.junit.jupiter.api.function.Executable parse) {
        PtxException error = assertThrows(PtxException.class, parse);
        assertTrue(error.getMessage().contains(words), error.getMessage());
    }

    @Test
    void commentsNumbersAndScopesAreUnderstood() {
        TestGpu gpu = new TestGpu("""
                // a line
                .version 7.0 /* and
                a block */ .target sm_75
                .address_size 64
                .visible .entry k(.param .u64 out)
                {
                .reg .b32 %r<3>; .reg .b64 %d<2>; .reg .f32 %f; .reg .f64 %e;
                ld.param.u64 %d1, [out];
                mov.u32 %r1, 0x1F; { .reg .b32 %r1; mov.u32 %r1, 99; st.global.u32 [%d1], %r1; }
                st.global.u32 [%d1+4], %r1; st.global.u32 [%d1+8], 0b101; st.global.u32 [%d1+0xC], 017;
                st.global.u32 [%d1+16], -3; st.global.u32 [%d1+20], 4000000000U;
                mov.f32 %f, 0f3FC00000; st.global.f32 [%d1+24], %f; mov.f32 %f, 2.5; st.global.f32 [%d1+28], %f;
                mov.f64 %e, 0d4004000000000000; cvt.rn.f32.f64 %f, %e; st.global.f32 [%d1+32], %f;
                mov.f32 %f, -0f3F800000; st.global.f32 [%d1+36], %f;
                ret;
                }
                """);
        var out = gpu.empty("out", 40);
        gpu.run("k", Dim3.of(1), Dim3.of(1), out);
        int[] got = gpu.ints(out);
        assertEquals(
                List.of(99, 31, 5, 15, -3, (int) 4000000000L),
                Arrays.stream(got).limit(6).boxed().toList());
        float[] floats = gpu.floats(out);
        assertEquals(1.5f, floats[6]);
        assertEquals(2.5f, floats[7]);
        assertEquals(2.5f, floats[8]);
        assertEquals(-1f, floats[9]);
    }

    @Test
    void theSameModuleMayBeLoadedTwice() {
        PtxModule module = PtxModule.parse(HEADER + ".visible .global .u32 counter = 7;\n");
        var memory = new DeviceMemory(1 << 20);
        LoadedModule first = module.load(memory);
        LoadedModule second = module.load(memory);
        assertTrue(first.variable("counter").address()
                != second.variable("counter").address());
        first.unload();
        assertEquals(1, memory.liveAllocations().size());
    }
}
