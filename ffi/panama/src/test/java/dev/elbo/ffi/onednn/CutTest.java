package dev.elbo.ffi.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CutTest {
    @Test
    void blocksCoverTheRangeOnceAndNoneIsASingleLeftOver() {
        for (long extent = 1; extent < 300; extent++) {
            for (long block = 2; block < 140; block++) {
                Cut cut = new Cut(extent, block);
                long next = 0;
                for (int i = 0; i < cut.count(); i++) {
                    assertEquals(next, cut.from(i), cut.toString());
                    assertTrue(cut.length(i) > 1 || extent == 1, cut + " has a block of one");
                    next += cut.length(i);
                }
                assertEquals(extent, next, cut.toString());
            }
        }
    }
}
