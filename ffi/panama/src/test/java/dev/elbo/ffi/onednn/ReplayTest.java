package dev.elbo.ffi.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.ffi.ChildJvm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A stage that has run runs again without allocating on the Java heap.
///
/// Counted in a JVM that never collects and hands out each object singly, so that its heap shows every one.
class ReplayTest {
    private static final int RUNS = 50;
    private static final int STRETCHES = 1000;

    /// Prints the bytes one run of each kind of work allocates.
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            try (Arena owner = Arena.ofShared()) {
                report("one row", product(Product.Spec.of(1, 50, 70).withBias(), owner));
                report("rows", product(Product.Spec.of(40, 50, 70).withBias(), owner));
                report("partial sums", product(Product.Spec.of(5, 8_192, 6).transposingA(), owner));
                Geometry g = Geometry.of(3, 4, 8, 8, 5, Window.of(3, 1, 1));
                for (Convolution.Direction direction : Convolution.Direction.values()) {
                    report(
                            direction.toString(),
                            convolution(Convolution.Spec.of(g, direction).withBias(), owner));
                }
            }
        }

        private static List<Stage> product(Product.Spec s, Arena owner) {
            Product product = Product.of(s, owner);
            return product.stages(
                    buffer(s.rows() * s.inner(), owner),
                    buffer(s.inner() * s.cols(), owner),
                    s.bias() ? buffer(s.cols(), owner) : MemorySegment.NULL,
                    buffer(s.rows() * s.cols(), owner),
                    owner.allocate(product.workspaceBytes(), 64));
        }

        private static List<Stage> convolution(Convolution.Spec s, Arena owner) {
            Convolution convolution = Convolution.of(s, owner);
            Geometry g = s.geometry();
            return convolution.stages(
                    buffer(g.n() * g.sizeX(), owner),
                    buffer(g.sizeW(), owner),
                    buffer(Math.max(g.in(), g.out()), owner),
                    buffer(g.n() * g.sizeY(), owner),
                    owner.allocate(convolution.workspaceBytes(), 64));
        }

        private static MemorySegment buffer(long count, Arena owner) {
            return owner.allocate(count * Float.BYTES, 64);
        }

        private static void report(String name, List<Stage> stages) {
            System.out.println(name + "=" + leastAllocatedPerRun(stages.toArray(Stage[]::new)));
        }

        /// The least of many stretches: the first ones load classes and run in the interpreter, which allocates.
        private static long leastAllocatedPerRun(Stage[] stages) {
            Runtime heap = Runtime.getRuntime();
            long least = Long.MAX_VALUE;
            for (int stretch = 0; stretch < STRETCHES && least > 0; stretch++) {
                long before = heap.freeMemory();
                for (int i = 0; i < RUNS; i++) {
                    for (Stage stage : stages) {
                        stage.run(0, stage.blocks());
                    }
                }
                least = Math.min(least, (before - heap.freeMemory()) / RUNS);
            }
            return least;
        }
    }

    @Test
    void allocatesNothing() throws Exception {
        assumeTrue(OneDnn.library().present(), OneDnn.library().toString());
        ChildJvm.Outcome outcome = ChildJvm.run(
                Program.class,
                "-XX:TieredStopAtLevel=4",
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:+UseEpsilonGC",
                "-XX:-UseTLAB",
                "-Xms1g",
                "-Xmx1g");
        assertEquals(
                List.of("one row=0", "rows=0", "partial sums=0", "TO_Y=0", "TO_X=0", "TO_W=0"),
                outcome.output().lines().filter(line -> !line.startsWith("[")).toList());
    }
}
