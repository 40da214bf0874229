package dev.elbo.runtime.cpu;

import static dev.elbo.runtime.cpu.Floats.get;
import static dev.elbo.runtime.cpu.Floats.put;

import dev.elbo.runtime.ConvolutionShape;
import dev.elbo.runtime.ops.Window;
import java.lang.foreign.MemorySegment;

/// [ConvolutionMath]: what each result sees is laid out side by side, zeros included, and goes through a
/// provider's product.
interface LoopedConvolution extends ConvolutionMath, Loops {
    /// Pixels of y whose patches are laid out together.
    int PATCHES = 32;

    @Override
    default void convolve(
            ConvolutionShape shape,
            MemorySegment x,
            MemorySegment w,
            MemorySegment bias,
            MemorySegment y,
            long from,
            long to,
            boolean first,
            Unary f,
            float parameter) {
        int patch = shape.patch();
        int outputs = shape.outputs();
        MemorySegment patches = Scratch.ofThread().run(PATCHES * patch);
        for (long start = from; start < to; start += PATCHES) {
            int count = (int) Math.min(PATCHES, to - start);
            for (int i = 0; i < count; i++) {
                gatherPatch(shape, x, start + i, patches, (long) i * patch);
            }
            long at = start * outputs;
            float beta = first ? 0 : 1;
            product().multiply(patches, 0, patch, 1, w, 0, 1, patch, bias, y, at, count, patch, outputs, 1, beta);
            apply(f, parameter, y, at, (long) count * outputs);
        }
    }

    @Override
    default void layPatches(ConvolutionShape shape, MemorySegment x, MemorySegment patches, long from, long to) {
        for (long pixel = from; pixel < to; pixel++) {
            gatherPatch(shape, x, pixel, patches, pixel * shape.patch());
        }
    }

    /// By squares of [#PATCHES] elements, whose cache lines are used while they are there.
    @Override
    default void turn(MemorySegment x, MemorySegment y, long from, long to, int rows, int cols) {
        for (int top = 0; top < rows; top += PATCHES) {
            int bottom = Math.min(rows, top + PATCHES);
            for (long left = from; left < to; left += PATCHES) {
                long right = Math.min(to, left + PATCHES);
                for (long j = left; j < right; j++) {
                    for (int i = top; i < bottom; i++) {
                        put(y, j * rows + i, get(x, (long) i * cols + j));
                    }
                }
            }
        }
    }

    /// The patch of x that one pixel of y sees.
    private static void gatherPatch(ConvolutionShape shape, MemorySegment x, long pixel, MemorySegment to, long at) {
        Window window = shape.window();
        int left = (int) (pixel % shape.outWidth()) * window.strideAcross() - window.padAcross();
        long rows = pixel / shape.outWidth();
        int top = (int) (rows % shape.outHeight()) * window.strideDown() - window.padDown();
        long image = rows / shape.outHeight();
        int channels = shape.channels();
        int start = Math.clamp(-left, 0, window.width());
        int end = Math.clamp(shape.width() - left, start, window.width());
        for (int r = 0; r < window.height(); r++) {
            int h = top + r;
            long row = at + (long) r * window.width() * channels;
            if (h < 0 || h >= shape.height()) {
                clear(to, row, (long) window.width() * channels);
                continue;
            }
            long pixels = (image * shape.height() + h) * shape.width() + left;
            clear(to, row, (long) start * channels);
            copy(x, (pixels + start) * channels, to, row + (long) start * channels, (long) (end - start) * channels);
            clear(to, row + (long) end * channels, (long) (window.width() - end) * channels);
        }
    }

    @Override
    default void layTaps(ConvolutionShape shape, MemorySegment w, MemorySegment laid, long from, long to) {
        Window window = shape.window();
        int channels = shape.channels();
        for (int tap = (int) from; tap < to; tap++) {
            int r = tap / window.width();
            int s = tap % window.width();
            long place = before(window.height(), window.strideDown(), r % window.strideDown()) * (long) window.width()
                    + (long) reached(window.height(), window.strideDown(), r % window.strideDown())
                            * before(window.width(), window.strideAcross(), s % window.strideAcross())
                    + (long) (r / window.strideDown())
                            * reached(window.width(), window.strideAcross(), s % window.strideAcross())
                    + s / window.strideAcross();
            for (int o = 0; o < shape.outputs(); o++) {
                long row = place * shape.outputs() + o;
                copy(w, ((long) o * shape.taps() + tap) * channels, laid, row * channels, channels);
            }
        }
    }

    /// How many taps of one axis meet pixels whose place is `phase` modulo the stride.
    private static int reached(int taps, int stride, int phase) {
        return phase < taps ? (taps - 1 - phase) / stride + 1 : 0;
    }

    /// How many taps of one axis meet pixels of an earlier phase.
    private static int before(int taps, int stride, int phase) {
        int sum = 0;
        for (int earlier = 0; earlier < phase; earlier++) {
            sum += reached(taps, stride, earlier);
        }
        return sum;
    }

    @Override
    default void convolveTransposed(
            ConvolutionShape shape,
            MemorySegment y,
            MemorySegment laid,
            MemorySegment bias,
            MemorySegment x,
            long from,
            long to,
            boolean first,
            Unary f,
            float parameter) {
        for (long row = from; row < to; row++) {
            for (int phase = 0; phase < shape.window().strideAcross(); phase++) {
                transposedRow(shape, y, laid, bias, x, row, phase, first);
            }
            long width = (long) shape.width() * shape.channels();
            apply(f, parameter, x, row * width, width);
        }
    }

    /// The pixels v of one row of x that the same taps across reach: (v + pad) mod stride = `phase`.
    private void transposedRow(
            ConvolutionShape shape,
            MemorySegment y,
            MemorySegment laid,
            MemorySegment bias,
            MemorySegment x,
            long row,
            int phase,
            boolean first) {
        Window window = shape.window();
        int stride = window.strideAcross();
        int place = (int) (row % shape.height()) + window.padDown();
        int phaseDown = place % window.strideDown();
        int down = reached(window.height(), window.strideDown(), phaseDown);
        int across = reached(window.width(), stride, phase);
        int start = Math.floorMod(phase - window.padAcross(), stride);
        int inner = down * across * shape.outputs();
        int channels = shape.channels();
        MemorySegment patches = Scratch.ofThread().run(PATCHES * inner);
        MemorySegment chains = Scratch.ofThread().chains(PATCHES * channels);
        long taps = before(window.height(), window.strideDown(), phaseDown) * (long) window.width()
                + (long) down * before(window.width(), stride, phase);
        long at = taps * shape.outputs() * channels;
        for (int v = start; v < shape.width(); v += PATCHES * stride) {
            int count = Math.min(PATCHES, (shape.width() - v + stride - 1) / stride);
            for (int i = 0; i < count; i++) {
                gatherReached(shape, y, row, place, v + i * stride, down, across, patches, (long) i * inner);
            }
            product()
                    .multiply(
                            patches, 0, inner, 1, laid, at, channels, 1, null, chains, 0, count, inner, channels, 1, 0);
            for (int i = 0; i < count; i++) {
                long pixel = row * shape.width() + v + (long) i * stride;
                spread(chains, (long) i * channels, bias, x, pixel * channels, channels, first);
            }
        }
    }

    /// The pixels of y that reach one pixel of x.
    ///
    /// @param place row of x in its padded image
    private static void gatherReached(
            ConvolutionShape shape,
            MemorySegment y,
            long row,
            int place,
            int v,
            int down,
            int across,
            MemorySegment to,
            long at) {
        Window window = shape.window();
        int outputs = shape.outputs();
        long image = row / shape.height();
        int top = place / window.strideDown();
        int left = (v + window.padAcross()) / window.strideAcross();
        long into = at;
        for (int r = 0; r < down; r++) {
            int p = top - r;
            for (int s = 0; s < across; s++) {
                int q = left - s;
                if (p < 0 || p >= shape.outHeight() || q < 0 || q >= shape.outWidth()) {
                    clear(to, into, outputs);
                } else {
                    long pixel = (image * shape.outHeight() + p) * shape.outWidth() + q;
                    copy(y, pixel * outputs, to, into, outputs);
                }
                into += outputs;
            }
        }
    }

    @Override
    default void convolveParts(
            ConvolutionShape shape, MemorySegment x, MemorySegment dy, MemorySegment partials, long from, long to) {
        int outputs = shape.outputs();
        int channels = shape.channels();
        long pixels = shape.pixels();
        long each = Math.ceilDiv(pixels, (long) ConvolutionMath.parts(shape));
        for (long item = from; item < to; item++) {
            long start = item / shape.taps() * each;
            int tap = (int) (item % shape.taps());
            int count = (int) Math.min(each, pixels - start);
            MemorySegment seen = Scratch.ofThread().run(count * channels);
            for (int i = 0; i < count; i++) {
                gatherTap(shape, x, start + i, tap, seen, (long) i * channels);
            }
            long into = item * outputs * channels;
            product()
                    .multiply(
                            dy,
                            start * outputs,
                            1,
                            outputs,
                            seen,
                            0,
                            channels,
                            1,
                            null,
                            partials,
                            into,
                            outputs,
                            count,
                            channels,
                            1,
                            0);
        }
    }

    /// The pixel of x that one pixel of y sees through one tap.
    private static void gatherTap(
            ConvolutionShape shape, MemorySegment x, long pixel, int tap, MemorySegment to, long at) {
        Window window = shape.window();
        long rows = pixel / shape.outWidth();
        int v = (int) (pixel % shape.outWidth()) * window.strideAcross() + tap % window.width() - window.padAcross();
        int h = (int) (rows % shape.outHeight()) * window.strideDown() + tap / window.width() - window.padDown();
        if (h < 0 || h >= shape.height() || v < 0 || v >= shape.width()) {
            clear(to, at, shape.channels());
        } else {
            long seen = (rows / shape.outHeight() * shape.height() + h) * shape.width() + v;
            copy(x, seen * shape.channels(), to, at, shape.channels());
        }
    }

    @Override
    default void sumParts(
            ConvolutionShape shape, MemorySegment partials, MemorySegment dw, long from, long to, boolean first) {
        int parts = ConvolutionMath.parts(shape);
        int channels = shape.channels();
        long each = (long) shape.outputs() * shape.patch();
        for (long tap = from; tap < to; tap++) {
            for (int o = 0; o < shape.outputs(); o++) {
                long at = (tap * shape.outputs() + o) * channels;
                long into = ((long) o * shape.taps() + tap) * channels;
                for (int c = 0; c < channels; c++) {
                    float sum = get(partials, at + c);
                    for (int part = 1; part < parts; part++) {
                        sum += get(partials, part * each + at + c);
                    }
                    Floats.contribute(dw, into + c, sum, first);
                }
            }
        }
    }

    /// The chains of one pixel to its place.
    private static void spread(
            MemorySegment chains, long from, MemorySegment bias, MemorySegment x, long at, int cols, boolean first) {
        for (int j = 0; j < cols; j++) {
            float v = get(chains, from + j);
            v = first ? v : get(x, at + j) + v;
            put(x, at + j, bias == null ? v : v + get(bias, j));
        }
    }

    private void apply(Unary f, float parameter, MemorySegment y, long at, long length) {
        if (f != Unary.IDENTITY) {
            loop(f, 0, length).forward(parameter, y, y, at, at + length);
        }
    }

    private static void copy(MemorySegment from, long fromAt, MemorySegment to, long toAt, long length) {
        MemorySegment.copy(from, fromAt * Float.BYTES, to, toAt * Float.BYTES, length * Float.BYTES);
    }

    private static void clear(MemorySegment to, long at, long length) {
        for (long e = at; e < at + length; e++) {
            put(to, e, 0.0f);
        }
    }
}
