package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The graph interface of cuDNN.
class DnnGraphTest extends GpuTest {
    private static final int DATA_TYPE = 1;
    private static final int INT64 = 3;
    private static final int FLOAT = 0;
    private static final int BFLOAT16 = 9;
    private static final int REAL = 4;
    private static final int RELU = 100;
    private static final int SIGMOID = 102;
    private static final int HEURISTIC_A = 3;
    private static final int FALLBACK = 2;

    private Native dnn;
    private long handle;

    @BeforeEach
    void create() {
        dnn = new Native("cudnn");
        handle = dnn.make("cudnnCreate");
    }

    private long descriptor(int kind) {
        MemorySegment out = arena.allocate(8);
        dnn.ok("cudnnBackendCreateDescriptor", kind, out);
        return out.get(ValueLayout.JAVA_LONG, 0);
    }

    private void ints(long descriptor, int name, int type, int value) {
        dnn.ok("cudnnBackendSetAttribute", descriptor, name, type, 1L, arena.allocateFrom(ValueLayout.JAVA_INT, value));
    }

    private void longs(long descriptor, int name, int type, long... values) {
        MemorySegment elements = arena.allocateFrom(ValueLayout.JAVA_LONG, values);
        dnn.ok("cudnnBackendSetAttribute", descriptor, name, type, (long) values.length, elements);
    }

    private long finished(long descriptor) {
        dnn.ok("cudnnBackendFinalize", descriptor);
        return descriptor;
    }

    private long tensor(long id, boolean virtual, long... extents) {
        return tensor(id, FLOAT, virtual, extents);
    }

    private long tensor(long id, int type, boolean virtual, long... extents) {
        long tensor = descriptor(17);
        ints(tensor, 901, DATA_TYPE, type);
        longs(tensor, 902, INT64, extents);
        longs(tensor, 903, INT64, extents[1] * extents[2] * extents[3], extents[2] * extents[3], extents[3], 1);
        longs(tensor, 906, INT64, id);
        longs(tensor, 900, INT64, 16);
        MemorySegment flag = arena.allocate(1);
        flag.set(ValueLayout.JAVA_BYTE, 0, (byte) (virtual ? 1 : 0));
        dnn.ok("cudnnBackendSetAttribute", tensor, 907, 2, 1L, flag);
        return finished(tensor);
    }

    /// x (1, 1, 3, 3) by w (1, 1, 2, 2), as in [DnnTest].
    private long convolution(long y) {
        return convolution(tensor('x', false, 1, 1, 3, 3), tensor('w', false, 1, 1, 2, 2), y, 0);
    }

    private long convolution(long x, long w, long y, float beta) {
        long geometry = descriptor(1);
        ints(geometry, 100, DATA_TYPE, 0);
        ints(geometry, 101, 7, 1);
        longs(geometry, 106, INT64, 2);
        longs(geometry, 102, INT64, 1, 1);
        longs(geometry, 103, INT64, 1, 1);
        longs(geometry, 104, INT64, 0, 0);
        longs(geometry, 105, INT64, 0, 0);
        finished(geometry);
        long operation = descriptor(10);
        longs(operation, 702, 15, geometry);
        longs(operation, 704, 15, x);
        longs(operation, 703, 15, w);
        longs(operation, 705, 15, y);
        MemorySegment factor = arena.allocateFrom(ValueLayout.JAVA_FLOAT, beta);
        dnn.ok("cudnnBackendSetAttribute", operation, 701, REAL, 1L, factor);
        return finished(operation);
    }

    /// Of one pixel: y = (beta y +) w x.
    private long pixelGraph(int channels, int typeOfX, int typeOfW, int typeOfY, float beta) {
        return graph(convolution(
                tensor('x', typeOfX, false, 1, channels, 1, 1),
                tensor('w', typeOfW, false, 8, channels, 1, 1),
                tensor('y', typeOfY, false, 1, 8, 1, 1),
                beta));
    }

    /// The engines that take a graph, in the order in which they are offered.
    private List<Long> takers(long graph) {
        List<Long> takers = new ArrayList<>();
        for (int mode : new int[] {HEURISTIC_A, FALLBACK}) {
            for (long configuration : configurations(graph, mode)) {
                int status = plan(configuration, new long[1]);
                assertTrue(status == 0 || status == 3000, "status " + status);
                if (status == 0) takers.add(engine(configuration));
            }
        }
        return takers;
    }

    @Test
    void tensorsOfBf16AreMultipliedWhereThereAreUnitsForThem() {
        assertEquals(List.of(12L, 5L, 3L, 0L), takers(pixelGraph(8, BFLOAT16, BFLOAT16, BFLOAT16, 0)));
        assertEquals(List.of(12L, 5L, 3L, 0L), takers(pixelGraph(8, BFLOAT16, BFLOAT16, BFLOAT16, 1)));
        assertEquals(List.of(3L), takers(pixelGraph(8, BFLOAT16, BFLOAT16, FLOAT, 0)));
        assertEquals(List.of(), takers(pixelGraph(8, BFLOAT16, BFLOAT16, FLOAT, 1)));
        assertEquals(List.of(), takers(pixelGraph(8, BFLOAT16, FLOAT, FLOAT, 0)));
        assertEquals(List.of(), takers(pixelGraph(4, BFLOAT16, BFLOAT16, BFLOAT16, 0)));
        assertRefused("type=BF16");
        assertEquals(List.of(12L, 5L, 3L, 0L), takers(pixelGraph(4, FLOAT, FLOAT, FLOAT, 0)));
    }

    @Test
    void beforeAmpereThereAreNoUnitsForBf16() {
        gpu = SimulatedGpu.install(Configuration.standard().computeCapability(75));
        cuda.ok("cuInit", 0);
        cuda.ok("cuCtxSetCurrent", cuda.make("cuDevicePrimaryCtxRetain", 0));
        create();
        assertEquals(List.of(), takers(pixelGraph(8, BFLOAT16, BFLOAT16, BFLOAT16, 0)));
        assertEquals(List.of(12L, 5L, 3L, 0L), takers(pixelGraph(8, FLOAT, FLOAT, FLOAT, 0)));
    }

    /// 1 + 2⁻⁸ + 2⁻¹⁶, which an f32 holds and a bf16 does not.
    @Test
    void sumsOfBf16AreF32AndRoundedInTheResultAlone() {
        float[] ones = new float[64];
        Arrays.fill(ones, 1);
        float[] terms = {1, 0x1p-8f, 0x1p-16f, 0, 0, 0, 0, 0};
        for (int type : new int[] {FLOAT, BFLOAT16}) {
            long[] plan = new long[1];
            long configuration = configurations(pixelGraph(8, BFLOAT16, BFLOAT16, type, 0), HEURISTIC_A)
                    .getLast();
            assertEquals(0, plan(configuration, plan));
            long y = allocate(32);
            assertEquals(0, run(plan[0], allocate(64), 'x', bf16(terms), 'w', bf16(ones), 'y', y));
            float first = download(y, 1)[0];
            float expected = 1 + 0x1p-8f + 0x1p-16f;
            // Two numbers of bf16 in a word, each the nearest: 1 + 2⁻⁷.
            assertEquals(type == FLOAT ? expected : Float.intBitsToFloat(0x3f81_3f81), first);
        }
    }

    /// Device memory that holds these values, of an even number, as bf16.
    private long bf16(float... values) {
        float[] words = new float[values.length / 2];
        for (int i = 0; i < words.length; i++) {
            int low = Float.floatToRawIntBits(values[2 * i]) >>> 16;
            int high = Float.floatToRawIntBits(values[2 * i + 1]) & 0xffff_0000;
            words[i] = Float.intBitsToFloat(high | low);
        }
        return upload(words);
    }

    private long graph(long... operations) {
        long graph = descriptor(15);
        longs(graph, 800, 0, handle);
        longs(graph, 801, 15, operations);
        return finished(graph);
    }

    private long plainGraph() {
        return graph(convolution(tensor('y', false, 1, 1, 2, 2)));
    }

    /// relu(convolution + bias), or with another function.
    private long fusedGraph(int mode) {
        long convolved = tensor('c', true, 1, 1, 2, 2);
        long biased = tensor('b', true, 1, 1, 2, 2);
        return graph(
                convolution(convolved),
                pointwise(0, convolved, tensor('s', false, 1, 1, 1, 1), biased),
                pointwise(mode, biased, 0, tensor('y', false, 1, 1, 2, 2)));
    }

    private long pointwise(int mode, long x, long b, long y) {
        long function = descriptor(0);
        ints(function, 0, 14, mode);
        finished(function);
        long operation = descriptor(13);
        longs(operation, 750, 15, function);
        longs(operation, 751, 15, x);
        if (b != 0) longs(operation, 752, 15, b);
        longs(operation, 753, 15, y);
        return finished(operation);
    }

    private List<Long> configurations(long graph, int mode) {
        long heuristic = descriptor(4);
        ints(heuristic, 200, 8, mode);
        longs(heuristic, 201, 15, graph);
        if (dnn.call("cudnnBackendFinalize", heuristic) != 0) return List.of();
        MemorySegment count = arena.allocate(8);
        dnn.ok("cudnnBackendGetAttribute", heuristic, 202, 15, 0L, count, 0L);
        long[] made = new long[(int) count.get(ValueLayout.JAVA_LONG, 0)];
        for (int i = 0; i < made.length; i++) made[i] = descriptor(3);
        MemorySegment elements = arena.allocateFrom(ValueLayout.JAVA_LONG, made);
        dnn.ok("cudnnBackendGetAttribute", heuristic, 202, 15, (long) made.length, count, elements);
        List<Long> found = new ArrayList<>();
        for (long each : made) found.add(each);
        return found;
    }

    private long engine(long configuration) {
        long engine = descriptor(2);
        dnn.ok(
                "cudnnBackendGetAttribute",
                configuration,
                300,
                15,
                1L,
                arena.allocate(8),
                arena.allocateFrom(ValueLayout.JAVA_LONG, engine));
        MemorySegment index = arena.allocate(8);
        dnn.ok("cudnnBackendGetAttribute", engine, 1301, INT64, 1L, arena.allocate(8), index);
        return index.get(ValueLayout.JAVA_LONG, 0);
    }

    @Test
    void whatIsAskedOrSetAmissIsRefused() {
        long tensor = descriptor(17);
        MemorySegment element = arena.allocate(8);
        assertEquals(2000, dnn.call("cudnnBackendSetAttribute", tensor, 901, INT64, 1L, element));
        assertRefused("attribute of another type", "attribute=901");
        assertEquals(2000, dnn.call("cudnnBackendSetAttribute", tensor, 999, INT64, 1L, element));
        long configuration = configurations(plainGraph(), HEURISTIC_A).getFirst();
        assertEquals(2000, dnn.call("cudnnBackendGetAttribute", configuration, 302, 15, 0L, element, 0L));
        assertRefused("a number of elements is told of a heuristic only");
    }

    private int plan(long configuration, long[] out) {
        long plan = descriptor(5);
        longs(plan, 400, 0, handle);
        longs(plan, 401, 15, configuration);
        out[0] = plan;
        return dnn.call("cudnnBackendFinalize", plan);
    }

    private int run(long plan, long workspace, long... idsAndAddresses) {
        long pack = descriptor(16);
        long[] ids = new long[idsAndAddresses.length / 2];
        long[] addresses = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = idsAndAddresses[2 * i];
            addresses[i] = idsAndAddresses[2 * i + 1];
        }
        longs(pack, 1000, INT64, ids);
        longs(pack, 1001, 6, addresses);
        longs(pack, 1003, 6, workspace);
        finished(pack);
        return dnn.call("cudnnBackendExecute", handle, plan, pack);
    }

    @Test
    void everyEngineThatAcceptsComputesTheGraph() {
        long x = upload(1, 2, 3, 4, 5, 6, 7, 8, 9);
        long w = upload(1, 2, 3, 4);
        long y = allocate(16);
        List<Long> all = new ArrayList<>(configurations(plainGraph(), HEURISTIC_A));
        all.addAll(configurations(plainGraph(), FALLBACK));
        List<Long> accepted = new ArrayList<>();
        long[] plan = new long[1];
        for (long configuration : all) {
            int status = plan(configuration, plan);
            if (status == 3000) continue;
            assertEquals(0, status);
            accepted.add(engine(configuration));
            cuda.ok("cuMemsetD32_v2", y, 0, 4L);
            assertEquals(0, run(plan[0], allocate(64), 'x', x, 'w', w, 'y', y));
            assertArrayEquals(new float[] {37, 47, 67, 77}, download(y, 4));
        }
        assertEquals(List.of(12L, 5L, 3L, 0L), accepted);
    }

    @Test
    void biasAndReluAreFused() {
        long[] plan = new long[1];
        List<Long> configurations = configurations(fusedGraph(RELU), HEURISTIC_A);
        assertEquals(
                List.of(12L, 7L, 3L), configurations.stream().map(this::engine).toList());
        assertEquals(3000, plan(configurations.get(1), plan));
        assertEquals(0, plan(configurations.get(2), plan));
        long y = allocate(16);
        assertEquals(
                0,
                run(
                        plan[0],
                        allocate(64),
                        'x',
                        upload(1, 2, 3, 4, 5, 6, 7, 8, 9),
                        'w',
                        upload(1, 2, 3, 4),
                        's',
                        upload(-50),
                        'y',
                        y));
        assertArrayEquals(new float[] {0, 0, 17, 27}, download(y, 4));
    }

    /// What a plan needs may be loaded when it first runs, which a capture need not allow.
    @Test
    void aPlanRunsOnceBeforeItIsCaptured() {
        long[] plan = new long[1];
        plan(configurations(plainGraph(), FALLBACK).getFirst(), plan);
        long x = upload(1, 2, 3, 4, 5, 6, 7, 8, 9);
        long w = upload(1, 2, 3, 4);
        long y = allocate(16);
        long stream = cuda.make("cuStreamCreate", 1);
        dnn.ok("cudnnSetStream", handle, stream);
        MemorySegment graph = arena.allocate(8);
        cuda.ok("cuStreamBeginCapture_v2", stream, 1);
        assertNotEquals(0, run(plan[0], 0, 'x', x, 'w', w, 'y', y));
        assertEquals(901, cuda.call("cuStreamEndCapture", stream, graph));
        assertReported(Report.Kind.CAPTURE, "first run of a plan");
        assertEquals(0, run(plan[0], 0, 'x', x, 'w', w, 'y', y));
        cuda.ok("cuStreamBeginCapture_v2", stream, 1);
        assertEquals(0, run(plan[0], 0, 'x', x, 'w', w, 'y', y));
        cuda.ok("cuStreamEndCapture", stream, graph);
    }

    @Test
    void noEngineFusesASigmoid() {
        assertEquals(List.of(), configurations(fusedGraph(SIGMOID), HEURISTIC_A));
        assertRefused("no engine for this graph");
    }

    @Test
    void aMissingTensorAndAMisalignedOneAreRefused() {
        long[] plan = new long[1];
        plan(configurations(plainGraph(), FALLBACK).getFirst(), plan);
        long x = upload(new float[16]);
        assertEquals(2000, run(plan[0], 0, 'x', x, 'w', x));
        assertRefused("no memory for tensor 121");
        assertEquals(2000, run(plan[0], 0, 'x', x + 4, 'w', x, 'y', allocate(16)));
        assertRefused("misaligned tensor 120", "alignment=16");
    }

    @Test
    void aDescriptorIsNotUsedBeforeItIsFinishedNorChangedAfter() {
        long tensor = descriptor(17);
        assertEquals(2000, dnn.call("cudnnBackendFinalize", tensor));
        assertRefused("attribute is missing");
        long done = tensor('t', false, 1, 1, 1, 1);
        assertEquals(
                1001,
                dnn.call(
                        "cudnnBackendSetAttribute",
                        done,
                        906,
                        INT64,
                        1L,
                        arena.allocateFrom(ValueLayout.JAVA_LONG, 1)));
    }
}
