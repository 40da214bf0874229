package dev.elbo.ffi.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreparedTest extends OneDnnTests {
    @Test
    void equalSpecificationsShareOneProduct() {
        Prepared prepared = new Prepared(4);
        Product first = prepared.product(Product.Spec.of(2, 3, 4).withBias());
        assertSame(first, prepared.product(Product.Spec.of(2, 3, 4).withBias()));
        assertNotSame(first, prepared.product(Product.Spec.of(2, 3, 4)));
        Geometry g = Geometry.of(1, 2, 5, 5, 3, Window.of(3, 1, 1));
        Convolution.Spec s = Convolution.Spec.of(g, Convolution.Direction.TO_Y);
        assertSame(prepared.convolution(s), prepared.convolution(s));
    }

    @Test
    void theOneUsedLongestAgoFallsOutAndStaysGood() {
        Prepared prepared = new Prepared(2);
        Product old = prepared.product(Product.Spec.of(1, 1, 1));
        Product kept = prepared.product(Product.Spec.of(1, 1, 2));
        MemorySegment c = buffer(1);
        List<Stage> stages =
                old.stages(upload(new float[] {3}), upload(new float[] {5}), MemorySegment.NULL, c, MemorySegment.NULL);
        prepared.product(Product.Spec.of(1, 1, 3));
        assertSame(kept, prepared.product(Product.Spec.of(1, 1, 2)));
        assertNotSame(old, prepared.product(Product.Spec.of(1, 1, 1)));
        System.gc();
        runHere(stages);
        assertEquals(15, download(c)[0]);
    }

    @Test
    void roomForNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Prepared(0));
    }
}
