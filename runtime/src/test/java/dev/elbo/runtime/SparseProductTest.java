package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.elbo.ffi.onednn.OneDnn;
import dev.elbo.ffi.onednn.Product;
import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.Unary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ObjLongConsumer;
import org.junit.jupiter.api.Test;

/// Products of few non-zeros: what the sums of rows are, when they are chosen, and that nobody can tell by the bits.
class SparseProductTest {
    private static final double[] DENSITIES = {0, 0.001, 0.13, 0.19, 0.3, 1};

    private final AtomicInteger sums = new AtomicInteger();

    /// Plain loops that say that sums of rows are fast, and count who asks for them.
    private final CpuMath counting = fast((_, _) -> {});

    /// Plain loops that say that sums of rows are fast.
    ///
    /// @param afterSums told of the result and of the first element after those that were summed
    private CpuMath fast(ObjLongConsumer<MemorySegment> afterSums) {
        return (CpuMath) Proxy.newProxyInstance(
                CpuMath.class.getClassLoader(), new Class<?>[] {CpuMath.class}, (_, method, arguments) -> {
                    if (method.getName().equals("sumsRowsFast")) {
                        return true;
                    }
                    try {
                        return method.invoke(CpuMath.plain(), arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    } finally {
                        if (method.getName().equals("multiplySparse")) {
                            sums.incrementAndGet();
                            afterSums.accept((MemorySegment) arguments[4], (long) arguments[6] * (int) arguments[9]);
                        }
                    }
                });
    }

    /// A product with its factors, `rows` of which stand in memory where a is transposed as `inner`.
    private record Case(ProductShape shape, boolean bias, float[] a, float[] b, float[] added, float[] before) {
        static Case of(int rows, int inner, int cols, boolean transposeA, boolean accumulate, double density) {
            SplittableRandom random = new SplittableRandom(rows + inner + cols);
            float[] a = new float[rows * inner];
            for (int e = 0; e < a.length; e++) {
                a[e] = random.nextDouble() < density ? (e % 3 == 0 ? (float) random.nextGaussian() : 1) : 0;
            }
            ProductShape shape = new ProductShape(rows, inner, cols, transposeA, false, accumulate);
            boolean bias = !transposeA && !accumulate;
            return new Case(
                    shape, bias, a, normals(random, inner * cols), normals(random, cols), normals(random, rows * cols));
        }

        private static float[] normals(SplittableRandom random, int count) {
            float[] values = new float[count];
            for (int e = 0; e < count; e++) {
                values[e] = (float) random.nextGaussian();
            }
            return values;
        }

        float[] on(CpuOptions options) {
            return on(options, new AtomicInteger());
        }

        /// @param sums set to 0 once the product is prepared and tried, before it runs again
        float[] on(CpuOptions options, AtomicInteger sums) {
            try (CpuDevice cpu = CpuDevice.open(options);
                    Arena owner = Arena.ofShared()) {
                Memory memory = Memory.of(cpu, "test", owner);
                float[] result = before;
                for (int time = 0; time < 2; time++) {
                    sums.set(0);
                    Tensor c = memory.floats(Shape.of(shape.rows(), shape.cols()), before);
                    cpu.bindProduct(
                            "product",
                            shape,
                            memory.floats(Shape.of(a.length), a),
                            memory.floats(Shape.of(b.length), b),
                            bias ? memory.floats(Shape.of(added.length), added) : null,
                            c,
                            Unary.IDENTITY,
                            0);
                    result = cpu.floats(c);
                }
                return result;
            }
        }

        boolean hasOneDnnsBits() {
            Product.Spec spec = Product.Spec.of(shape.rows(), shape.inner(), shape.cols());
            spec = shape.transposeA() ? spec.transposingA() : spec;
            spec = shape.accumulate() ? spec.accumulating() : spec;
            try (Arena owner = Arena.ofConfined()) {
                return SumsTrial.hasBitsOf(Product.of(bias ? spec.withBias() : spec, owner), CpuMath.plain());
            }
        }

        /// The same in f64, and how far an f32 sum may be from it.
        void assertClose(float[] c) {
            for (int i = 0; i < shape.rows(); i++) {
                for (int j = 0; j < shape.cols(); j++) {
                    int at = i * shape.cols() + j;
                    double sum = (shape.accumulate() ? before[at] : 0.0) + (bias ? added[j] : 0.0);
                    double size = Math.abs(sum);
                    for (int k = 0; k < shape.inner(); k++) {
                        int from = shape.transposeA() ? k * shape.rows() + i : i * shape.inner() + k;
                        double term = (double) a[from] * b[k * shape.cols() + j];
                        sum += term;
                        size += Math.abs(term);
                    }
                    assertEquals(sum, c[at], 1e-6 * (1 + size), shape + " at " + i + ", " + j);
                }
            }
        }
    }

    private static CpuOptions oneDnn(CpuMath math) {
        return new CpuOptions(2, math, true);
    }

    private static void assumeItsOrderIsKnown() {
        assumeTrue(OneDnn.library().present(), "no oneDNN");
        ProductShape shape = new ProductShape(64, 64, 64, false, false, false);
        try (Arena owner = Arena.ofShared()) {
            Product product = Product.of(Product.Spec.of(64, 64, 64), owner);
            assumeTrue(SparseProduct.suits(shape, product), "the kernel is another: " + product.implementation());
            assumeTrue(SumsTrial.hasBitsOf(product, CpuMath.plain()), "it adds up otherwise on this processor");
        }
    }

    @Test
    void sumsOfRowsAreTheProduct() {
        int[][] shapes = {{1, 1, 1}, {33, 64, 65}, {40, 513, 70}, {15, 1025, 17}, {1, 300, 1}};
        for (int[] s : shapes) {
            for (double density : DENSITIES) {
                for (int kind = 0; kind < 4; kind++) {
                    Case each = Case.of(s[0], s[1], s[2], (kind & 1) != 0, (kind & 2) != 0, density);
                    each.assertClose(summed(each));
                }
            }
        }
    }

    private static float[] summed(Case each) {
        try (CpuDevice cpu = CpuDevice.open(new CpuOptions(1, CpuMath.plain(), false));
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "test", owner);
            ProductShape shape = each.shape;
            Tensor c = memory.floats(Shape.of(shape.rows(), shape.cols()), each.before);
            cpu.math()
                    .multiplySparse(
                            memory.floats(Shape.of(each.a.length), each.a).data(),
                            shape.transposeA(),
                            memory.floats(Shape.of(each.b.length), each.b).data(),
                            each.bias
                                    ? memory.floats(Shape.of(each.added.length), each.added)
                                            .data()
                                    : null,
                            c.data(),
                            0,
                            shape.rows(),
                            shape.rows(),
                            shape.inner(),
                            shape.cols(),
                            shape.accumulate());
            return cpu.floats(c);
        }
    }

    /// On which the choice rests: a result may not depend on how many non-zeros its neighbours have.
    @Test
    void sumsOfRowsHaveTheBitsOfOneDnn() {
        assumeItsOrderIsKnown();
        int[][] shapes = {{40, 64, 64}, {33, 513, 65}, {128, 784, 400}, {100, 784, 500}, {47, 1024, 203}};
        for (int[] s : shapes) {
            for (double density : new double[] {0.001, 0.13, 0.15}) {
                assertSameBits(Case.of(s[0], s[1], s[2], false, false, density));
                assertSameBits(Case.of(s[1], s[0], s[2], true, false, density));
                assertSameBits(Case.of(s[1], s[0], s[2], true, true, density));
            }
        }
        assertSameBits(Case.of(784, 1000, 90, true, false, 0.13));
    }

    private void assertSameBits(Case each) {
        float[] expected = each.on(oneDnn(CpuMath.plain()));
        assertArrayEquals(expected, each.on(oneDnn(counting), sums), each.shape.toString());
        assertEquals(each.hasOneDnnsBits(), sums.get() > 0, each.shape.toString());
    }

    /// As on a processor where oneDNN adds up otherwise: here it is the sums that do, by one bit of one column.
    @Test
    void sumsOfOtherBitsAreNotChosen() {
        assumeItsOrderIsKnown();
        CpuMath otherwise = fast((c, end) -> {
            float last = c.getAtIndex(ValueLayout.JAVA_FLOAT, end - 1);
            c.setAtIndex(ValueLayout.JAVA_FLOAT, end - 1, Math.nextUp(last));
        });
        for (boolean transposed : new boolean[] {false, true}) {
            Case each = Case.of(64, 100, 64, transposed, false, 0.1);
            assertArrayEquals(each.on(oneDnn(CpuMath.plain())), each.on(oneDnn(otherwise), sums));
            assertEquals(0, sums.get());
        }
    }

    @Test
    void aFifthIsFewAndOneMoreIsNot() {
        assumeItsOrderIsKnown();
        Case few = Case.of(32, 100, 64, false, false, 0);
        for (int i = 0; i < 32; i++) {
            for (int k = 0; k < 20; k++) {
                few.a[100 * i + k] = 1;
            }
        }
        few.on(oneDnn(counting), sums);
        assertTrue(sums.get() > 0);
        few.a[20] = 1;
        few.assertClose(few.on(oneDnn(counting), sums));
        assertEquals(0, sums.get());
    }

    @Test
    void sumsOfRowsDoNotDependOnThreads() {
        assumeItsOrderIsKnown();
        for (boolean transposed : new boolean[] {true, false}) {
            Case each = Case.of(133, 150, 131, transposed, false, 0.15);
            float[] one = each.on(new CpuOptions(1, counting, true), sums);
            assertEquals(each.hasOneDnnsBits(), sums.get() > 0);
            assertArrayEquals(one, each.on(new CpuOptions(2, counting, true)));
            assertArrayEquals(one, each.on(new CpuOptions(3, counting, true)));
        }
    }

    /// Zero times NaN or infinity is NaN, however few the others are.
    @Test
    void whatIsNotFiniteIsNotPassedOver() {
        assumeItsOrderIsKnown();
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            Case each = Case.of(40, 100, 70, false, false, 0.1);
            each.b[99 * 70 + 7] = bad;
            float[] c = each.on(oneDnn(counting), sums);
            assertEquals(0, sums.get());
            assertArrayEquals(each.on(oneDnn(CpuMath.plain())), c);
            for (int i = 0; i < 40; i++) {
                assertEquals(
                        each.a[100 * i + 99] == 0,
                        Float.isNaN(c[70 * i + 7]) && bad == bad || each.a[100 * i + 99] == 0);
            }
        }
    }

    @Test
    void anInputThatIsNotFiniteSpoilsItsRowAlone() {
        assumeItsOrderIsKnown();
        Case each = Case.of(40, 100, 70, false, false, 0.1);
        each.a[5] = Float.NaN;
        each.a[105] = Float.POSITIVE_INFINITY;
        assertSameBits(each);
        float[] c = each.on(oneDnn(counting));
        for (int j = 0; j < 70; j++) {
            assertTrue(Float.isNaN(c[j]) && Float.isInfinite(c[70 + j]) && Float.isFinite(c[140 + j]));
        }
    }

    /// A recorded product looks again at every run.
    @Test
    void theChoiceIsThatOfTheRun() {
        assumeItsOrderIsKnown();
        Case few = Case.of(64, 100, 64, false, false, 0.1);
        Case many = Case.of(64, 100, 64, false, false, 0.9);
        try (CpuDevice cpu = CpuDevice.open(oneDnn(counting));
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(cpu, "test", owner);
            Tensor a = memory.floats(Shape.of(64, 100), few.a);
            Tensor b = memory.floats(Shape.of(100, 64), few.b);
            Tensor bias = memory.floats(Shape.of(64), few.added);
            Clock clock = Clock.of(1, 0, memory);
            try (Step<Tensor> step = Step.record(clock, "product", m -> {
                Tensor c = m.empty(Shape.of(64, 64));
                cpu.bindProduct("product", few.shape, a, b, bias, c, Unary.IDENTITY, 0);
                return c;
            })) {
                for (Case each : new Case[] {many, few, many}) {
                    a.data().copyFrom(MemorySegment.ofArray(each.a));
                    sums.set(0);
                    step.run();
                    assertEquals(each == few, sums.get() > 0);
                }
            }
        }
    }
}
