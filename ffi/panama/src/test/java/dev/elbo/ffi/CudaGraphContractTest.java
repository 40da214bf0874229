package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Captures and graphs.
class CudaGraphContractTest extends CudaContract {
    @Test
    void capturedWorkIsDoneWhenTheGraphIs() {
        MemorySegment from = ints(1, 2);
        MemorySegment to = ints(0, 0, 0);
        CudaGraph graph = CudaGraph.capture(
                stream,
                () -> {
                    assertTrue(stream.capturing());
                    stream.copy(from, to, 8);
                    stream.fillWords(DevicePointer.at(to, 8), 9, 1);
                },
                owner);
        assertFalse(stream.capturing());
        assertEquals(2, graph.nodes());
        CudaGraphExec exec = graph.instantiate(owner);
        assertArrayEquals(new int[3], ints(to, 3), "nothing has run yet");
        exec.upload(stream);
        exec.launch(stream);
        assertArrayEquals(new int[] {1, 2, 9}, ints(to, 3));
        stream.fillWords(from, 5, 2);
        exec.launch(stream);
        assertArrayEquals(new int[] {5, 5, 9}, ints(to, 3), "addresses were recorded, not what lay there");
    }

    @Test
    void streamsForkAndJoinInsideACapture() {
        CudaStream side = CudaStream.open(owner);
        CudaEvent fork = CudaEvent.open(owner);
        CudaEvent join = CudaEvent.open(owner);
        MemorySegment a = ints(0, 0);
        MemorySegment b = ints(0, 0);
        CudaGraph graph = CudaGraph.capture(
                stream,
                () -> {
                    stream.record(fork);
                    side.waitFor(fork);
                    stream.fillWords(a, 1, 2);
                    side.fillWords(b, 2, 2);
                    side.record(join);
                    stream.waitFor(join);
                },
                owner);
        assertEquals(2, graph.nodes());
        graph.instantiate(owner).launch(stream);
        assertArrayEquals(new int[] {1, 1}, ints(a, 2));
        assertArrayEquals(new int[] {2, 2}, ints(b, 2));
    }

    @Test
    void graphTakesOverArgumentsOfOneOfTheSameShape() {
        MemorySegment one = ints(1);
        MemorySegment two = ints(2);
        MemorySegment to = ints(0);
        CudaGraph first = CudaGraph.capture(stream, () -> stream.copy(one, to, 4), owner);
        CudaGraph second = CudaGraph.capture(stream, () -> stream.copy(two, to, 4), owner);
        CudaGraph longer = CudaGraph.capture(
                stream,
                () -> {
                    stream.copy(one, to, 4);
                    stream.copy(one, to, 4);
                },
                owner);
        CudaGraphExec exec = first.instantiate(owner);
        exec.launch(stream);
        assertArrayEquals(new int[] {1}, ints(to, 1));
        assertEquals(CudaGraphExec.Update.DONE, exec.update(second));
        exec.launch(stream);
        assertArrayEquals(new int[] {2}, ints(to, 1));
        assertEquals(CudaGraphExec.Update.TOPOLOGY_CHANGED, exec.update(longer));
        exec.launch(stream);
        assertArrayEquals(new int[] {2}, ints(to, 1));
    }

    @Test
    void failureInsideACaptureArrivesAndTheStreamGoesOn() {
        ArithmeticException failure = new ArithmeticException("on purpose");
        MemorySegment memory = ints(1, 2);
        assertSame(
                failure,
                assertThrows(
                        ArithmeticException.class,
                        () -> CudaGraph.capture(
                                stream,
                                () -> {
                                    stream.fillWords(memory, 7, 2);
                                    throw failure;
                                },
                                owner)));
        assertFalse(stream.capturing());
        assertArrayEquals(new int[] {1, 2}, ints(memory, 2));
    }

    @Test
    void whatIsFreedDuringACaptureIsFreedAfterIt() {
        long before = context.allocated();
        Arena brief = Arena.ofConfined();
        MemorySegment memory = stream.allocate(4096, brief);
        stream.fillBytes(memory, (byte) 0, 4096);
        CudaEvent.open(brief);
        CudaModule.load("contract.ptx", Gpu.ptx(), brief);
        MemorySegment kept = ints(0);
        CudaGraph graph = CudaGraph.capture(
                stream,
                () -> {
                    brief.close();
                    stream.fillWords(kept, 1, 1);
                },
                owner);
        assertEquals(1, graph.nodes(), "a free would be a second node");
        owner.close();
        stream.synchronize();
        assertEquals(before, context.allocated());
    }

    @Test
    void allocationDuringACaptureIsRefused() {
        IllegalStateException e = assertThrows(
                IllegalStateException.class,
                () -> CudaGraph.capture(stream, () -> stream.allocate(4096, owner), owner));
        assertEquals("allocation refused: this thread captures a stream; bytes=4096", e.getMessage());
        assertFalse(stream.capturing());
    }

    @Test
    void waitingInsideACaptureBreaksIt() {
        NativeException e =
                assertThrows(NativeException.class, () -> CudaGraph.capture(stream, stream::synchronize, owner));
        assertEquals("cuStreamSynchronize: CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED (900)", e.getMessage());
        assertEquals("CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", ((NativeException) e.getSuppressed()[0]).statusName());
        assertArrayEquals(new int[] {3}, ints(ints(3), 1));
        Gpu.forgiveReports();
    }

    /// What `work` gives to the stream while `other` waits, or after it has ended because it did not.
    private CudaGraph capturedBeside(Thread other, Runnable work) throws InterruptedException {
        CudaGraph graph = CudaGraph.capture(
                stream,
                () -> {
                    other.start();
                    while (other.isAlive() && other.getState() != Thread.State.WAITING) {
                        Thread.onSpinWait();
                    }
                    work.run();
                },
                owner);
        other.join();
        return graph;
    }

    @Test
    void whoWaitsForTheContextWaitsForCapturesOfOtherThreads() throws InterruptedException {
        MemorySegment to = ints(0);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        Thread waiting = Thread.ofPlatform().unstarted(() -> {
            context.makeCurrent();
            context.synchronize();
            order.add("waited");
        });
        CudaGraph graph = capturedBeside(waiting, () -> {
            stream.fillWords(to, 6, 1);
            order.add("captured");
        });
        assertEquals(List.of("captured", "waited"), order);
        graph.instantiate(owner).launch(stream);
        assertArrayEquals(new int[] {6}, ints(to, 1));
    }

    @Test
    void memoryThatOutlivesItsStreamIsFreedBesideACapture() throws InterruptedException {
        long before = context.allocated();
        Arena outliving = Arena.ofShared();
        try (Arena brief = Arena.ofShared()) {
            CudaStream.open(brief).allocate(4096, outliving);
        }
        Thread freeing = Thread.ofPlatform().unstarted(() -> {
            context.makeCurrent();
            outliving.close();
        });
        MemorySegment to = ints(0);
        CudaGraph graph = capturedBeside(freeing, () -> stream.fillWords(to, 8, 1));
        graph.instantiate(owner).launch(stream);
        assertArrayEquals(new int[] {8}, ints(to, 1));
        owner.close();
        stream.synchronize();
        assertEquals(before, context.allocated());
    }

    @Test
    void waitingForTheContextInsideACaptureOfOnesOwnBreaksIt() {
        NativeException e =
                assertThrows(NativeException.class, () -> CudaGraph.capture(stream, context::synchronize, owner));
        assertEquals("cuCtxSynchronize: CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED (900)", e.getMessage());
        Gpu.forgiveReports();
    }
}
