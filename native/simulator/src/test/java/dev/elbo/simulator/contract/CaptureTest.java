package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.elbo.simulator.Report;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CaptureTest extends GpuTest {
    private static final int THREAD_LOCAL = 1;
    private static final int RELAXED = 2;

    private long stream;
    private long memory;

    @BeforeEach
    void streamAndMemory() {
        stream = stream();
        memory = upload(1, 2);
    }

    private void begin() {
        cuda.ok("cuStreamBeginCapture_v2", stream, THREAD_LOCAL);
    }

    private long end() {
        MemorySegment out = arena.allocate(8);
        cuda.ok("cuStreamEndCapture", stream, out);
        return out.get(ValueLayout.JAVA_LONG, 0);
    }

    private void assertEnds(int status) {
        MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_LONG, -1);
        assertEquals(status, cuda.call("cuStreamEndCapture", stream, out));
        assertEquals(0, out.get(ValueLayout.JAVA_LONG, 0));
    }

    private void fill(int value, long on) {
        cuda.ok("cuMemsetD32Async", memory, Float.floatToIntBits(value), 2L, on);
    }

    private float[] contents() {
        return download(memory, 2);
    }

    private long nodes(long graph) {
        MemorySegment count = arena.allocate(8);
        cuda.ok("cuGraphGetNodes", graph, 0L, count);
        return count.get(ValueLayout.JAVA_LONG, 0);
    }

    @Test
    void capturedWorkRunsAtEachLaunchAndNotBefore() {
        begin();
        fill(5, stream);
        long graph = end();
        assertArrayEquals(new float[] {1, 2}, contents());
        assertEquals(1, nodes(graph));
        long exec = cuda.make("cuGraphInstantiateWithFlags", graph, 0L);
        cuda.ok("cuGraphUpload", exec, stream);
        cuda.ok("cuGraphLaunch", exec, stream);
        cuda.ok("cuStreamSynchronize", stream);
        assertArrayEquals(new float[] {5, 5}, contents());
        assertEquals(1, gpu.counters().graphLaunches());
        assertEquals(1, gpu.counters().graphNodes());
    }

    @Test
    void aCopyInAGraphIsUnfinishedFromLaunchToWait() {
        MemorySegment host = pinned(8);
        host.fill((byte) 0);
        begin();
        cuda.ok("cuMemcpyDtoHAsync_v2", host, memory, 8L, stream);
        long exec = cuda.make("cuGraphInstantiateWithFlags", end(), 0L);
        assertEquals(0f, host.get(ValueLayout.JAVA_FLOAT, 0));
        cuda.ok("cuGraphLaunch", exec, stream);
        cuda.ok("cuGraphLaunch", exec, stream);
        assertEquals(true, Float.isNaN(host.get(ValueLayout.JAVA_FLOAT, 0)));
        cuda.ok("cuStreamSynchronize", stream);
        assertEquals(1f, host.get(ValueLayout.JAVA_FLOAT, 0));
    }

    @Test
    void aForkIsJoinedByEvents() {
        long branch = stream();
        long fork = cuda.make("cuEventCreate", 2);
        long join = cuda.make("cuEventCreate", 2);
        begin();
        fill(5, stream);
        cuda.ok("cuEventRecord", fork, stream);
        cuda.ok("cuStreamWaitEvent", branch, fork, 0);
        fill(6, branch);
        cuda.ok("cuEventRecord", join, branch);
        cuda.ok("cuStreamWaitEvent", stream, join, 0);
        fill(7, stream);
        long graph = end();
        assertEquals(3, nodes(graph));
        MemorySegment edges = arena.allocate(8);
        cuda.ok("cuGraphGetEdges", graph, 0L, 0L, edges);
        assertEquals(3, edges.get(ValueLayout.JAVA_LONG, 0));
        cuda.ok("cuGraphLaunch", cuda.make("cuGraphInstantiateWithFlags", graph, 0L), stream);
        cuda.ok("cuStreamSynchronize", stream);
        assertArrayEquals(new float[] {7, 7}, contents());
    }

    @Test
    void aForkThatIsNotJoinedIsRefused() {
        long branch = stream();
        long fork = cuda.make("cuEventCreate", 2);
        begin();
        fill(5, stream);
        cuda.ok("cuEventRecord", fork, stream);
        cuda.ok("cuStreamWaitEvent", branch, fork, 0);
        fill(6, branch);
        assertEnds(904);
        assertRefused("never joined");
    }

    @Test
    void synchronisationInsideACaptureSpoilsIt() {
        begin();
        assertEquals(900, cuda.call("cuStreamSynchronize", stream));
        assertReported(Report.Kind.CAPTURE, "synchronisation inside a capture", "begun by=cuStreamBeginCapture_v2 at ");
        assertEquals(901, cuda.call("cuMemsetD32Async", memory, 0, 2L, stream));
        assertEnds(901);
        fill(3, stream);
    }

    @Test
    void aContextIsNotWaitedForInsideACapture() {
        begin();
        assertEquals(900, cuda.call("cuCtxSynchronize"));
        assertReported(Report.Kind.CAPTURE, "synchronisation inside a capture");
        assertEnds(901);
    }

    @Test
    void allocationAndFreeInsideACaptureSpoilIt() {
        begin();
        assertEquals(900, cuda.call("cuMemAlloc_v2", arena.allocate(8), 16L));
        assertReported(Report.Kind.CAPTURE, "allocation inside a capture");
        assertEnds(901);
        begin();
        assertEquals(900, cuda.call("cuMemFree_v2", memory));
        assertReported(Report.Kind.CAPTURE, "free inside a capture");
        assertEnds(901);
    }

    @Test
    void aRelaxedThreadMayAllocate() {
        begin();
        MemorySegment mode = arena.allocateFrom(ValueLayout.JAVA_INT, RELAXED);
        cuda.ok("cuThreadExchangeStreamCaptureMode", mode);
        allocate(16);
        cuda.ok("cuThreadExchangeStreamCaptureMode", mode);
        end();
    }

    @Test
    void aStreamOrderedFreeDuringACaptureIsReported() {
        long other = stream();
        begin();
        cuda.ok("cuMemFreeAsync", memory, other);
        end();
        assertReported(Report.Kind.CAPTURE, "cuMemFreeAsync: free during capture", "cuMemAlloc_v2 at ");
    }

    @Test
    void workOutsideOfTheCaptureCannotBeWaitedFor() {
        long other = stream();
        long event = cuda.make("cuEventCreate", 2);
        cuda.ok("cuEventRecord", event, other);
        begin();
        assertEquals(905, cuda.call("cuStreamWaitEvent", stream, event, 0));
        assertEnds(901);
    }

    @Test
    void theLegacyStreamSpoilsTheCaptureOfABlockingStream() {
        stream = cuda.make("cuStreamCreate", 0);
        begin();
        assertEquals(906, cuda.call("cuMemcpyDtoH_v2", arena.allocate(8), memory, 8L));
        assertReported(Report.Kind.CAPTURE, "the legacy stream was used while a blocking stream is captured");
        assertEnds(901);
    }

    @Test
    void aCapturedEventNeverHappens() {
        long event = cuda.make("cuEventCreate", 2);
        begin();
        cuda.ok("cuEventRecord", event, stream);
        assertEquals(907, cuda.call("cuEventSynchronize", event));
        end();
    }

    @Test
    void anotherThreadDoesNotEndACapture() throws InterruptedException {
        begin();
        int[] status = new int[1];
        MemorySegment out = java.lang.foreign.Arena.ofAuto().allocate(8);
        MemorySegment context = arena.allocate(8);
        cuda.ok("cuCtxGetCurrent", context);
        long handle = context.get(ValueLayout.JAVA_LONG, 0);
        Thread thread = new Thread(() -> {
            cuda.ok("cuCtxSetCurrent", handle);
            status[0] = cuda.call("cuStreamEndCapture", stream, out);
        });
        thread.start();
        thread.join();
        assertEquals(908, status[0]);
        end();
    }

    @Test
    void theLegacyStreamCannotBeCaptured() {
        assertEquals(900, cuda.call("cuStreamBeginCapture_v2", 0L, THREAD_LOCAL));
    }

    @Test
    void aSecondBeginAndAnEndTooManyAreRefused() {
        begin();
        assertEquals(401, cuda.call("cuStreamBeginCapture_v2", stream, THREAD_LOCAL));
        end();
        assertEnds(401);
    }

    @Test
    void anExecutableGraphTakesTheWorkOfAGraphOfTheSameShape() {
        begin();
        fill(5, stream);
        long exec = cuda.make("cuGraphInstantiateWithFlags", end(), 0L);
        begin();
        fill(6, stream);
        long next = end();
        cuda.ok("cuGraphExecUpdate_v2", exec, next, arena.allocate(24));
        cuda.ok("cuGraphLaunch", exec, stream);
        cuda.ok("cuStreamSynchronize", stream);
        assertArrayEquals(new float[] {6, 6}, contents());

        begin();
        fill(6, stream);
        fill(7, stream);
        MemorySegment info = arena.allocate(24);
        assertEquals(910, cuda.call("cuGraphExecUpdate_v2", exec, end(), info));
        assertEquals(2, info.get(ValueLayout.JAVA_INT, 0));
    }
}
