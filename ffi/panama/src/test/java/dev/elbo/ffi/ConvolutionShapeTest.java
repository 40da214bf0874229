package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.ffi.ConvolutionShape.Pass;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConvolutionShapeTest {
    private static final Images IMAGES = new Images(2, 3, 64, 32, Layout.NCHW);

    @Test
    void outputCountsThePositionsOfTheFilter() {
        ConvolutionShape halving =
                ConvolutionShape.of(IMAGES, 8, 4, 4).stride(2, 2).padding(1, 1);
        assertEquals(new Images(2, 8, 32, 16, Layout.NCHW), halving.output());
        ConvolutionShape ragged = ConvolutionShape.of(new Images(1, 1, 10, 9, Layout.NHWC), 1, 3, 2)
                .stride(3, 2)
                .dilation(2, 3);
        for (boolean vertical : new boolean[] {true, false}) {
            int input = vertical ? 10 : 9;
            int reach = vertical ? 2 * 2 : 3;
            int stride = vertical ? 3 : 2;
            int positions = 0;
            for (int at = 0; at + reach < input; at += stride) {
                positions++;
            }
            assertEquals(
                    positions,
                    vertical ? ragged.output().height() : ragged.output().width());
        }
    }

    @Test
    void operandsOfAPassAreTheOtherTwo() {
        ConvolutionShape c = ConvolutionShape.of(IMAGES, 8, 5, 3);
        Images w = new Images(8, 3, 5, 3, Layout.NCHW);
        Images y = new Images(2, 8, 60, 30, Layout.NCHW);
        assertEquals(List.of(IMAGES, w, y), shapes(c, Pass.FORWARD));
        assertEquals(List.of(w, y, IMAGES), shapes(c, Pass.DATA_GRADIENT));
        assertEquals(List.of(IMAGES, y, w), shapes(c, Pass.FILTER_GRADIENT));
    }

    private static List<Images> shapes(ConvolutionShape c, Pass pass) {
        return List.of(c.first(pass), c.second(pass), c.result(pass));
    }

    @Test
    void aFilterThatDoesNotFitIsMisuseWithBothShapes() {
        assertEquals(
                "convolution: the filter does not fit; images=(2, 3, 64, 32), filters=(8, 3, 65, 3), stride=(1, 1),"
                        + " padding=(0, 0), dilation=(1, 1)",
                assertThrows(IllegalArgumentException.class, () -> ConvolutionShape.of(IMAGES, 8, 65, 3))
                        .getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> ConvolutionShape.of(IMAGES, 8, 3, 3).stride(0, 1));
    }

    @Test
    void stridesSayTheLayout() {
        Images nchw = new Images(2, 3, 4, 5, Layout.NCHW);
        Images nhwc = new Images(2, 3, 4, 5, Layout.NHWC);
        assertArrayEquals(new long[] {60, 20, 5, 1}, nchw.strides());
        assertArrayEquals(new long[] {60, 1, 15, 3}, nhwc.strides());
        assertEquals(120, nhwc.size());
    }

    @Test
    void aFilterGradientTakesNoEpilogue() {
        ConvolutionTask task = ConvolutionTask.of(ConvolutionShape.of(IMAGES, 8, 3, 3), Pass.FILTER_GRADIENT);
        assertThrows(IllegalArgumentException.class, () -> task.then(Activation.NONE));
    }
}
