package dev.elbo.ffi.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReorderTest extends OneDnnTests {
    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "2, 3, 31, 33", "3, 33, 7, 127", "1, 127, 1, 31"})
    void channelsMoveToTheEndAndBack(long n, long channels, long height, long width) {
        long[] extents = {n, channels, height, width};
        long[] first = ChannelOrder.FIRST.strides(channels, height, width);
        long[] last = ChannelOrder.LAST.strides(channels, height, width);
        float[] x = values(1, n * channels * height * width);
        MemorySegment y = buffer(x.length);
        MemorySegment back = buffer(x.length);
        MemorySegment from = upload(x);
        runHere(Reorder.of(extents, first, last, false, arena).stages(from, y));
        runHere(Reorder.of(extents, last, first, false, arena).stages(y, back));
        float[] moved = download(y);
        for (long i = 0; i < x.length; i++) {
            long w = i % width;
            long h = i / width % height;
            long c = i / width / height % channels;
            long image = i / width / height / channels;
            assertEquals(x[(int) i], moved[(int) (((image * height + h) * width + w) * channels + c)]);
        }
        assertSameBits(x, download(back), "there and back");
    }

    @Test
    void transposesAndAdds() {
        float[] x = values(1, 31 * 33);
        float[] y0 = values(2, 31 * 33);
        MemorySegment y = upload(y0);
        long[] extents = {31, 33};
        runHere(Reorder.of(extents, new long[] {33, 1}, new long[] {1, 31}, true, arena)
                .stages(upload(x), y));
        float[] actual = download(y);
        for (int i = 0; i < 31; i++) {
            for (int j = 0; j < 33; j++) {
                assertEquals(y0[j * 31 + i] + x[i * 33 + j], actual[j * 31 + i], 1e-5f);
            }
        }
    }
}
