package dev.elbo.runtime.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.elbo.runtime.ChildJvm;
import dev.elbo.runtime.chain.Form;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Once compiled, the vector loops allocate nothing. A vector that is allocated is one that the compiler could not
/// keep in a register, which costs ten times the work itself. In a JVM of its own: where other tests have run, the
/// compiler has seen other shapes and inlines less.
class VectorLoopsCompileTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int N = 4099; // so that there is a masked tail

    private static void assertSettlesToNoAllocation(String what, Runnable work) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        long allocated;
        do {
            for (int i = 0; i < 500; i++) {
                work.run();
            }
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10; i++) {
                work.run();
            }
            allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        } while (allocated > 0 && System.nanoTime() < end);
        assertEquals(0, allocated, what + ": bytes in ten calls");
    }

    @Test
    void nothingIsBoxed() throws Exception {
        ChildJvm.output(Program.class, ChildJvm.COMPILED, "loops");
    }

    @Test
    void chainsAllocateNothing() throws Exception {
        ChildJvm.output(Program.class, ChildJvm.COMPILED, "chains");
    }

    /// Ends well if what it is asked for settles to no allocation.
    static final class Program {
        public static void main(String[] arguments) {
            switch (arguments[0]) {
                case "loops" -> runLoops();
                case "chains" -> runChains();
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    private static void runLoops() {
        CpuMath math = Fingerprints.vectors();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment x = arena.allocate(JAVA_FLOAT, N);
            MemorySegment y = arena.allocate(JAVA_FLOAT, N);
            math.normals(x, 0, N, 1, 2, 3);
            Rows rows = Rows.of(x);
            assertSettlesToNoAllocation("sigmoid", () -> math.unary(Unary.SIGMOID, 0, x, y, 0, N));
            assertSettlesToNoAllocation("softplus", () -> math.unary(Unary.SOFTPLUS, 0, x, y, 0, N));
            assertSettlesToNoAllocation(
                    "softplus pullback", () -> math.unaryPullback(Unary.SOFTPLUS, 0, x, x, x, y, 0, N, false));
            assertSettlesToNoAllocation(
                    "Bernoulli", () -> math.sumRows(Term.BERNOULLI, rows, rows, null, y, 0, 1, N, 1, true));
            assertSettlesToNoAllocation("normals", () -> math.normals(y, 1, N, 1, 2, 3));
            assertSettlesToNoAllocation("softmax", () -> math.softmaxRows(x, y, 0, 1, N));
            assertSettlesToNoAllocation(
                    "product",
                    () -> math.multiply(x, 64, 1, x, 64, 1, null, y, 0, 63, 64, 64, 1, 0, Unary.IDENTITY, 0));
            assertSettlesToNoAllocation(
                    "sums of rows", () -> math.multiplySparse(x, false, x, x, y, 0, 20, 20, 60, 67, false));
            assertSettlesToNoAllocation(
                    "sums of rows, transposed",
                    () -> math.multiplySparse(x, true, x, null, y, 0, 60, 60, 20, 67, true));
            MemorySegment sums = arena.allocate(JAVA_DOUBLE, 2 * 33);
            assertSettlesToNoAllocation("moments", () -> math.sumMoments(x, sums, 0, 1, 100, 33));
            assertSettlesToNoAllocation(
                    "normalisation", () -> math.normalise(x, x, x, x, y, 0, 100, 33, Unary.RELU, 0));
            assertSettlesToNoAllocation(
                    "normalisation's sums", () -> math.sumSlopes(x, x, x, y, sums, 0, 1, 100, 33, Unary.RELU, 0));
            assertSettlesToNoAllocation(
                    "normalisation's pullback", () -> math.normalisePullback(x, x, x, x, y, 0, 100, 33, false));
        }
    }

    /// A group with a ragged edge, its gradients, and the same again in f64.
    private static void runChains() {
        CpuMath math = CpuMath.best();
        int n = 20;
        int steps = 24;
        int states = 6;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment unary = arena.allocate(JAVA_FLOAT, n * steps * states);
            MemorySegment transitions = arena.allocate(JAVA_FLOAT, states * states);
            math.normals(unary, 0, n * steps * states, 1, 2, 3);
            math.normals(transitions, 0, states * states, 1, 2, 4);
            MemorySegment lengths = arena.allocate(JAVA_INT, n);
            for (int q = 0; q < n; q++) {
                lengths.setAtIndex(JAVA_INT, q, steps - q);
            }
            ChainScores scores = new ChainScores(unary, transitions, null, null, lengths, n, steps, states, false);
            ChainResults results = new ChainResults(
                    arena.allocate(JAVA_FLOAT, n),
                    null,
                    arena.allocate(JAVA_INT, n),
                    arena.allocate(JAVA_FLOAT, n * steps * states),
                    arena.allocate(JAVA_FLOAT, n * states * states));
            for (Form form : new Form[] {Form.AUTO, Form.SCAN, Form.SCALED_F64}) {
                assertSettlesToNoAllocation("chains, " + form, () -> math.logPartition(scores, form, results, 0, n));
            }
        }
    }
}
