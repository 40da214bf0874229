package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.Report;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LaunchTest extends GpuTest {
    /// x[i] += a for i < n.
    private static final String PTX = """
            .version 7.0
            .target sm_75
            .address_size 64

            .visible .global .align 4 .f32 bias = 0f3F800000;

            .visible .entry shift(.param .u64 shift_x, .param .f32 shift_a, .param .u32 shift_n)
            .maxntid 256, 1, 1
            {
                .reg .pred %p<2>;
                .reg .b32 %r<6>;
                .reg .f32 %f<4>;
                .reg .b64 %rd<5>;
                ld.param.u64 %rd1, [shift_x];
                ld.param.f32 %f1, [shift_a];
                ld.param.u32 %r1, [shift_n];
                mov.u32 %r2, %ctaid.x;
                mov.u32 %r3, %ntid.x;
                mov.u32 %r4, %tid.x;
                mad.lo.s32 %r5, %r2, %r3, %r4;
                setp.ge.s32 %p1, %r5, %r1;
                @%p1 bra DONE;
                cvta.to.global.u64 %rd2, %rd1;
                mul.wide.s32 %rd3, %r5, 4;
                add.s64 %rd4, %rd2, %rd3;
                ld.global.f32 %f2, [%rd4];
                add.f32 %f3, %f2, %f1;
                st.global.f32 [%rd4], %f3;
            DONE:
                ret;
            }
            """;

    private static final int PROGRAMMATIC = 6;

    private long module;
    private long shift;

    @BeforeEach
    void load() {
        module = load(PTX);
        shift = cuda.make("cuModuleGetFunction", module, arena.allocateFrom("shift"));
    }

    private long load(String ptx) {
        return cuda.make("cuModuleLoadDataEx", arena.allocateFrom(ptx), 0, 0L, 0L);
    }

    /// { BUFFER_POINTER, block, BUFFER_SIZE, &size, END }
    private MemorySegment buffer(long x, float a, int n, long size) {
        MemorySegment block = arena.allocate(16, 8);
        block.set(ValueLayout.JAVA_LONG, 0, x);
        block.set(ValueLayout.JAVA_FLOAT, 8, a);
        block.set(ValueLayout.JAVA_INT, 12, n);
        return arena.allocateFrom(
                ValueLayout.JAVA_LONG,
                1,
                block.address(),
                2,
                arena.allocateFrom(ValueLayout.JAVA_LONG, size).address(),
                0);
    }

    private int launch(int blocks, int threads, long stream, MemorySegment extra) {
        return cuda.call("cuLaunchKernel", shift, blocks, 1, 1, threads, 1, 1, 0, stream, 0L, extra);
    }

    @Test
    void aKernelRunsWhenItIsWaitedFor() {
        long x = upload(1, 2, 3);
        long stream = stream();
        assertEquals(0, launch(1, 32, stream, buffer(x, 10, 3, 16)));
        assertArrayEquals(new float[] {1, 2, 3}, download(x, 3));
        cuda.ok("cuStreamSynchronize", stream);
        assertArrayEquals(new float[] {11, 12, 13}, download(x, 3));
        assertEquals(1, gpu.counters().launches("shift"));
        assertTrue(gpu.counters().kernels().laneInstructions() > 32);
    }

    @Test
    void parametersMayBePassedOneByOne() {
        long x = upload(1, 2, 3);
        MemorySegment pointers = arena.allocateFrom(
                ValueLayout.JAVA_LONG,
                arena.allocateFrom(ValueLayout.JAVA_LONG, x).address(),
                arena.allocateFrom(ValueLayout.JAVA_FLOAT, 10).address(),
                arena.allocateFrom(ValueLayout.JAVA_INT, 3).address());
        cuda.ok("cuLaunchKernel", shift, 1, 1, 1, 32, 1, 1, 0, 0L, pointers, 0L);
        assertArrayEquals(new float[] {11, 12, 13}, download(x, 3));
    }

    @Test
    void aParameterBlockOfTheWrongSizeIsRefused() {
        assertEquals(1, launch(1, 32, 0, buffer(upload(1), 10, 1, 12)));
        assertRefused("parameter block of another size", "kernel=shift", "bytes=12", "wanted=16");
    }

    @Test
    void oneElementOutOfBoundsKillsTheContextAndNamesThePlace() {
        long x = upload(1, 2, 3);
        assertEquals(0, launch(1, 32, 0, buffer(x, 10, 4, 16)));
        assertEquals(700, cuda.call("cuCtxSynchronize"));
        assertReported(
                Report.Kind.DEVICE,
                "shift: ",
                "out of bounds",
                "of 12 bytes",
                "cuMemAlloc_v2 at ",
                "kernel=shift",
                "thread=(3,0,0)");
        assertEquals(700, cuda.call("cuMemFree_v2", x));
        cuda.ok("cuDevicePrimaryCtxReset_v2", 0);
        gpu.takeReports();
    }

    @Test
    void aLaunchOnMemoryThatWasFreedIsReported() {
        long x = upload(1);
        cuda.ok("cuMemFree_v2", x);
        assertEquals(0, launch(1, 32, 0, buffer(x, 10, 1, 16)));
        assertEquals(700, cuda.call("cuCtxSynchronize"));
        assertReported(Report.Kind.DEVICE, "use after free", "kernel=shift");
    }

    @Test
    void aKernelMayUsePageLockedMemory() {
        MemorySegment host = pinned(4);
        host.set(ValueLayout.JAVA_FLOAT, 0, 5);
        assertEquals(0, launch(1, 32, 0, buffer(host.address(), 10, 1, 16)));
        cuda.ok("cuCtxSynchronize");
        assertEquals(15f, host.get(ValueLayout.JAVA_FLOAT, 0));
    }

    @Test
    void blocksMustFit() {
        MemorySegment extra = buffer(upload(1), 10, 1, 16);
        assertEquals(1, launch(0, 32, 0, extra));
        assertEquals(1, launch(1, 1025, 0, extra));
        assertEquals(701, launch(1, 512, 0, extra));
        assertRefused("more threads than the kernel allows", "most=256");
        assertEquals(1, cuda.call("cuLaunchKernel", shift, 1, 1, 1, 32, 1, 1, 60000, 0L, 0L, extra));
        cuda.ok("cuFuncSetAttribute", shift, 8, 60000);
        cuda.ok("cuLaunchKernel", shift, 1, 1, 1, 32, 1, 1, 60000, 0L, 0L, extra);
    }

    @Test
    void attributesOfALaunch() {
        MemorySegment extra = buffer(upload(1), 10, 1, 16);
        MemorySegment attribute = arena.allocate(72, 8);
        attribute.set(ValueLayout.JAVA_INT, 0, 4); // CLUSTER_DIMENSION
        attribute.set(ValueLayout.JAVA_INT, 8, 2);
        attribute.set(ValueLayout.JAVA_INT, 12, 1);
        attribute.set(ValueLayout.JAVA_INT, 16, 1);
        assertEquals(0, cuda.call("cuLaunchKernelEx", config(2, attribute), shift, 0L, extra));
        assertEquals(912, cuda.call("cuLaunchKernelEx", config(3, attribute), shift, 0L, extra));
        attribute.set(ValueLayout.JAVA_INT, 0, 2); // COOPERATIVE
        assertEquals(0, cuda.call("cuLaunchKernelEx", config(2, attribute), shift, 0L, extra));
        assertEquals(720, cuda.call("cuLaunchKernelEx", config(100000, attribute), shift, 0L, extra));
    }

    /// On a real GPU it would read what is still being written, now and then.
    @Test
    void whatBeginsEarlyMustWaitBeforeAllElse() {
        MemorySegment extra = buffer(upload(1), 10, 1, 16);
        MemorySegment attribute = arena.allocate(72, 8);
        attribute.set(ValueLayout.JAVA_INT, 0, PROGRAMMATIC);
        attribute.set(ValueLayout.JAVA_INT, 8, 1);
        String first = "    ld.param.u64 %rd1, [shift_x];";
        String last = "    st.global.f32 [%rd4], %f3;";
        String early = "    griddepcontrol.wait;\n";
        String hopper = PTX.replace(".version 7.0", ".version 7.8").replace("sm_75", "sm_90");
        for (String ptx : List.of(hopper, hopper.replace(last, early + last), hopper.replace(first, early + first))) {
            long kernel = cuda.make("cuModuleGetFunction", load(ptx), arena.allocateFrom("shift"));
            cuda.ok("cuLaunchKernelEx", config(1, attribute), kernel, 0L, extra);
            List<Report> reports = gpu.takeReports();
            boolean waits = ptx.contains(early + first);
            assertEquals(waits ? 0 : 1, reports.size(), reports.toString());
            assertTrue(waits || reports.getFirst().text().contains("launched before its predecessor has ended"));
        }
    }

    private MemorySegment config(int blocks, MemorySegment attribute) {
        MemorySegment config = arena.allocate(56, 8);
        int[] dims = {blocks, 1, 1, 32, 1, 1, 0};
        for (int i = 0; i < dims.length; i++) config.set(ValueLayout.JAVA_INT, 4L * i, dims[i]);
        config.set(ValueLayout.JAVA_LONG, 40, attribute.address());
        config.set(ValueLayout.JAVA_INT, 48, 1);
        return config;
    }

    @Test
    void aGlobalVariableHasAnAddress() {
        MemorySegment out = arena.allocate(8);
        MemorySegment bytes = arena.allocate(8);
        cuda.ok("cuModuleGetGlobal_v2", out, bytes, module, arena.allocateFrom("bias"));
        assertEquals(4, bytes.get(ValueLayout.JAVA_LONG, 0));
        assertEquals(1f, download(out.get(ValueLayout.JAVA_LONG, 0), 1)[0]);
        assertEquals(500, cuda.call("cuModuleGetGlobal_v2", out, bytes, module, arena.allocateFrom("other")));
        assertEquals(500, cuda.call("cuModuleGetFunction", out, module, arena.allocateFrom("other")));
    }

    @Test
    void modulesThatDoNotFitAreRefusedWithALog() {
        assertEquals(222, refused(PTX.replace(".version 7.0", ".version 9.0"), "Unsupported .version 9.0"));
        assertEquals(218, refused(PTX.replace("sm_75", "sm_100"), "SM version specified by .target is higher"));
        assertEquals(218, refused(PTX.replace("add.f32", "frobnicate.f32"), "frobnicate"));
        assertEquals(209, refused("\u007fELF", ""));
    }

    private int refused(String image, String words) {
        long room = 1000;
        MemorySegment log = arena.allocate(room);
        MemorySegment options = arena.allocateFrom(ValueLayout.JAVA_INT, 5, 6);
        MemorySegment values = arena.allocateFrom(ValueLayout.JAVA_LONG, log.address(), room);
        int status = cuda.call("cuModuleLoadDataEx", arena.allocate(8), arena.allocateFrom(image), 2, options, values);
        assertTrue(log.getString(0).contains(words), log.getString(0));
        return status;
    }

    @Test
    void aNewerDriverReadsNewerPtx() {
        assertThrowsForOtherLibraries();
        gpu.reset(Configuration.standard().driverVersion(12090));
        cuda.ok("cuInit", 0);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
        load(PTX.replace(".version 7.0", ".version 8.8"));
    }

    private void assertThrowsForOtherLibraries() {
        org.junit.jupiter.api.Assertions.assertThrows(
                IllegalStateException.class,
                () -> gpu.reset(Configuration.standard().driverVersion(13000)));
    }

    @Test
    void occupancyFollowsTheArchitecture() {
        MemorySegment blocks = arena.allocate(4);
        cuda.ok("cuOccupancyMaxActiveBlocksPerMultiprocessor", blocks, shift, 256, 0L);
        assertEquals(8, blocks.get(ValueLayout.JAVA_INT, 0));
        cuda.ok("cuOccupancyMaxActiveBlocksPerMultiprocessor", blocks, shift, 256, 100_000L);
        assertEquals(2, blocks.get(ValueLayout.JAVA_INT, 0));
    }

    @Test
    void aLaunchCanBeMadeToFail() {
        gpu.faults().launchFailureAt(2);
        MemorySegment extra = buffer(upload(1), 10, 1, 16);
        assertEquals(0, launch(1, 32, 0, extra));
        cuda.ok("cuCtxSynchronize");
        assertEquals(0, launch(1, 32, 0, extra));
        assertEquals(719, cuda.call("cuCtxSynchronize"));
        assertEquals(719, cuda.call("cuMemAlloc_v2", arena.allocate(8), 16L));
    }

    @Test
    void aGraphKeepsTheParametersOfItsKernelsUntilTheyAreReplaced() {
        long x = upload(1);
        long stream = stream();
        cuda.ok("cuStreamBeginCapture_v2", stream, 1);
        assertEquals(0, launch(1, 32, stream, buffer(x, 10, 1, 16)));
        MemorySegment out = arena.allocate(8);
        cuda.ok("cuStreamEndCapture", stream, out);
        long graph = out.get(ValueLayout.JAVA_LONG, 0);
        long exec = cuda.make("cuGraphInstantiateWithFlags", graph, 0L);
        cuda.ok("cuGraphLaunch", exec, stream);
        cuda.ok("cuGraphLaunch", exec, stream);
        cuda.ok("cuStreamSynchronize", stream);
        assertEquals(21f, download(x, 1)[0]);

        MemorySegment nodes = arena.allocate(8);
        cuda.ok("cuGraphGetNodes", graph, nodes, arena.allocateFrom(ValueLayout.JAVA_LONG, 1));
        MemorySegment parameters = arena.allocate(72, 8);
        parameters.set(ValueLayout.JAVA_LONG, 0, shift);
        int[] dims = {1, 1, 1, 32, 1, 1, 0};
        for (int i = 0; i < dims.length; i++) parameters.set(ValueLayout.JAVA_INT, 8 + 4L * i, dims[i]);
        parameters.set(ValueLayout.JAVA_LONG, 48, buffer(x, 100, 1, 16).address());
        cuda.ok("cuGraphExecKernelNodeSetParams_v2", exec, nodes.get(ValueLayout.JAVA_LONG, 0), parameters);
        cuda.ok("cuGraphLaunch", exec, stream);
        cuda.ok("cuStreamSynchronize", stream);
        assertEquals(121f, download(x, 1)[0]);
        assertEquals(0, gpu.counters().launches("shift"));
        assertEquals(3, gpu.counters().executions("shift"));
    }

    @Test
    void aHostThreadWithoutTheContextLaunchesNothing() throws InterruptedException {
        int[] status = new int[1];
        MemorySegment extra = Arena.ofAuto().allocate(8);
        Thread thread = new Thread(() -> status[0] = launch(1, 32, 0, extra));
        thread.start();
        thread.join();
        assertEquals(201, status[0]);
    }
}
