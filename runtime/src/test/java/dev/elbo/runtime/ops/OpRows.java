package dev.elbo.runtime.ops;

import static dev.elbo.runtime.ops.Bench.INFINITY;
import static dev.elbo.runtime.ops.Bench.NAN;

import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// The table of all operations under test.
final class OpRows {
    /// Rows of the matrices that are tested by size of their columns.
    private static final int ROWS = 3;

    private OpRows() {}

    static List<OpRow> all() {
        List<OpRow> rows = new ArrayList<>();
        functions(rows);
        arithmetic(rows);
        sums(rows);
        normalisers(rows);
        likelihoods(rows);
        moves(rows);
        products(rows);
        draws(rows);
        samples(rows);
        fullCovariances(rows);
        dropouts(rows);
        shared(rows);
        ConvolutionRows.all(rows);
        return rows;
    }

    private static void functions(List<OpRow> rows) {
        IntFunction<List<Values>> wild = n -> List.of(Values.wild(n));
        IntFunction<List<Values>> away = n -> List.of(Values.awayFromZero(n));
        IntFunction<List<Values>> positive = n -> List.of(Values.positive(n));
        rows.add(function(
                Function.IDENTITY,
                wild,
                x -> x,
                b -> b.equal(b.f().map(Function.IDENTITY, b.vector(1, NAN)), 1, NAN),
                b -> b.equal(b.f().map(Function.IDENTITY, b.vector()))));
        rows.add(function(
                Function.EXP,
                n -> List.of(Values.tame(n)),
                Math::exp,
                b -> b.same(
                        b.f().exp(b.vector(1, 2)),
                        b.f().times(b.f().exp(b.vector(0.5, 1)), b.f().exp(b.vector(0.5, 1)))),
                b -> b.equal(b.f().exp(b.vector(-INFINITY, 0, 89, INFINITY, NAN)), 0, 1, INFINITY, INFINITY, NAN)));
        rows.add(function(
                Function.LOG,
                positive,
                Math::log,
                b -> b.equal(b.f().log(b.f().exp(b.vector(-3, 0.5, 7))), -3, 0.5, 7),
                b -> b.equal(b.f().log(b.vector(0, -1, 1, INFINITY, NAN)), -INFINITY, NAN, 0, INFINITY, NAN)));
        rows.add(function(
                Function.SQRT,
                positive,
                Math::sqrt,
                b -> b.equal(b.f().square(b.f().sqrt(b.vector(2, 3, 5))), 2, 3, 5),
                b -> b.equal(b.f().sqrt(b.vector(0, -1, INFINITY, NAN)), 0, NAN, INFINITY, NAN)));
        rows.add(function(
                Function.SQUARE,
                wild,
                x -> x * x,
                b -> b.same(b.f().square(b.vector(1.5, -2)), b.f().square(b.vector(-1.5, 2))),
                b -> b.equal(b.f().square(b.vector(-INFINITY, 1e30, NAN)), INFINITY, INFINITY, NAN)));
        rows.add(function(
                Function.ABS,
                away,
                Math::abs,
                b -> b.same(b.f().sqrt(b.f().square(b.vector(-3, 4))), b.f().abs(b.vector(-3, 4))),
                b -> b.equal(b.gradient(new Pointwise(Function.ABS), b.vector(-2, 0, 2)), -1, 0, 1)));
        rows.add(function(
                Function.NEGATE,
                wild,
                x -> -x,
                b -> b.equal(b.f().negate(b.f().negate(b.vector(1, -2))), 1, -2),
                b -> b.equal(b.f().negate(b.vector(INFINITY, NAN)), -INFINITY, NAN)));
        rows.add(function(
                Function.SIGMOID,
                wild,
                x -> 1 / (1 + Math.exp(-x)),
                b -> b.equal(b.f().plus(b.f().sigmoid(b.vector(0.3, 9)), b.f().sigmoid(b.vector(-0.3, -9))), 1, 1),
                b -> b.equal(b.f().sigmoid(b.vector(-INFINITY, 0, INFINITY, NAN)), 0, 0.5, 1, NAN)));
        rows.add(function(
                Function.TANH,
                wild,
                Math::tanh,
                b -> b.same(b.f().negate(b.f().tanh(b.vector(0.3, 2))), b.f().tanh(b.vector(-0.3, -2))),
                b -> b.equal(b.f().tanh(b.vector(-INFINITY, 0, INFINITY, NAN)), -1, 0, 1, NAN)));
        rows.add(function(
                Function.SOFTPLUS,
                wild,
                x -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
                b -> b.equal(b.f().minus(b.f().softplus(b.vector(0.7, 5)), b.f().softplus(b.vector(-0.7, -5))), 0.7, 5),
                b -> b.equal(b.f().softplus(b.vector(-INFINITY, 0, INFINITY, NAN)), 0, Math.log(2), INFINITY, NAN)));
        rows.add(function(
                Function.RELU,
                away,
                x -> Math.max(x, 0),
                b -> b.equal(b.f().minus(b.f().relu(b.vector(2, -3)), b.f().relu(b.vector(-2, 3))), 2, -3),
                b -> b.equal(b.gradient(new Pointwise(Function.RELU), b.vector(-1, 0, 1)), 0, 0, 1)));
        rows.add(row(
                "leakyRelu",
                Pointwise.class,
                away,
                (f, x) -> f.leakyRelu(x.getFirst(), 0.2f),
                each(x -> x < 0 ? 0.2f * x : x),
                2e-6,
                b -> b.equal(b.f().leakyRelu(b.f().leakyRelu(b.vector(-4, 2), 0.25f), 4), -4, 2),
                b -> b.equal(b.f().leakyRelu(b.vector(-INFINITY, 0, NAN), 0.1f), -INFINITY, 0, NAN)));
        rows.add(row(
                "scale",
                Scale.class,
                wild,
                (f, x) -> f.times(x.getFirst(), -1.5f),
                each(x -> -1.5 * x),
                2e-6,
                b -> b.equal(b.f().times(b.f().times(b.vector(3, 5), 4), 0.25f), 3, 5),
                b -> b.equal(b.f().times(b.vector(INFINITY, NAN), 0), NAN, NAN)));
    }

    private static void arithmetic(List<OpRow> rows) {
        rows.add(arithmetic(Arithmetic.PLUS, (a, b) -> a + b, b -> {
            Tensor x = b.vector(1, 2, 3);
            b.same(b.f().plus(x, b.vector(4, 5, 6)), b.f().plus(b.vector(4, 5, 6), x));
        }));
        rows.add(arithmetic(Arithmetic.MINUS, (a, b) -> a - b, b -> {
            Tensor x = b.vector(1, 2, 3);
            b.equal(b.f().minus(x, x), 0, 0, 0);
        }));
        rows.add(arithmetic(Arithmetic.TIMES, (a, b) -> a * b, b -> {
            Tensor x = b.matrix(2, 1, 2, 3, 4, 5, 6);
            b.same(b.f().times(x, 3), b.f().times(x, b.vector(3)));
        }));
        rows.add(arithmetic(Arithmetic.DIVIDE, (a, b) -> a / b, b -> {
            Tensor x = b.vector(1, 2, 3);
            b.equal(b.f().divide(x, x), 1, 1, 1);
        }));
        broadcast(rows, "row", n -> List.of(Values.wild(ROWS, n), Values.awayFromZero(n)), (i, n) -> i % n);
        broadcast(rows, "column", n -> List.of(Values.wild(ROWS, n), Values.awayFromZero(ROWS, 1)), (i, n) -> i / n);
        broadcast(rows, "number", n -> List.of(Values.wild(ROWS, n), Values.awayFromZero(1)), (_, _) -> 0);
    }

    private static OpRow arithmetic(Arithmetic f, DoubleBinaryOperator oracle, Consumer<Bench> law) {
        return row(
                Names.of(f),
                Combine.class,
                n -> List.of(Values.wild(n), Values.awayFromZero(n)),
                (ops, x) -> ops.apply(new Combine(f), x.get(0), x.get(1)),
                (x, _) -> {
                    double[] y = new double[x.get(0).length];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = oracle.applyAsDouble(x.get(0)[i], x.get(1)[i]);
                    }
                    return y;
                },
                2e-6,
                law,
                b -> b.refused(
                        Names.of(f) + ": shapes do not go together; left or right=(2), other=(3)",
                        () -> b.f().apply(new Combine(f), b.vector(1, 2), b.vector(1, 2, 3))));
    }

    /// Where an element of a broadcast operand is found.
    private interface Place {
        int of(int element, int cols);
    }

    private static void broadcast(List<OpRow> rows, String what, IntFunction<List<Values>> arguments, Place place) {
        for (boolean swapped : new boolean[] {false, true}) {
            for (Arithmetic f : new Arithmetic[] {Arithmetic.MINUS, Arithmetic.DIVIDE}) {
                rows.add(row(
                        Names.of(f) + (swapped ? " left " : " right ") + what,
                        Combine.class,
                        swapped ? n -> List.of(arguments.apply(n).get(1), Values.awayFromZero(ROWS, n)) : arguments,
                        (ops, x) -> ops.apply(new Combine(f), x.get(0), x.get(1)),
                        (x, like) -> broadcastOracle(f, x, like, swapped, place),
                        2e-6,
                        b -> b.same(
                                b.f().minus(b.matrix(2, 1, 2, 3, 4), b.matrix(2, 5, 6, 5, 6)),
                                b.f().minus(b.matrix(2, 1, 2, 3, 4), b.vector(5, 6))),
                        b -> b.equal(b.f().minus(b.matrix(1, 1, NAN), b.vector(INFINITY)), -INFINITY, NAN)));
            }
        }
    }

    private static double[] broadcastOracle(
            Arithmetic f, List<double[]> x, List<Values> like, boolean swapped, Place place) {
        int cols = like.get(swapped ? 1 : 0).shape().cols();
        double[] full = x.get(swapped ? 1 : 0);
        double[] small = x.get(swapped ? 0 : 1);
        double[] y = new double[full.length];
        for (int i = 0; i < y.length; i++) {
            double a = swapped ? small[place.of(i, cols)] : full[i];
            double b = swapped ? full[i] : small[place.of(i, cols)];
            y[i] = f == Arithmetic.MINUS ? a - b : a / b;
        }
        return y;
    }

    private static void sums(List<OpRow> rows) {
        IntFunction<List<Values>> wild = n -> List.of(Values.wild(ROWS, n));
        rows.add(row(
                "sum",
                Sum.class,
                wild,
                (f, x) -> f.sum(x.getFirst()),
                everything(x -> sum(x)),
                2e-6,
                b -> {
                    Tensor x = b.of(Values.wild(5000), 1);
                    b.same(
                            b.f().sum(x),
                            b.f().sum(b.f().concatRows(
                                            b.f().reshape(x, Shape.of(5, 1000)), b.matrix(1, new double[1000]))));
                },
                b -> b.equal(b.f().sum(b.vector()), 0)));
        rows.add(row(
                "mean",
                Sum.class,
                wild,
                (f, x) -> f.mean(x.getFirst()),
                everything(x -> sum(x) / x.length),
                2e-6,
                b -> b.equal(b.f().mean(b.vector(7, 7, 7)), 7),
                b -> b.equal(b.f().mean(b.vector(1, NAN)), NAN)));
        rows.add(row(
                "minusMean",
                Sum.class,
                wild,
                (f, x) -> f.minusMean(x.getFirst()),
                everything(x -> -sum(x) / x.length),
                2e-6,
                b -> b.same(
                        b.f().negate(b.f().mean(b.of(Values.wild(40, 50), 1))),
                        b.f().minusMean(b.of(Values.wild(40, 50), 1))),
                b -> b.equal(b.f().minusMean(b.vector(1, NAN)), NAN)));
        rows.add(row(
                "sumRows",
                SumRows.class,
                wild,
                (f, x) -> f.sumRows(x.getFirst()),
                eachRow(OpRows::sum),
                2e-6,
                b -> b.same(b.f().sum(b.matrix(2, 1, 2, 3, 4)), b.f().sum(b.f().sumRows(b.matrix(2, 1, 2, 3, 4)))),
                b -> b.equal(b.f().sumRows(b.matrix(2, 1, INFINITY, 3, NAN)), INFINITY, NAN)));
        rows.add(row(
                "meanRows",
                SumRows.class,
                wild,
                (f, x) -> f.meanRows(x.getFirst()),
                eachRow(x -> sum(x) / x.length),
                2e-6,
                b -> b.equal(b.f().meanRows(b.matrix(2, 5, 5, 6, 6)), 5, 6),
                b -> b.equal(b.f().meanRows(b.matrix(1, 3)), 3)));
        rows.add(row(
                "sumColumns",
                SumColumns.class,
                wild,
                (f, x) -> f.sumColumns(x.getFirst()),
                eachColumn(OpRows::sum),
                2e-6,
                b -> {
                    b.equal(b.f().sumColumns(b.matrix(2, 1, 2, 3, 4)), 4, 6);
                    b.equal(b.f().sumColumns(b.matrix(1500, counted(1500))), 1500 * 1499 / 2);
                },
                b -> b.equal(b.f().sumColumns(b.matrix(1, 1, NAN)), 1, NAN)));
        rows.add(row(
                "meanColumns",
                SumColumns.class,
                wild,
                (f, x) -> f.meanColumns(x.getFirst()),
                eachColumn(x -> sum(x) / x.length),
                2e-6,
                b -> b.equal(b.f().meanColumns(b.matrix(2, 1, 2, 3, 4)), 2, 3),
                b -> b.equal(b.f().meanColumns(b.matrix(1, 5, 6)), 5, 6)));
        rows.add(row(
                "dotRows",
                DotRows.class,
                n -> List.of(Values.tame(ROWS, n), Values.wild(ROWS, n)),
                (f, x) -> f.dotRows(x.get(0), x.get(1)),
                rowsOf((x, from, cols) -> {
                    double sum = 0;
                    for (int j = from; j < from + cols; j++) {
                        sum += x.get(0)[j] * x.get(1)[j];
                    }
                    return sum;
                }),
                1e-5,
                b -> b.same(
                        b.f().sumRows(b.f().square(b.matrix(2, 1, 2, 3, 4))),
                        b.f().dotRows(b.matrix(2, 1, 2, 3, 4), b.matrix(2, 1, 2, 3, 4))),
                b -> b.refused(
                        "dotRows: shapes differ; left=(1, 2), right=(2, 1)",
                        () -> b.f().dotRows(b.matrix(1, 1, 2), b.matrix(2, 1, 2)))));
        rows.add(row(
                "negativeFreeEnergy",
                NegativeFreeEnergy.class,
                n -> List.of(Values.bits(ROWS, n), Values.tame(n), Values.tame(ROWS, 2 * n)),
                (f, x) -> f.negativeFreeEnergy(x.get(0), x.get(1), x.get(2)),
                (x, _) -> {
                    int n = x.get(1).length;
                    double[] y = new double[ROWS];
                    for (int e = 0; e < ROWS * n; e++) {
                        y[e / n] += x.get(0)[e] * x.get(1)[e % n];
                    }
                    for (int e = 0; e < 2 * ROWS * n; e++) {
                        y[e / (2 * n)] += Math.log1p(Math.exp(x.get(2)[e]));
                    }
                    return y;
                },
                2e-6,
                b -> b.same(
                        b.f().plus(
                                        b.f().dotRows(b.matrix(2, 1, 0, 1, 1), b.matrix(2, 3, -1, 3, -1)),
                                        b.f().sumRows(b.f().softplus(b.matrix(2, 0, 1, -2, 3)))),
                        b.f().negativeFreeEnergy(b.matrix(2, 1, 0, 1, 1), b.vector(3, -1), b.matrix(2, 0, 1, -2, 3))),
                b -> b.equal(
                        b.f().negativeFreeEnergy(b.matrix(2, 1, 1), b.vector(2), b.matrix(2, -INFINITY, INFINITY)),
                        2,
                        INFINITY)));
        rows.add(row(
                "freeEnergyContrast",
                FreeEnergyContrast.class,
                n -> List.of(Values.bits(ROWS, n), Values.tame(n), Values.tame(ROWS, 2 * n)),
                (f, x) -> f.freeEnergyContrast(x.get(0), x.get(1), x.get(2), 2),
                (x, _) -> {
                    int n = x.get(1).length;
                    double y = 0;
                    for (int e = 0; e < ROWS * n; e++) {
                        y += x.get(0)[e] * x.get(1)[e % n] * (e / n < 2 ? -0.5 : 1);
                    }
                    for (int e = 0; e < 2 * ROWS * n; e++) {
                        y += Math.log1p(Math.exp(x.get(2)[e])) * (e / (2 * n) < 2 ? -0.5 : 1);
                    }
                    return new double[] {y};
                },
                2e-5,
                b -> b.same(
                        b.f().freeEnergyContrast(b.matrix(2, 1, 1), b.vector(2), b.matrix(2, 0.5, -1), 1),
                        b.f().negate(b.f().freeEnergyContrast(
                                        b.matrix(2, 1, 1), b.vector(2), b.matrix(2, -1, 0.5), 1))),
                b -> {
                    Tensor v = b.matrix(2, 1, 1);
                    b.equal(b.f().freeEnergyContrast(v, b.vector(2), b.matrix(2, -INFINITY, INFINITY), 1), INFINITY);
                    b.refused(
                            "freeEnergyContrast: rows above and below; upper=2, rows=2",
                            () -> b.f().freeEnergyContrast(v, b.vector(2), b.matrix(2, 0, 0), 2));
                }));
        rows.add(row(
                "expandRows",
                ExpandRows.class,
                n -> List.of(Values.wild(n)),
                (f, x) -> f.expandRows(x.getFirst(), 4),
                (x, _) -> {
                    double[] y = new double[4 * x.getFirst().length];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = x.getFirst()[i / 4];
                    }
                    return y;
                },
                0,
                b -> b.equal(b.f().meanRows(b.f().expandRows(b.vector(1, -2), 5)), 1, -2),
                b -> b.equal(b.f().expandRows(b.vector(NAN), 2), NAN, NAN)));
        rows.add(row(
                "expandColumns",
                ExpandColumns.class,
                n -> List.of(Values.wild(n)),
                (f, x) -> f.expandColumns(x.getFirst(), 4),
                (x, _) -> {
                    int n = x.getFirst().length;
                    double[] y = new double[4 * n];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = x.getFirst()[i % n];
                    }
                    return y;
                },
                0,
                b -> b.equal(b.f().meanColumns(b.f().expandColumns(b.vector(1, -2), 5)), 1, -2),
                b -> b.equal(b.f().expandColumns(b.vector(NAN), 2), NAN, NAN)));
    }

    private static void normalisers(List<OpRow> rows) {
        IntFunction<List<Values>> wild = n -> List.of(Values.wild(ROWS, n));
        rows.add(row(
                "logSumExpRows",
                LogSumExpRows.class,
                wild,
                (f, x) -> f.logSumExpRows(x.getFirst()),
                eachRow(OpRows::logSumExp),
                2e-6,
                b -> b.same(
                        b.f().plus(b.f().logSumExpRows(b.matrix(1, 1, 2, 3)), b.vector(70)),
                        b.f().logSumExpRows(b.matrix(1, 71, 72, 73))),
                b -> {
                    Tensor x = b.matrix(3, -INFINITY, -INFINITY, 1, -INFINITY, 2, NAN);
                    b.equal(b.f().logSumExpRows(x), -INFINITY, 1, NAN);
                    b.equal(
                            b.gradient(new LogSumExpRows(false), b.matrix(2, -INFINITY, -INFINITY, 1, -INFINITY)),
                            0,
                            0,
                            1,
                            0);
                }));
        rows.add(row(
                "logMeanExpRows",
                LogSumExpRows.class,
                wild,
                (f, x) -> f.logMeanExpRows(x.getFirst()),
                eachRow(x -> logSumExp(x) - Math.log(x.length)),
                2e-6,
                b -> b.equal(b.f().logMeanExpRows(b.matrix(2, 5, 5, -7, -7)), 5, -7),
                b -> b.equal(b.f().logMeanExpRows(b.matrix(1, -INFINITY, 0)), Math.log(0.5))));
        rows.add(row(
                "softmaxRows",
                SoftmaxRows.class,
                wild,
                (f, x) -> f.softmaxRows(x.getFirst()),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = x.getFirst().clone();
                    for (int i = 0; i < y.length; i++) {
                        y[i] = Math.exp(y[i] - logSumExp(rowOf(x.getFirst(), i / cols, cols)));
                    }
                    return y;
                },
                2e-6,
                b -> b.equal(b.f().sumRows(b.f().softmaxRows(b.of(Values.wild(4, 100), 3))), 1, 1, 1, 1),
                b -> b.equal(b.f().softmaxRows(b.matrix(2, -INFINITY, 0, -INFINITY, -INFINITY)), 0, 1, 0, 0)));
    }

    private static void logSoftmax(List<OpRow> rows) {
        rows.add(row(
                "logSoftmaxRows",
                LogSoftmaxRows.class,
                n -> List.of(Values.wild(ROWS, n)),
                (f, x) -> f.logSoftmaxRows(x.getFirst()),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = x.getFirst().clone();
                    for (int i = 0; i < y.length; i++) {
                        y[i] -= logSumExp(rowOf(x.getFirst(), i / cols, cols));
                    }
                    return y;
                },
                1e-5,
                b -> {
                    Tensor x = b.of(Values.tame(4, 100), 3);
                    b.same(b.f().softmaxRows(x), b.f().exp(b.f().logSoftmaxRows(x)));
                },
                b -> b.equal(
                        b.f().logSoftmaxRows(b.matrix(2, -INFINITY, 0, -INFINITY, -INFINITY)),
                        -INFINITY,
                        0,
                        -INFINITY,
                        -INFINITY)));
    }

    private static void likelihoods(List<OpRow> rows) {
        logSoftmax(rows);
        rows.add(row(
                "softplusRows",
                SoftplusRows.class,
                n -> List.of(Values.wild(ROWS, n)),
                (f, x) -> f.softplusRows(x.getFirst()),
                eachRow(x -> Arrays.stream(x)
                        .map(l -> Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs(l))))
                        .sum()),
                2e-6,
                b -> b.equal(
                        b.f().exp(b.f().softplusRows(b.matrix(1, 0.3, -2))),
                        1 + Math.exp(0.3) + Math.exp(-2) + Math.exp(0.3 - 2)),
                b -> b.equal(
                        b.f().softplusRows(b.matrix(3, -INFINITY, -INFINITY, INFINITY, 1, NAN, 0)), 0, INFINITY, NAN)));
        rows.add(row(
                "bernoulliLogLikelihood",
                BernoulliLogLikelihood.class,
                n -> List.of(Values.wild(ROWS, n), Values.bits(ROWS, n)),
                (f, x) -> f.bernoulliLogLikelihood(x.get(0), x.get(1)),
                rowsOf((x, from, cols) -> {
                    double sum = 0;
                    for (int j = from; j < from + cols; j++) {
                        double l = x.get(1)[j] == 1 ? x.get(0)[j] : -x.get(0)[j];
                        sum -= Math.max(-l, 0) + Math.log1p(Math.exp(-Math.abs(l)));
                    }
                    return sum;
                }),
                2e-6,
                b -> b.equal(
                        b.f().sum(b.f().exp(b.f().bernoulliLogLikelihood(
                                        b.matrix(4, 0.3, -2, 0.3, -2, 0.3, -2, 0.3, -2),
                                        b.matrix(4, 0, 0, 0, 1, 1, 0, 1, 1)))),
                        1),
                b -> b.equal(
                        b.f().bernoulliLogLikelihood(
                                        b.matrix(3, 200, -200, 200, -200, NAN, 0), b.matrix(3, 1, 0, 0, 1, 1, 1)),
                        0,
                        -400,
                        NAN)));
        rows.add(row(
                "gaussianLogLikelihood",
                GaussianLogLikelihood.class,
                n -> List.of(Values.tame(ROWS, n), Values.tame(ROWS, n), Values.tame(ROWS, n)),
                (f, x) -> f.gaussianLogLikelihood(x.get(0), x.get(1), x.get(2)),
                rowsOf((x, from, cols) -> {
                    double sum = 0;
                    for (int j = from; j < from + cols; j++) {
                        double d = x.get(0)[j] - x.get(1)[j];
                        sum -= 0.5 * (Math.log(2 * Math.PI) + x.get(2)[j] + d * d / Math.exp(x.get(2)[j]));
                    }
                    return sum;
                }),
                5e-6,
                b -> b.same(
                        b.f().gaussianLogLikelihood(b.matrix(1, 3), b.matrix(1, 1), b.matrix(1, 0.5)),
                        b.f().gaussianLogLikelihood(b.matrix(1, 13), b.matrix(1, 11), b.matrix(1, 0.5))),
                b -> b.equal(
                        b.f().gaussianLogLikelihood(b.matrix(2, INFINITY, NAN), b.matrix(2, 0, 0), b.matrix(2, 0, 0)),
                        -INFINITY,
                        NAN)));
        rows.add(row(
                "bernoulliLogLikelihood onto",
                BernoulliLogLikelihood.class,
                n -> List.of(Values.wild(ROWS, n), Values.bits(ROWS, n), Values.tame(ROWS)),
                (f, x) -> f.bernoulliLogLikelihood(x.get(0), x.get(1), x.get(2)),
                rowsOf((x, from, cols) -> {
                    double sum = x.get(2)[from / cols];
                    for (int j = from; j < from + cols; j++) {
                        double l = x.get(1)[j] == 1 ? x.get(0)[j] : -x.get(0)[j];
                        sum -= Math.max(-l, 0) + Math.log1p(Math.exp(-Math.abs(l)));
                    }
                    return sum;
                }),
                2e-6,
                b -> {
                    Tensor l = b.of(Values.wild(4, 9), 1);
                    Tensor x = b.of(Values.bits(4, 9), 2);
                    Tensor onto = b.of(Values.tame(4), 3);
                    b.same(
                            b.f().plus(onto, b.f().bernoulliLogLikelihood(l, x)),
                            b.f().bernoulliLogLikelihood(l, x, onto));
                },
                b -> b.refused(
                        "bernoulliLogLikelihood: wrong shape; onto=(1, 2), wanted=(2)",
                        () -> b.f().bernoulliLogLikelihood(b.matrix(2, 1, 2), b.matrix(2, 1, 0), b.matrix(1, 1, 2)))));
        rows.add(row(
                "gaussianLogLikelihood onto",
                GaussianLogLikelihood.class,
                n -> List.of(Values.tame(ROWS, n), Values.tame(ROWS, n), Values.tame(ROWS, n), Values.tame(ROWS)),
                (f, x) -> f.gaussianLogLikelihood(x.get(0), x.get(1), x.get(2), x.get(3)),
                rowsOf((x, from, cols) -> {
                    double sum = x.get(3)[from / cols];
                    for (int j = from; j < from + cols; j++) {
                        double d = x.get(0)[j] - x.get(1)[j];
                        sum -= 0.5 * (Math.log(2 * Math.PI) + x.get(2)[j] + d * d / Math.exp(x.get(2)[j]));
                    }
                    return sum;
                }),
                5e-6,
                b -> {
                    Tensor x = b.of(Values.tame(4, 9), 1);
                    Tensor v = b.of(Values.tame(4, 9), 2);
                    Tensor onto = b.of(Values.tame(4), 3);
                    b.same(
                            b.f().plus(onto, b.f().gaussianLogLikelihood(x, v, v)),
                            b.f().gaussianLogLikelihood(x, v, v, onto));
                },
                b -> b.equal(
                        b.f().gaussianLogLikelihood(
                                        b.matrix(1, 3),
                                        b.matrix(1, 3),
                                        b.matrix(1, 0),
                                        b.f().constant(Shape.of(1), -INFINITY)),
                        -INFINITY)));
        rows.add(row(
                "categoricalLogLikelihood",
                CategoricalLogLikelihood.class,
                n -> List.of(Values.wild(ROWS, n), Values.index(n, ROWS)),
                (f, x) -> f.categoricalLogLikelihood(x.get(0), x.get(1)),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[ROWS];
                    for (int i = 0; i < ROWS; i++) {
                        double[] row = rowOf(x.getFirst(), i, cols);
                        y[i] = row[(int) x.get(1)[i]] - logSumExp(row);
                    }
                    return y;
                },
                5e-6,
                b -> b.equal(
                        b.f().sum(b.f().exp(b.f().categoricalLogLikelihood(
                                        b.matrix(3, 1, 2, 3, 1, 2, 3, 1, 2, 3), b.indices(0, 1, 2)))),
                        1),
                b -> b.equal(
                        b.f().categoricalLogLikelihood(b.matrix(2, -INFINITY, 0, 0, 0), b.indices(0, 2)),
                        -INFINITY,
                        NAN)));
        rows.add(row(
                "gaussianKl",
                GaussianKl.class,
                n -> List.of(Values.tame(ROWS, n), Values.tame(ROWS, n)),
                (f, x) -> f.gaussianKl(x.get(0), x.get(1)),
                rowsOf((x, from, cols) -> {
                    double sum = 0;
                    for (int j = from; j < from + cols; j++) {
                        double m = x.get(0)[j];
                        double v = x.get(1)[j];
                        sum += 0.5 * (m * m + Math.exp(v) - 1 - v);
                    }
                    return sum;
                }),
                5e-6,
                b -> b.equal(b.f().gaussianKl(b.matrix(1, 0, 0), b.matrix(1, 0, 0)), 0),
                b -> b.equal(
                        b.f().gaussianKl(b.matrix(3, 0, 0, NAN), b.matrix(3, -INFINITY, 200, 0)),
                        INFINITY,
                        INFINITY,
                        NAN)));
    }

    private static void moves(List<OpRow> rows) {
        rows.add(row(
                "gatherRows",
                GatherRows.class,
                n -> List.of(Values.wild(7, n), Values.index(7, 5)),
                (f, x) -> f.gatherRows(x.get(0), x.get(1)),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[5 * cols];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = x.get(0)[(int) x.get(1)[i / cols] * cols + i % cols];
                    }
                    return y;
                },
                0,
                b -> b.equal(b.f().gatherRows(b.matrix(2, 1, 2, 3, 4), b.indices(1, 0)), 3, 4, 1, 2),
                b -> b.equal(
                        b.f().gatherRows(b.matrix(2, 1, 2, 3, 4), b.indices(-1, 2, 0)), NAN, NAN, NAN, NAN, 1, 2)));
        rows.add(row(
                "sumOfRows",
                SumOfRows.class,
                n -> List.of(Values.tame(7, n), Values.index(7, 5, 3)),
                (f, x) -> f.sumOfRows(x.get(0), x.get(1)),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[5 * cols];
                    for (int i = 0; i < y.length; i++) {
                        for (int k = 0; k < 3; k++) {
                            y[i] += x.get(0)[(int) x.get(1)[i / cols * 3 + k] * cols + i % cols];
                        }
                    }
                    return y;
                },
                1e-6,
                b -> {
                    Tensor x = b.matrix(3, 1, 2, 3, 4, 5, 6);
                    Tensor alone = b.indices(2, 0).as(Shape.of(2, 1));
                    b.same(b.f().gatherRows(x, b.indices(2, 0)), b.f().sumOfRows(x, alone));
                },
                b -> b.equal(
                        b.f().sumOfRows(
                                        b.matrix(2, 1, 2, 3, 4),
                                        b.indices(-1, 2, 1, 1).as(Shape.of(2, 2))),
                        0,
                        0,
                        6,
                        8)));
        rows.add(row(
                "gatherColumns",
                GatherColumns.class,
                n -> List.of(Values.wild(3, 2, n), Values.index(n, 3, 4)),
                (f, x) -> f.gatherColumns(x.get(0), x.get(1)),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[3 * 2 * 4];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = x.get(0)[i / 4 * cols + (int) x.get(1)[i / 8 * 4 + i % 4]];
                    }
                    return y;
                },
                0,
                b -> {
                    Tensor x = b.matrix(2, 1, 2, 3, 4, 5, 6).as(Shape.of(1, 2, 3));
                    Tensor inOrder = b.indices(1, 2).as(Shape.of(1, 2));
                    b.same(b.f().sliceColumns(x, 1, 3), b.f().gatherColumns(x, inOrder));
                },
                b -> b.equal(
                        b.f().gatherColumns(
                                        b.matrix(2, 1, 2, 3, 4).as(Shape.of(2, 1, 2)),
                                        b.indices(-1, 1, 0, 2).as(Shape.of(2, 2))),
                        -INFINITY,
                        2,
                        3,
                        -INFINITY)));
        rows.add(row(
                "sliceColumns",
                SliceColumns.class,
                n -> List.of(Values.wild(ROWS, n + 2)),
                (f, x) -> f.sliceColumns(x.getFirst(), 1, x.getFirst().shape().cols() - 1),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[ROWS * (cols - 2)];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = x.getFirst()[i / (cols - 2) * cols + i % (cols - 2) + 1];
                    }
                    return y;
                },
                0,
                b -> {
                    Tensor x = b.matrix(2, 1, 2, 3, 4, 5, 6);
                    b.same(x, b.f().concatColumns(b.f().sliceColumns(x, 0, 1), b.f().sliceColumns(x, 1, 3)));
                },
                b -> b.refused(
                        "sliceColumns: outside of the row; from=1, to=4, x=(1, 3)",
                        () -> b.f().sliceColumns(b.matrix(1, 1, 2, 3), 1, 4))));
        rows.add(row(
                "sliceRows",
                SliceRows.class,
                n -> List.of(Values.wild(5, n)),
                (f, x) -> f.sliceRows(x.getFirst(), 1, 4),
                (x, like) -> Arrays.copyOfRange(
                        x.getFirst(),
                        like.getFirst().shape().cols(),
                        4 * like.getFirst().shape().cols()),
                0,
                b -> {
                    Tensor x = b.matrix(3, 1, 2, 3, 4, 5, 6);
                    b.same(x, b.f().concatRows(b.f().sliceRows(x, 0, 1), b.f().sliceRows(x, 1, 3)));
                },
                b -> b.refused(
                        "sliceRows: outside of the tensor; from=0, to=2, x=(1, 3)",
                        () -> b.f().sliceRows(b.matrix(1, 1, 2, 3), 0, 2))));
        rows.add(row(
                "concatColumns",
                ConcatColumns.class,
                n -> List.of(Values.wild(ROWS, n), Values.wild(ROWS, 2)),
                (f, x) -> f.concatColumns(x.get(0), x.get(1)),
                (x, like) -> {
                    int p = like.getFirst().shape().cols();
                    double[] y = new double[ROWS * (p + 2)];
                    for (int i = 0; i < ROWS; i++) {
                        System.arraycopy(x.get(0), i * p, y, i * (p + 2), p);
                        System.arraycopy(x.get(1), i * 2, y, i * (p + 2) + p, 2);
                    }
                    return y;
                },
                0,
                b -> b.equal(b.f().concatColumns(b.matrix(2, 1, 2), b.matrix(2, 3, 4)), 1, 3, 2, 4),
                b -> b.refused(
                        "concatColumns: wrong shape; right=(1, 1), wanted=(2, 1)",
                        () -> b.f().concatColumns(b.matrix(2, 1, 2), b.matrix(1, 3)))));
        rows.add(row(
                "concatRows",
                ConcatRows.class,
                n -> List.of(Values.wild(ROWS, n), Values.wild(2, n)),
                (f, x) -> f.concatRows(x.get(0), x.get(1)),
                (x, _) -> DoubleStream.concat(Arrays.stream(x.get(0)), Arrays.stream(x.get(1)))
                        .toArray(),
                0,
                b -> b.equal(b.f().concatRows(b.matrix(1, 1, 2), b.matrix(1, 3, 4)), 1, 2, 3, 4),
                b -> b.refused(
                        "concatRows: wrong shape; lower=(1, 1), wanted=(1, 2)",
                        () -> b.f().concatRows(b.matrix(1, 1, 2), b.matrix(1, 3)))));
        rows.add(row(
                "repeatRows",
                RepeatRows.class,
                n -> List.of(Values.wild(ROWS, n)),
                (f, x) -> f.repeatRows(x.getFirst(), 4),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[4 * x.getFirst().length];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = x.getFirst()[i / cols / 4 * cols + i % cols];
                    }
                    return y;
                },
                0,
                b -> b.equal(b.f().repeatRows(b.matrix(2, 1, 2), 2), 1, 1, 2, 2),
                b -> b.equal(b.gradient(new RepeatRows(3), b.matrix(2, 1, 2)), 3, 3)));
    }

    private static void products(List<OpRow> rows) {
        for (boolean left : new boolean[] {false, true}) {
            for (boolean right : new boolean[] {false, true}) {
                rows.add(row(
                        "product" + (left ? " aT" : "") + (right ? " bT" : ""),
                        MatrixProduct.class,
                        n -> List.of(
                                left ? Values.tame(n, 5) : Values.tame(5, n),
                                right ? Values.tame(3, n) : Values.tame(n, 3)),
                        (f, x) -> f.product(x.get(0), left, x.get(1), right),
                        (x, like) -> {
                            int k = like.get(0).shape().extent(left ? 0 : 1);
                            return product(x.get(0), left, x.get(1), right, 5, k, 3);
                        },
                        5e-5,
                        b -> b.same(
                                b.f().product(b.matrix(2, 1, 2, 3, 4), b.matrix(2, 5, 6, 7, 8)),
                                b.f().product(b.matrix(2, 1, 3, 2, 4), true, b.matrix(2, 5, 7, 6, 8), true)),
                        b -> b.refused(
                                "matrixProduct: inner extents differ; left=(1, 2), right=(3, 1)",
                                () -> b.f().product(b.matrix(1, 1, 2), b.matrix(3, 1, 2, 3)))));
            }
        }
        rows.add(row(
                "product batched",
                MatrixProduct.class,
                n -> List.of(Values.tame(2, 5, n), Values.tame(2, n, 3)),
                (f, x) -> f.product(x.get(0), x.get(1)),
                (x, like) -> {
                    int k = like.get(0).shape().cols();
                    double[] y = new double[30];
                    for (int q = 0; q < 2; q++) {
                        double[] a = Arrays.copyOfRange(x.get(0), q * 5 * k, (q + 1) * 5 * k);
                        double[] c = Arrays.copyOfRange(x.get(1), q * 3 * k, (q + 1) * 3 * k);
                        System.arraycopy(product(a, false, c, false, 5, k, 3), 0, y, q * 15, 15);
                    }
                    return y;
                },
                5e-5,
                b -> b.equal(b.f().product(b.matrix(1, 1, 1), b.matrix(2, 3, 4)), 7),
                b -> b.equal(b.f().product(b.matrix(1, NAN, 1), b.matrix(2, 3, 4)), NAN)));
        rows.add(row(
                "linear",
                Linear.class,
                n -> List.of(Values.tame(5, n), Values.tame(n, 3), Values.tame(3)),
                (f, x) -> f.linear(x.get(0), x.get(1), x.get(2)),
                (x, like) -> {
                    double[] y = product(
                            x.get(0),
                            false,
                            x.get(1),
                            false,
                            5,
                            like.get(0).shape().cols(),
                            3);
                    for (int i = 0; i < y.length; i++) {
                        y[i] += x.get(2)[i % 3];
                    }
                    return y;
                },
                5e-5,
                b -> b.same(
                        b.f().tanh(b.f().linear(b.matrix(1, 1, 2), b.matrix(2, 0.3, -0.4), b.vector(0.5))),
                        b.f().linear(b.matrix(1, 1, 2), b.matrix(2, 0.3, -0.4), b.vector(0.5), Activation.TANH)),
                b -> b.refused(
                        "linear: wrong shape; bias=(2), wanted=(1)",
                        () -> b.f().linear(b.matrix(1, 1, 2), b.matrix(2, 1, 2), b.vector(1, 2)))));
        rows.add(row(
                "linear transposed",
                Linear.class,
                n -> List.of(Values.tame(5, n), Values.tame(3, n), Values.tame(3)),
                (f, x) -> f.linearTransposed(x.get(0), x.get(1), x.get(2), Activation.NONE),
                (x, like) -> {
                    double[] y = product(
                            x.get(0),
                            false,
                            x.get(1),
                            true,
                            5,
                            like.get(0).shape().cols(),
                            3);
                    for (int i = 0; i < y.length; i++) {
                        y[i] += x.get(2)[i % 3];
                    }
                    return y;
                },
                5e-5,
                b -> b.same(
                        b.f().linear(b.matrix(1, 1, 2), b.matrix(2, 0.3, 5, -0.4, 6), b.vector(0.5, 7)),
                        b.f().linearTransposed(
                                        b.matrix(1, 1, 2),
                                        b.matrix(2, 0.3, -0.4, 5, 6),
                                        b.vector(0.5, 7),
                                        Activation.NONE)),
                b -> b.refused(
                        "linear: wrong shape; weight=(2, 1), wanted=(2, 2)",
                        () -> b.f().linearTransposed(
                                        b.matrix(1, 1, 2), b.matrix(2, 1, 2), b.vector(1, 2), Activation.NONE))));
        rows.add(row(
                "linear tanh",
                Linear.class,
                n -> List.of(Values.tame(5, n), Values.tame(n, 3), Values.tame(3)),
                (f, x) -> f.linear(f.times(x.get(0), 0.1f), x.get(1), x.get(2), Activation.TANH),
                (x, like) -> {
                    double[] y = product(
                            x.get(0),
                            false,
                            x.get(1),
                            false,
                            5,
                            like.get(0).shape().cols(),
                            3);
                    for (int i = 0; i < y.length; i++) {
                        y[i] = Math.tanh(0.1f * y[i] + x.get(2)[i % 3]);
                    }
                    return y;
                },
                5e-5,
                b -> b.equal(
                        b.f().linear(b.matrix(1, 0, 0), b.matrix(2, 1, 2), b.vector(0.5), Activation.SIGMOID),
                        1 / (1 + Math.exp(-0.5))),
                b -> b.equal(
                        b.f().linear(b.matrix(1, -1), b.matrix(1, 1, NAN), b.vector(0, 0), Activation.leakyRelu(0.1f)),
                        -0.1,
                        NAN)));
    }

    private static void draws(List<OpRow> rows) {
        Noise noise = Noise.of(12345, 6, Purpose.TRAIN, 0);
        rows.add(row(
                "reparameterise",
                Reparameterise.class,
                n -> List.of(Values.tame(ROWS, n), Values.tame(ROWS, n)),
                (f, x) -> f.reparameterise(x.get(0), x.get(1), Draw.of(noise, f.memory())),
                (x, _) -> {
                    double[] z = new double[x.get(0).length];
                    for (int i = 0; i < z.length; i++) {
                        z[i] = x.get(0)[i] + Math.exp(0.5 * x.get(1)[i]) * noise.normal(i);
                    }
                    return z;
                },
                2e-6,
                b -> b.same(
                        b.f().normals(Shape.of(2, 3), b.draw(0)),
                        b.f().reparameterise(b.matrix(2, new double[6]), b.matrix(2, new double[6]), b.draw(0))),
                b -> b.equal(b.f().reparameterise(b.matrix(1, NAN, 4), b.matrix(1, 0, NAN), b.draw(0)), NAN, NAN)));
        rows.add(row(
                "reparameterise samples",
                Reparameterise.class,
                n -> List.of(Values.tame(ROWS, n), Values.tame(ROWS, n)),
                (f, x) -> f.reparameterise(x.get(0), x.get(1), 4, Draw.of(noise, f.memory())),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] z = new double[4 * x.get(0).length];
                    for (int i = 0; i < z.length; i++) {
                        int at = i / cols / 4 * cols + i % cols;
                        z[i] = x.get(0)[at] + Math.exp(0.5 * x.get(1)[at]) * noise.normal(i);
                    }
                    return z;
                },
                2e-6,
                b -> {
                    Tensor z = b.f().reparameterise(b.matrix(1, 3), b.matrix(1, -1), 10_000, b.draw(1));
                    b.close(0.02, b.f().mean(z), 3);
                },
                b -> b.refused(
                        "reparameterise: shapes differ; left=(1, 2), right=(1, 1)",
                        () -> b.f().reparameterise(b.matrix(1, 1, 2), b.matrix(1, 1), 2, b.draw(0)))));
    }

    /// All results of an operation on samples, a row of x to a row.
    private static Tensor together(Ops f, Sample sample) {
        int n = sample.kl().shape().cols();
        Tensor z = f.reshape(
                sample.z(), Shape.of(n, Math.toIntExact(sample.z().shape().size() / n)));
        Tensor whole = f.concatColumns(z, f.reshape(sample.kl(), Shape.of(n, 1)));
        return f.concatColumns(whole, f.concatColumns(sample.logQ(), sample.logRatio()));
    }

    private static void samples(List<OpRow> rows) {
        int samples = 4;
        Noise noise = Noise.of(12345, 6, Purpose.TRAIN, 0);
        rows.add(row(
                "gaussianSample",
                GaussianSample.class,
                n -> List.of(Values.tame(ROWS, n), Values.tame(ROWS, n)),
                (f, x) -> together(f, f.gaussianSample(x.get(0), x.get(1), samples, Draw.of(noise, f.memory()))),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    int width = samples * cols + 1 + 2 * samples;
                    double[] y = new double[ROWS * width];
                    for (int e = 0; e < ROWS * samples * cols; e++) {
                        int i = e / cols / samples;
                        double m = x.get(0)[i * cols + e % cols];
                        double v = x.get(1)[i * cols + e % cols];
                        double z = m + Math.exp(0.5 * v) * noise.normal(e);
                        y[i * width + e % (samples * cols)] = z;
                        y[i * width + samples * cols] += 0.5 * (m * m + Math.exp(v) - 1 - v) / samples;
                        double logQ = -0.5 * (Math.log(2 * Math.PI) + v + (z - m) * (z - m) / Math.exp(v));
                        double logPrior = -0.5 * (Math.log(2 * Math.PI) + z * z);
                        y[i * width + samples * cols + 1 + e / cols % samples] += logQ;
                        y[i * width + samples * cols + 1 + samples + e / cols % samples] += logPrior - logQ;
                    }
                    return y;
                },
                5e-6,
                b -> {
                    Tensor mean = b.of(Values.tame(5, 9), 1);
                    Tensor v = b.of(Values.tame(5, 9), 2);
                    Sample sample = b.f().gaussianSample(mean, v, 3, b.draw(1));
                    b.close(0, sample.z(), doubles(b, b.f().reparameterise(mean, v, 3, b.draw(1))));
                    b.close(0, sample.kl(), doubles(b, b.f().gaussianKl(mean, v)));
                    b.close(2e-6, sample.logQ(), doubles(b, b.f().gaussianLogLikelihood(sample.z(), mean, v)));
                },
                b -> {
                    Sample sample = b.f().gaussianSample(b.matrix(2, NAN, 0), b.matrix(2, 0, 200), 1, b.draw(0));
                    double epsilon = Noise.of(12345, 6, Purpose.TRAIN, 0).normal(1);
                    b.equal(sample.z(), NAN, Math.exp(10) * epsilon);
                    b.equal(sample.kl(), NAN, 0.5 * (Math.exp(20) - 21));
                }));
    }

    /// Three rows of so many columns, or many rows of four.
    private static List<Values> factored(int n, int samples) {
        int cols = n <= 129 ? n : 4;
        int rows = n <= 129 ? ROWS : n;
        return List.of(
                Values.tame(rows, samples, cols), Values.tame(rows, cols), Values.tame(rows, cols * (cols + 1) / 2));
    }

    /// L of row i, from what is stored of it.
    private static double[][] factor(double[] packed, int i, int cols, double scale) {
        double[][] l = new double[cols][cols];
        int at = i * cols * (cols + 1) / 2;
        for (int k = 0; k < cols; k++) {
            for (int j = k; j < cols; j++) {
                double stored = scale * packed[at++];
                l[j][k] = j == k ? Math.exp(stored) : stored;
            }
        }
        return l;
    }

    /// ½ (tr L Lᵀ + |μ|² − cols − log det L Lᵀ).
    private static double divergence(double[] mean, int from, double[][] l) {
        double sum = 0;
        for (int j = 0; j < l.length; j++) {
            sum += mean[from + j] * mean[from + j] - 1 - 2 * Math.log(l[j][j]);
            for (int k = 0; k <= j; k++) {
                sum += l[j][k] * l[j][k];
            }
        }
        return sum / 2;
    }

    /// log N(x | μ, L Lᵀ).
    private static double density(double[] x, int xFrom, double[] mean, int from, double[][] l) {
        double[] w = new double[l.length];
        double sum = 0;
        for (int j = 0; j < l.length; j++) {
            w[j] = x[xFrom + j] - mean[from + j];
            for (int k = 0; k < j; k++) {
                w[j] -= l[j][k] * w[k];
            }
            w[j] /= l[j][j];
            sum -= 0.5 * (Math.log(2 * Math.PI) + w[j] * w[j]) + Math.log(l[j][j]);
        }
        return sum;
    }

    private static void fullCovariances(List<OpRow> rows) {
        int samples = 3;
        Noise noise = Noise.of(12345, 6, Purpose.TRAIN, 0);
        rows.add(row(
                "choleskySample",
                CholeskySample.class,
                n -> factored(n, 1).subList(1, 3),
                (f, x) -> together(f, f.choleskySample(x.get(0), x.get(1), samples, Draw.of(noise, f.memory()))),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    int n = like.getFirst().shape().rows();
                    int width = samples * cols + 1 + 2 * samples;
                    double[] y = new double[n * width];
                    for (int r = 0; r < n * samples; r++) {
                        int i = r / samples;
                        double[][] l = factor(x.get(1), i, cols, 1);
                        int at = i * width + r % samples * cols;
                        double logQ = 0;
                        double logPrior = 0;
                        for (int j = 0; j < cols; j++) {
                            y[at + j] = x.get(0)[i * cols + j];
                            for (int k = 0; k <= j; k++) {
                                y[at + j] += l[j][k] * noise.normal(r * cols + k);
                            }
                            double epsilon = noise.normal(r * cols + j);
                            logQ -= 0.5 * (Math.log(2 * Math.PI) + epsilon * epsilon) + Math.log(l[j][j]);
                            logPrior -= 0.5 * (Math.log(2 * Math.PI) + y[at + j] * y[at + j]);
                        }
                        y[i * width + samples * cols] = divergence(x.get(0), i * cols, l);
                        y[i * width + samples * cols + 1 + r % samples] = logQ;
                        y[i * width + samples * cols + 1 + samples + r % samples] = logPrior - logQ;
                    }
                    return y;
                },
                1e-5,
                b -> {
                    Tensor mean = b.matrix(2, 1, 2, 3, -1, -2, -3);
                    Tensor v = b.matrix(2, 0.5, 1, -1, 0.25, -3, 2);
                    Tensor diagonal = b.matrix(2, 0.25, 0, 0, 0.5, 0, -0.5, 0.125, 0, 0, -1.5, 0, 1);
                    Sample full = b.f().choleskySample(mean, diagonal, 2, b.draw(1));
                    Sample each = b.f().gaussianSample(mean, v, 2, b.draw(1));
                    b.close(0, full.z(), doubles(b, each.z()));
                    b.close(0, full.kl(), doubles(b, each.kl()));
                    b.close(0, full.logQ(), doubles(b, each.logQ()));
                    b.close(0, full.logRatio(), doubles(b, each.logRatio()));
                    Tensor factor = b.matrix(2, 0.2, 1, -1, -0.3, 0.5, 0.1, 0, 2, 0.5, 0.3, -1, -0.4);
                    Sample some = b.f().choleskySample(mean, factor, 2, b.draw(2));
                    b.close(5e-6, some.logQ(), doubles(b, b.f().choleskyLogLikelihood(some.z(), mean, factor)));
                },
                b -> {
                    Sample sample = b.f().choleskySample(b.matrix(2, 0, 0), b.matrix(2, NAN, 200), 1, b.draw(0));
                    double epsilon = Noise.of(12345, 6, Purpose.TRAIN, 0).normal(1);
                    b.equal(sample.z(), NAN, Math.exp(10) * epsilon);
                    b.refused(
                            "choleskySample: wrong shape; factor=(1, 2), wanted=(1, 3)",
                            () -> b.f().choleskySample(b.matrix(1, 1, 2), b.matrix(1, 1, 2), 1, b.draw(0)));
                }));
        rows.add(row(
                "choleskyKl",
                CholeskyKl.class,
                n -> factored(n, 1).subList(1, 3),
                (f, x) -> f.choleskyKl(x.get(0), x.get(1)),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[like.getFirst().shape().rows()];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = divergence(x.get(0), i * cols, factor(x.get(1), i, cols, 1));
                    }
                    return y;
                },
                5e-6,
                b -> {
                    b.equal(b.f().choleskyKl(b.matrix(1, 0, 0), b.matrix(1, 0, 0, 0)), 0);
                    Tensor mean = b.of(Values.tame(3, 5), 1);
                    Tensor factor = b.of(Values.tame(3, 15), 2);
                    Sample sample = b.f().choleskySample(mean, factor, 1, b.draw(1));
                    b.close(0, sample.kl(), doubles(b, b.f().choleskyKl(mean, factor)));
                },
                b -> b.equal(
                        b.f().choleskyKl(b.matrix(3, INFINITY, 0, NAN), b.matrix(3, 0, -INFINITY, 0)),
                        INFINITY,
                        0.5 * (Math.exp(-20) - 1 + 20),
                        NAN)));
        rows.add(row(
                "choleskyLogLikelihood",
                CholeskyLogLikelihood.class,
                n -> factored(n, 2),
                // At its own scale a random factor of a hundred columns has no inverse in f32.
                (f, x) -> f.choleskyLogLikelihood(x.get(0), x.get(1), f.times(x.get(2), 0.05f)),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[like.getFirst().shape().rows()];
                    for (int r = 0; r < y.length; r++) {
                        double[][] l = factor(x.get(2), r / 2, cols, 0.05f);
                        y[r] = density(x.get(0), r * cols, x.get(1), r / 2 * cols, l);
                    }
                    return y;
                },
                1e-5,
                b -> {
                    Tensor x = b.matrix(2, 1, 2, 3, 4, 5, 6);
                    Tensor mean = b.matrix(2, 0, 1, 5, 2, 2, 5);
                    Tensor v = b.matrix(2, 0.5, 1, -1, 0.25, -3, 2);
                    Tensor diagonal = b.matrix(2, 0.25, 0, 0, 0.5, 0, -0.5, 0.125, 0, 0, -1.5, 0, 1);
                    b.close(
                            2e-6,
                            b.f().choleskyLogLikelihood(x, mean, diagonal),
                            doubles(b, b.f().gaussianLogLikelihood(x, mean, v)));
                },
                b -> {
                    b.equal(
                            b.f().choleskyLogLikelihood(
                                            b.matrix(2, INFINITY, NAN), b.matrix(2, 0, 0), b.matrix(2, 0, 0)),
                            -INFINITY,
                            NAN);
                    b.refused(
                            "choleskyLogLikelihood: shapes do not go together; x=(3, 1), mean=(2, 1)",
                            () -> b.f().choleskyLogLikelihood(
                                            b.matrix(3, 1, 2, 3), b.matrix(2, 0, 0), b.matrix(2, 0, 0)));
                }));
    }

    private static double[] doubles(Bench b, Tensor x) {
        float[] values = b.device().floats(x);
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    private static void dropouts(List<OpRow> rows) {
        Noise noise = Noise.of(12345, 6, Purpose.TRAIN, 2);
        rows.add(row(
                "dropout",
                Dropout.class,
                n -> List.of(Values.wild(n)),
                (f, x) -> f.dropout(x.getFirst(), 0.75f, Draw.of(noise, f.memory())),
                (x, _) -> {
                    double[] y = new double[x.getFirst().length];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = noise.bernoulli(i, 0.75f) * x.getFirst()[i] / 0.75;
                    }
                    return y;
                },
                2e-6,
                b -> b.close(0.05, b.f().mean(b.f().dropout(b.ones(Shape.of(20_000)), 0.5f, b.draw(3))), 1),
                b -> b.equal(b.f().dropout(b.vector(NAN, 1), 1, b.draw(0)), NAN, 1)));
        rows.add(row(
                "corrupt",
                Dropout.class,
                n -> List.of(Values.wild(n)),
                (f, x) -> f.corrupt(x.getFirst(), 0.25f, Draw.of(noise, f.memory())),
                (x, _) -> {
                    double[] y = new double[x.getFirst().length];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = noise.bernoulli(i, 0.25f) * x.getFirst()[i];
                    }
                    return y;
                },
                0,
                b -> {
                    Tensor once = b.f().corrupt(b.ones(Shape.of(1000)), 0.5f, b.draw(3));
                    b.same(once, b.f().corrupt(once, 0.5f, b.draw(3)));
                },
                b -> b.equal(b.f().corrupt(b.vector(1, 2, 3), 0, b.draw(0)), 0, 0, 0)));
    }

    /// Likelihoods of several samples beside one observation, or of several observations under one distribution.
    private static void shared(List<OpRow> rows) {
        rows.add(row(
                "bernoulliLogLikelihood of samples",
                BernoulliLogLikelihood.class,
                n -> List.of(Values.wild(2, ROWS, n), Values.bits(2, n)),
                (f, x) -> f.bernoulliLogLikelihood(x.get(0), x.get(1)),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[2 * ROWS];
                    for (int i = 0; i < x.get(0).length; i++) {
                        double l = x.get(0)[i] * (2 * x.get(1)[i / cols / ROWS * cols + i % cols] - 1);
                        y[i / cols] -= Math.max(-l, 0) + Math.log1p(Math.exp(-Math.abs(l)));
                    }
                    return y;
                },
                2e-6,
                b -> {
                    Tensor l = b.of(Values.wild(4, 9), 1);
                    Tensor x = b.of(Values.bits(2, 9), 2);
                    b.same(
                            b.f().bernoulliLogLikelihood(l, b.f().reshape(b.f().repeatRows(x, 2), Shape.of(4, 9))),
                            b.f().bernoulliLogLikelihood(l, x));
                },
                b -> b.refused(
                        "bernoulliLogLikelihood: shapes do not go together; one=(2, 1), other=(3, 1)",
                        () -> b.f().bernoulliLogLikelihood(b.matrix(3, 1, 2, 3), b.matrix(2, 1, 0)))));
        rows.add(row(
                "gaussianLogLikelihood of samples",
                GaussianLogLikelihood.class,
                n -> List.of(Values.tame(2, ROWS, n), Values.tame(2, n), Values.tame(2, n)),
                (f, x) -> f.gaussianLogLikelihood(x.get(0), x.get(1), x.get(2)),
                (x, like) -> {
                    int cols = like.getFirst().shape().cols();
                    double[] y = new double[2 * ROWS];
                    for (int i = 0; i < x.get(0).length; i++) {
                        int at = i / cols / ROWS * cols + i % cols;
                        double d = x.get(0)[i] - x.get(1)[at];
                        y[i / cols] -= 0.5 * (Math.log(2 * Math.PI) + x.get(2)[at] + d * d / Math.exp(x.get(2)[at]));
                    }
                    return y;
                },
                5e-6,
                b -> b.equal(
                        b.f().gaussianLogLikelihood(b.matrix(2, 3, 3), b.matrix(1, 3), b.matrix(1, 0)),
                        -0.5 * Math.log(2 * Math.PI),
                        -0.5 * Math.log(2 * Math.PI)),
                b -> b.refused(
                        "gaussianLogLikelihood: shapes differ; left=(1, 1), right=(2, 1)",
                        () -> b.f().gaussianLogLikelihood(b.matrix(2, 3, 3), b.matrix(1, 3), b.matrix(2, 0, 0)))));
    }

    // --- how rows are written ---

    private static OpRow row(
            String name,
            Class<?> op,
            IntFunction<List<Values>> arguments,
            BiFunction<Ops, List<Tensor>, Tensor> call,
            OpRow.Oracle oracle,
            double tolerance,
            Consumer<Bench> law,
            Consumer<Bench> edge) {
        return new OpRow(name, op, arguments, call, oracle, tolerance, law, edge);
    }

    private static OpRow function(
            Function f,
            IntFunction<List<Values>> arguments,
            DoubleUnaryOperator oracle,
            Consumer<Bench> law,
            Consumer<Bench> edge) {
        return row(
                Names.of(f),
                Pointwise.class,
                arguments,
                (ops, x) -> ops.map(f, x.getFirst()),
                each(oracle),
                2e-6,
                law,
                edge);
    }

    private static OpRow.Oracle each(DoubleUnaryOperator f) {
        return (x, _) -> Arrays.stream(x.getFirst()).map(f).toArray();
    }

    private static OpRow.Oracle everything(ToDoubleFunction<double[]> f) {
        return (x, _) -> new double[] {f.applyAsDouble(x.getFirst())};
    }

    private static OpRow.Oracle eachRow(ToDoubleFunction<double[]> f) {
        return (x, like) -> {
            int cols = like.getFirst().shape().cols();
            double[] y = new double[like.getFirst().shape().rows()];
            for (int i = 0; i < y.length; i++) {
                y[i] = f.applyAsDouble(rowOf(x.getFirst(), i, cols));
            }
            return y;
        };
    }

    private static OpRow.Oracle eachColumn(ToDoubleFunction<double[]> f) {
        return (x, like) -> {
            int rows = like.getFirst().shape().rows();
            double[] y = new double[like.getFirst().shape().cols()];
            for (int j = 0; j < y.length; j++) {
                double[] column = new double[rows];
                for (int i = 0; i < rows; i++) {
                    column[i] = x.getFirst()[i * y.length + j];
                }
                y[j] = f.applyAsDouble(column);
            }
            return y;
        };
    }

    /// A sum over a row of several arguments.
    private interface RowSumOf {
        double of(List<double[]> x, int from, int cols);
    }

    private static OpRow.Oracle rowsOf(RowSumOf f) {
        return (x, like) -> {
            int cols = like.getFirst().shape().cols();
            double[] y = new double[like.getFirst().shape().rows()];
            for (int i = 0; i < y.length; i++) {
                y[i] = f.of(x, i * cols, cols);
            }
            return y;
        };
    }

    private static double[] rowOf(double[] x, int row, int cols) {
        return Arrays.copyOfRange(x, row * cols, (row + 1) * cols);
    }

    /// 0, 1, …: their sum is exact, in any order.
    private static double[] counted(int count) {
        return IntStream.range(0, count).asDoubleStream().toArray();
    }

    private static double sum(double[] x) {
        return Arrays.stream(x).sum();
    }

    private static double logSumExp(double[] x) {
        double max = Arrays.stream(x).max().orElse(Double.NEGATIVE_INFINITY);
        return max + Math.log(Arrays.stream(x).map(v -> Math.exp(v - max)).sum());
    }

    private static double[] product(double[] a, boolean aT, double[] b, boolean bT, int n, int k, int m) {
        double[] y = new double[n * m];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < m; j++) {
                for (int q = 0; q < k; q++) {
                    y[i * m + j] += a[aT ? q * n + i : i * k + q] * b[bT ? j * k + q : q * m + j];
                }
            }
        }
        return y;
    }
}
