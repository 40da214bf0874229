package dev.elbo.simulator.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.simulator.Report;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The calls of cuDNN that predate its graph interface.
class DnnTest extends GpuTest {
    private static final int NCHW = 0;
    private static final int NHWC = 1;
    private static final int FMA = 3;
    private static final int FLOAT = 0;
    private static final int BFLOAT16 = 9;

    private Native dnn;
    private long handle;
    private MemorySegment one;
    private MemorySegment zero;

    @BeforeEach
    void create() {
        dnn = new Native("cudnn");
        handle = dnn.make("cudnnCreate");
        one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1);
        zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0);
    }

    private long tensor(int format, int n, int c, int h, int w) {
        return tensor(FLOAT, format, n, c, h, w);
    }

    private long tensor(int type, int format, int n, int c, int h, int w) {
        long descriptor = dnn.make("cudnnCreateTensorDescriptor");
        dnn.ok("cudnnSetTensor4dDescriptor", descriptor, format, type, n, c, h, w);
        return descriptor;
    }

    private long filter(int format, int k, int c, int h, int w) {
        return filter(FLOAT, format, k, c, h, w);
    }

    private long filter(int type, int format, int k, int c, int h, int w) {
        long descriptor = dnn.make("cudnnCreateFilterDescriptor");
        dnn.ok("cudnnSetFilter4dDescriptor", descriptor, type, format, k, c, h, w);
        return descriptor;
    }

    private long convolution(int pad, int stride) {
        long descriptor = dnn.make("cudnnCreateConvolutionDescriptor");
        dnn.ok("cudnnSetConvolution2dDescriptor", descriptor, pad, pad, stride, stride, 1, 1, 1, 0);
        dnn.ok("cudnnSetConvolutionMathType", descriptor, FMA);
        return descriptor;
    }

    /// Slides [1 2; 3 4] over a 3 × 3 image.
    @Test
    void aConvolutionIsACrossCorrelation() {
        long y = allocate(16);
        dnn.ok(
                "cudnnConvolutionForward",
                handle,
                one,
                tensor(NCHW, 1, 1, 3, 3),
                upload(1, 2, 3, 4, 5, 6, 7, 8, 9),
                filter(NCHW, 1, 1, 2, 2),
                upload(1, 2, 3, 4),
                convolution(0, 1),
                0,
                0L,
                0L,
                zero,
                tensor(NCHW, 1, 1, 2, 2),
                y);
        assertArrayEquals(new float[] {37, 47, 67, 77}, download(y, 4));
    }

    @Test
    void gradientsAreThoseOfTheConvolution() {
        long x = tensor(NCHW, 1, 1, 3, 3);
        long w = filter(NCHW, 1, 1, 2, 2);
        long y = tensor(NCHW, 1, 1, 2, 2);
        long dx = allocate(36);
        dnn.ok(
                "cudnnConvolutionBackwardData",
                handle,
                one,
                w,
                upload(1, 2, 3, 4),
                y,
                upload(1, 0, 0, 0),
                convolution(0, 1),
                1,
                allocate(36),
                36L,
                zero,
                x,
                dx);
        assertArrayEquals(new float[] {1, 2, 0, 3, 4, 0, 0, 0, 0}, download(dx, 9));
        long dw = allocate(16);
        dnn.ok(
                "cudnnConvolutionBackwardFilter",
                handle,
                one,
                x,
                upload(1, 2, 3, 4, 5, 6, 7, 8, 9),
                y,
                upload(1, 0, 0, 1),
                convolution(0, 1),
                1,
                allocate(16),
                16L,
                zero,
                w,
                dw);
        assertArrayEquals(new float[] {6, 8, 12, 14}, download(dw, 4));
    }

    @Test
    void layoutsHoldTheSameImage() {
        float[] planes = {1, 2, 3, 4, 10, 20, 30, 40}; // two channels of 2 × 2
        float[] pixels = {1, 10, 2, 20, 3, 30, 4, 40};
        long y = allocate(16);
        dnn.ok(
                "cudnnConvolutionForward",
                handle,
                one,
                tensor(NCHW, 1, 2, 2, 2),
                upload(planes),
                filter(NCHW, 1, 2, 1, 1),
                upload(1, 2),
                convolution(0, 1),
                0,
                0L,
                0L,
                zero,
                tensor(NCHW, 1, 1, 2, 2),
                y);
        float[] expected = download(y, 4);
        dnn.ok(
                "cudnnConvolutionForward",
                handle,
                one,
                tensor(NHWC, 1, 2, 2, 2),
                upload(pixels),
                filter(NHWC, 1, 2, 1, 1),
                upload(1, 2),
                convolution(0, 1),
                0,
                0L,
                0L,
                zero,
                tensor(NHWC, 1, 1, 2, 2),
                y);
        assertArrayEquals(expected, download(y, 4));
    }

    @Test
    void algorithmsSayWhetherTheyAreDeterministic() {
        MemorySegment results = arena.allocate(8 * 48, 8);
        MemorySegment count = arena.allocate(4);
        dnn.ok(
                "cudnnGetConvolutionBackwardFilterAlgorithm_v7",
                handle,
                tensor(NCHW, 1, 1, 3, 3),
                tensor(NCHW, 1, 1, 2, 2),
                convolution(0, 1),
                filter(NCHW, 1, 1, 2, 2),
                8,
                count,
                results);
        assertEquals(4, count.get(ValueLayout.JAVA_INT, 0));
        assertEquals(0, results.get(ValueLayout.JAVA_INT, 24), "the favourite uses atomics");
        assertEquals(1, results.get(ValueLayout.JAVA_INT, 48 + 24));
        assertEquals(3000, results.get(ValueLayout.JAVA_INT, 3 * 48 + 4), "the last is not supported");
    }

    /// Of bf16 the algorithms numbered 1, all three tensors of it, channels by eights.
    @Test
    void bf16IsForTensorCoresAndForAllThreeTensors() {
        long x = tensor(BFLOAT16, NHWC, 1, 8, 1, 1);
        long w = filter(BFLOAT16, NHWC, 8, 8, 1, 1);
        long y = tensor(BFLOAT16, NHWC, 1, 8, 1, 1);
        long descriptor = convolution(0, 1);
        MemorySegment bytes = arena.allocate(8);
        dnn.ok("cudnnGetConvolutionForwardWorkspaceSize", handle, x, w, descriptor, y, 1, bytes);
        assertEquals(3000, dnn.call("cudnnGetConvolutionForwardWorkspaceSize", handle, x, w, descriptor, y, 0, bytes));
        long mixed = tensor(NHWC, 1, 8, 1, 1);
        assertEquals(
                2000, dnn.call("cudnnGetConvolutionForwardWorkspaceSize", handle, x, w, descriptor, mixed, 1, bytes));
        assertRefused("data types differ");
        long four = tensor(BFLOAT16, NHWC, 1, 4, 1, 1);
        long filters = filter(BFLOAT16, NHWC, 8, 4, 1, 1);
        assertEquals(
                3000,
                dnn.call("cudnnGetConvolutionForwardWorkspaceSize", handle, four, filters, descriptor, y, 1, bytes));
    }

    @Test
    void aWorkspaceThatIsTooSmallIsRefused() {
        long x = tensor(NCHW, 1, 1, 3, 3);
        long w = filter(NCHW, 1, 1, 2, 2);
        long y = tensor(NCHW, 1, 1, 2, 2);
        long descriptor = convolution(0, 1);
        MemorySegment bytes = arena.allocate(8);
        dnn.ok("cudnnGetConvolutionForwardWorkspaceSize", handle, x, w, descriptor, y, 1, bytes);
        long wanted = bytes.get(ValueLayout.JAVA_LONG, 0);
        assertTrue(wanted > 0);
        assertEquals(
                2000,
                dnn.call(
                        "cudnnConvolutionForward",
                        handle,
                        one,
                        x,
                        upload(new float[9]),
                        w,
                        upload(1, 2, 3, 4),
                        descriptor,
                        1,
                        0L,
                        wanted - 1,
                        zero,
                        y,
                        allocate(16)));
        assertRefused("workspace is too small");
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        assertEquals(
                2000,
                dnn.call(
                        "cudnnConvolutionForward",
                        handle,
                        one,
                        tensor(NCHW, 1, 1, 3, 3),
                        upload(new float[9]),
                        filter(NCHW, 1, 1, 2, 2),
                        upload(1, 2, 3, 4),
                        convolution(0, 1),
                        0,
                        0L,
                        0L,
                        zero,
                        tensor(NCHW, 1, 1, 3, 3),
                        allocate(36)));
        assertRefused("shapes do not fit", "y=F32[1, 1, 3, 3]");
        MemorySegment text = arena.allocate(256);
        dnn.call("cudnnGetLastErrorString", text, 256L);
        assertTrue(text.getString(0).contains("shapes do not fit"));
    }

    @Test
    void aShortImageIsReported() {
        dnn.ok(
                "cudnnConvolutionForward",
                handle,
                one,
                tensor(NCHW, 1, 1, 3, 3),
                upload(new float[8]),
                filter(NCHW, 1, 1, 2, 2),
                upload(1, 2, 3, 4),
                convolution(0, 1),
                0,
                0L,
                0L,
                zero,
                tensor(NCHW, 1, 1, 2, 2),
                allocate(16));
        assertEquals(700, cuda.call("cuCtxSynchronize"));
        assertReported(Report.Kind.DEVICE, "first operand of cudnnConvolutionForward", "of 32 bytes");
    }

    @Test
    void batchNormalisationTrainsAndInfers() {
        long x = tensor(NCHW, 2, 1, 1, 2);
        long channel = tensor(NCHW, 1, 1, 1, 1);
        long y = allocate(16);
        long mean = upload(0);
        long variance = upload(1);
        long savedMean = allocate(4);
        long savedInverse = allocate(4);
        dnn.ok(
                "cudnnBatchNormalizationForwardTraining",
                handle,
                1,
                one,
                zero,
                x,
                upload(1, 2, 3, 4),
                x,
                y,
                channel,
                upload(2),
                upload(5),
                0.5,
                mean,
                variance,
                1e-5,
                savedMean,
                savedInverse);
        float s = (float) (2 / Math.sqrt(1.25 + 1e-5));
        assertArrayEquals(new float[] {5 - 1.5f * s, 5 - 0.5f * s, 5 + 0.5f * s, 5 + 1.5f * s}, download(y, 4), 1e-6f);
        assertEquals(1.25f, download(mean, 1)[0]);
        assertEquals(0.5f + 0.5f * 1.25f * 4 / 3, download(variance, 1)[0], 1e-6f);
        assertEquals(2.5f, download(savedMean, 1)[0]);
        long dx = allocate(16);
        long dscale = allocate(4);
        long dshift = allocate(4);
        dnn.ok(
                "cudnnBatchNormalizationBackward",
                handle,
                1,
                one,
                zero,
                one,
                zero,
                x,
                upload(1, 2, 3, 4),
                x,
                upload(1, 1, 1, 1),
                x,
                dx,
                channel,
                upload(2),
                dscale,
                dshift,
                1e-5,
                savedMean,
                savedInverse);
        assertArrayEquals(new float[4], download(dx, 4), 1e-6f); // a shift of all changes nothing
        assertEquals(4f, download(dshift, 1)[0]);
        dnn.ok(
                "cudnnBatchNormalizationForwardInference",
                handle,
                1,
                one,
                zero,
                x,
                upload(1, 2, 3, 4),
                x,
                y,
                channel,
                upload(2),
                upload(5),
                upload(2.5f),
                upload(1.25f),
                1e-5);
        assertEquals(5 + 1.5f * s, download(y, 4)[3], 1e-6f);
    }

    @Test
    void activationsAndTheirGradients() {
        long shape = tensor(NCHW, 1, 1, 1, 2);
        long tanh = dnn.make("cudnnCreateActivationDescriptor");
        dnn.ok("cudnnSetActivationDescriptor", tanh, 2, 1, 0.0);
        long x = upload(0.5f, -1);
        long y = allocate(8);
        dnn.ok("cudnnActivationForward", handle, tanh, one, shape, x, zero, shape, y);
        float[] out = download(y, 2);
        assertEquals(Math.tanh(0.5), out[0], 1e-6);
        long dx = allocate(8);
        dnn.ok("cudnnActivationBackward", handle, tanh, one, shape, y, shape, upload(1, 2), shape, x, zero, shape, dx);
        assertEquals(2 * (1 - out[1] * out[1]), download(dx, 2)[1], 1e-6);
    }

    @Test
    void aBiasIsAddedToEachChannel() {
        long images = upload(1, 2, 3, 4);
        dnn.ok(
                "cudnnAddTensor",
                handle,
                one,
                tensor(NCHW, 1, 2, 1, 1),
                upload(10, 20),
                one,
                tensor(NCHW, 1, 2, 1, 2),
                images);
        assertArrayEquals(new float[] {11, 12, 23, 24}, download(images, 4));
    }

    @Test
    void theVersionIsTheConfigurations() {
        assertEquals(91000, dnn.callLong("cudnnGetVersion"));
        assertEquals(12000, dnn.callLong("cudnnGetCudartVersion"));
    }
}
