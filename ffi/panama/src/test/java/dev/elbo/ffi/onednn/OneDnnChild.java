package dev.elbo.ffi.onednn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.NativeException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What [OneDnnLibraryTest] runs in a process of its own: finds oneDNN and multiplies two matrices of ones.
final class OneDnnChild {
    private OneDnnChild() {}

    public static void main(String[] args) {
        System.out.println("library=" + OneDnn.library());
        System.out.println("version=" + OneDnn.library().version());
        try (Arena arena = Arena.ofShared()) {
            MemorySegment ones = arena.allocate(JAVA_FLOAT, 8 * 8);
            for (int i = 0; i < 64; i++) {
                ones.setAtIndex(JAVA_FLOAT, i, 1);
            }
            MemorySegment c = arena.allocate(JAVA_FLOAT, 64);
            Product.of(Product.Spec.of(8, 8, 8), arena)
                    .stages(ones, ones, MemorySegment.NULL, c, MemorySegment.NULL)
                    .forEach(stage -> stage.run(0, stage.blocks()));
            System.out.println("product=" + c.getAtIndex(JAVA_FLOAT, 63));
        } catch (NativeException e) {
            System.out.println("exception=" + e.getMessage());
        }
    }
}
