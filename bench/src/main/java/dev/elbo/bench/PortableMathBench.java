package dev.elbo.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.cpu.CpuMath;
import dev.elbo.runtime.cpu.Rows;
import dev.elbo.runtime.cpu.Term;
import dev.elbo.runtime.cpu.Unary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Question: what does an element of each CPU loop cost, in plain Java and with vectors, and does a loop allocate?
/// Read `ns/op` as nanoseconds per element; of the product of two 128 × 128 matrices, as nanoseconds per 128
/// multiply-adds.
///
/// One thread, 16,384 elements, which stay in the second-level cache. JMH runs the providers minutes apart; [#main]
/// lets them take turns instead, and counts their own processor time, which is fair on a machine with other work.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 20, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@State(Scope.Thread)
public class PortableMathBench {
    static final int N = 1 << 14;
    private static final int COLS = 512;
    private static final int SIDE = 128;

    @Param({"plain", "vector"})
    String provider;

    @Param({
        "Math.exp",
        "exp",
        "log",
        "sigmoid",
        "softplus",
        "tanh",
        "sum",
        "bernoulli",
        "gaussian",
        "logsumexp",
        "softmax",
        "uniforms",
        "normals",
        "adam"
    })
    String work;

    private Arena owner;
    private CpuMath math;
    private MemorySegment x;
    private MemorySegment v;
    private MemorySegment y;
    private MemorySegment moment;
    private MemorySegment square;

    @Setup
    public void prepare() {
        owner = Arena.ofShared();
        math = provider.equals("plain") ? CpuMath.plain() : CpuMath.best();
        if (provider.equals("vector") == (math == CpuMath.plain())) {
            throw new IllegalStateException("the vector module is missing; provider=" + provider);
        }
        x = owner.allocate(JAVA_FLOAT, N);
        v = owner.allocate(JAVA_FLOAT, N);
        y = owner.allocate(JAVA_FLOAT, N);
        moment = owner.allocate(JAVA_FLOAT, N);
        square = owner.allocate(JAVA_FLOAT, N);
        math.normals(x, 0, N, 1, 0, 1);
        math.normals(v, 0, N, 1, 0, 2);
        check();
    }

    /// Both providers once, from the same state: the same bits, or two different things would be compared.
    private void check() {
        MemorySegment expected = owner.allocate(JAVA_FLOAT, N);
        CpuMath chosen = math;
        for (CpuMath each : new CpuMath[] {CpuMath.plain(), chosen}) {
            for (MemorySegment state : new MemorySegment[] {y, moment, square}) {
                state.fill((byte) 0);
            }
            math = each;
            runWork();
            if (each == CpuMath.plain()) {
                expected.copyFrom(y);
            }
        }
        if (expected.mismatch(y) >= 0) {
            throw new IllegalStateException("the providers differ; work=" + work);
        }
    }

    @TearDown
    public void close() {
        owner.close();
    }

    @Benchmark
    @OperationsPerInvocation(N)
    public void perElement() {
        runWork();
    }

    void runWork() {
        int rows = N / COLS;
        switch (work) {
            case "Math.exp" -> {
                for (long e = 0; e < N; e++) {
                    y.setAtIndex(JAVA_FLOAT, e, (float) Math.exp(x.getAtIndex(JAVA_FLOAT, e)));
                }
            }
            case "exp" -> math.unary(Unary.EXP, 0, x, y, 0, N);
            case "log" -> math.unary(Unary.LOG, 0, x, y, 0, N);
            case "sigmoid" -> math.unary(Unary.SIGMOID, 0, x, y, 0, N);
            case "softplus" -> math.unary(Unary.SOFTPLUS, 0, x, y, 0, N);
            case "tanh" -> math.unary(Unary.TANH, 0, x, y, 0, N);
            case "sum" -> math.sumRows(Term.VALUE, Rows.of(x), null, null, y, 0, rows, COLS, 1, true);
            case "bernoulli" -> math.sumRows(Term.BERNOULLI, Rows.of(x), Rows.of(v), null, y, 0, rows, COLS, 1, true);
            case "gaussian" ->
                math.sumRows(Term.GAUSSIAN, Rows.of(x), Rows.of(v), Rows.of(v), y, 0, rows, COLS, 1, true);
            case "logsumexp" -> math.logSumExpRows(x, y, 0, rows, COLS, 0);
            case "softmax" -> math.softmaxRows(x, y, 0, rows, COLS);
            case "uniforms" -> math.uniforms(y, 0, N, 1, 2, 3);
            case "normals" -> math.normals(y, 0, N, 1, 2, 3);
            case "adam" -> math.adam(y, x, moment, square, 0, N, 1, 1e-3f, 0.9f, 0.999f, 1, 1, 1e-8f, false, 0, false);
            case "product" ->
                math.multiply(x, SIDE, 1, v, SIDE, 1, null, y, 0, SIDE, SIDE, SIDE, 1, 0, Unary.IDENTITY, 0);
            default -> throw new IllegalArgumentException("no such work: " + work);
        }
    }

    /// Measures and appends to `bench/results/portable-math.jsonl`.
    ///
    /// @param arguments the folder of the results
    public static void main(String[] arguments) throws IOException {
        PortableMathPairs.append(Path.of(arguments[0], "portable-math.jsonl"));
    }
}
