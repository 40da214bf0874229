package dev.elbo.models.training;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/// Minimises a smooth function of many variables from its exact gradients (limited-memory BFGS; Liu & Nocedal 1989),
/// with a line search that ends where the strong Wolfe conditions hold.
///
/// ```
/// direction   d = −H g,  H from the last `memory` pairs s = x′ − x, y = g′ − g
/// decrease    f(x + αd) ≤ f(x) + 10⁻⁴ α gᵀd
/// curvature   |g(x + αd)ᵀd| ≤ 0.9 |gᵀd|
/// ```
///
/// Where f or a part of its gradient is no number, the line goes too far, and the search comes back.
///
/// For models whose gradient has no noise: a CRF over all its data is trained in a fraction of the passes that
/// stochastic steps take.
///
/// @param memory     pairs kept
/// @param iterations at most
/// @param tolerance  done when ‖g‖∞ ≤ tolerance · max(1, ‖x‖∞), or when the decrease per step falls below
///                   10⁻³ tolerance · |f|
public record Lbfgs(int memory, int iterations, double tolerance) {
    private static final double DECREASE = 1e-4;
    private static final double CURVATURE = 0.9;
    private static final int TRIES = 30;

    /// f and its gradient.
    @FunctionalInterface
    public interface Objective {
        /// @param x borrowed
        /// @param g overwritten by ∂f/∂x
        /// @return f(x)
        double at(double[] x, double[] g);
    }

    /// Told after every iteration.
    @FunctionalInterface
    public interface Watcher {
        /// @param iteration from 1
        /// @param f         value reached
        /// @return false to stop here
        boolean goOn(int iteration, double f);
    }

    /// How it ended.
    ///
    /// @param f          value reached
    /// @param iterations done
    /// @param calls      of the objective
    /// @param why        in words
    public record Result(double f, int iterations, int calls, String why) {}

    /// Checks the numbers.
    public Lbfgs {
        if (memory < 1 || iterations < 1 || !(tolerance > 0)) {
            throw new IllegalArgumentException("Lbfgs: numbers out of range; memory=" + memory + ", iterations="
                    + iterations + ", tolerance=" + tolerance);
        }
    }

    /// Moves `x` downhill until it is done.
    ///
    /// @param x       where to start; overwritten by the best point found
    /// @param watcher told after every iteration
    public Result minimise(Objective objective, double[] x, Watcher watcher) {
        return new Search(objective, x).run(watcher);
    }

    /// A step and the change of the gradient over it.
    private record Pair(double[] s, double[] y, double sy) {}

    /// A point on the line that is being searched.
    private record Trial(double alpha, double f, double slope) {
        /// A gradient that is no number somewhere has no slope.
        boolean isFinite() {
            return Double.isFinite(f) && Double.isFinite(slope);
        }
    }

    /// One run: the point, its gradient, and what is remembered.
    private final class Search {
        private final Objective objective;
        private final double[] x;
        private final double[] g;
        private final double[] trialX;
        private final double[] trialG;
        private final Deque<Pair> pairs = new ArrayDeque<>();
        private double f;
        private int calls;

        Search(Objective objective, double[] x) {
            this.objective = objective;
            this.x = x;
            this.g = new double[x.length];
            this.trialX = new double[x.length];
            this.trialG = new double[x.length];
        }

        Result run(Watcher watcher) {
            f = evaluate(x, g);
            if (!Double.isFinite(f)) {
                throw new IllegalArgumentException("Lbfgs: the function has no value at the start; f=" + f);
            }
            for (int i = 0; i < g.length; i++) {
                if (!Double.isFinite(g[i])) {
                    throw new IllegalArgumentException(
                            "Lbfgs: the function has no gradient at the start; element=" + i + ", g=" + g[i]);
                }
            }
            for (int iteration = 1; iteration <= iterations; iteration++) {
                if (highest(g) <= tolerance * Math.max(1, highest(x))) {
                    return new Result(f, iteration - 1, calls, "the gradient vanishes");
                }
                double before = f;
                if (!step()) {
                    return new Result(f, iteration - 1, calls, "no lower point on the line");
                }
                if (!watcher.goOn(iteration, f)) {
                    return new Result(f, iteration, calls, "stopped from outside");
                }
                if (before - f <= 1e-3 * tolerance * Math.abs(f)) {
                    return new Result(f, iteration, calls, "the value no longer falls");
                }
            }
            return new Result(f, iterations, calls, "all iterations done");
        }

        /// One line search; remembers the pair and moves. False when even the steepest line leads nowhere.
        private boolean step() {
            double[] d = direction();
            double slope = dot(g, d);
            if (!(slope < 0)) {
                pairs.clear();
                d = direction();
                slope = dot(g, d);
            }
            double first = pairs.isEmpty() ? Math.min(1, 1 / Math.sqrt(dot(g, g))) : 1;
            Trial found = search(d, slope, first);
            if (found == null) {
                boolean steepest = pairs.isEmpty();
                pairs.clear();
                return !steepest && step();
            }
            remember(found);
            return true;
        }

        /// The two loops over the pairs, newest first and back: −H g without ever forming H.
        private double[] direction() {
            double[] d = new double[x.length];
            for (int i = 0; i < d.length; i++) {
                d[i] = -g[i];
            }
            double[] weights = new double[pairs.size()];
            int at = 0;
            for (Pair pair : pairs) {
                weights[at] = dot(pair.s, d) / pair.sy;
                add(d, -weights[at++], pair.y);
            }
            if (!pairs.isEmpty()) {
                Pair newest = pairs.getFirst();
                double scale = newest.sy / dot(newest.y, newest.y);
                for (int i = 0; i < d.length; i++) {
                    d[i] *= scale;
                }
            }
            for (Iterator<Pair> oldestFirst = pairs.descendingIterator(); oldestFirst.hasNext(); ) {
                Pair pair = oldestFirst.next();
                add(d, weights[--at] - dot(pair.y, d) / pair.sy, pair.s);
            }
            return d;
        }

        /// Brackets a point that satisfies both conditions, then narrows the bracket by halving or interpolation.
        private Trial search(double[] d, double slope, double first) {
            Trial low = new Trial(0, f, slope);
            double high = Double.POSITIVE_INFINITY;
            double alpha = first;
            for (int i = 0; i < TRIES; i++) {
                Trial trial = at(d, alpha);
                if (!trial.isFinite() || trial.f > f + DECREASE * alpha * slope || trial.f > low.f) {
                    high = alpha;
                } else if (Math.abs(trial.slope) <= -CURVATURE * slope) {
                    return trial;
                } else if (trial.slope > 0) {
                    high = alpha;
                } else {
                    low = trial;
                }
                alpha = next(low, trial, high);
            }
            // Out of tries: a lower point is progress even without the curvature condition.
            return low.alpha > 0 ? at(d, low.alpha) : null;
        }

        private double next(Trial low, Trial trial, double high) {
            if (Double.isInfinite(high)) {
                return 2 * trial.alpha;
            }
            double width = high - low.alpha;
            double middle = low.alpha + width / 2;
            if (trial.alpha != high || !trial.isFinite()) {
                return middle;
            }
            // The lowest point of the parabola through low (value and slope) and the trial's value.
            double fall = trial.f - low.f - low.slope * width;
            double lowest = low.alpha - low.slope * width * width / (2 * fall);
            boolean inside = lowest > low.alpha + 0.1 * width && lowest < high - 0.1 * width;
            return inside ? lowest : middle;
        }

        private Trial at(double[] d, double alpha) {
            for (int i = 0; i < x.length; i++) {
                trialX[i] = x[i] + alpha * d[i];
            }
            double value = evaluate(trialX, trialG);
            return new Trial(alpha, value, dot(trialG, d));
        }

        private void remember(Trial found) {
            double[] s = new double[x.length];
            double[] y = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                s[i] = trialX[i] - x[i];
                y[i] = trialG[i] - g[i];
            }
            double sy = dot(s, y);
            // Without positive curvature the pair would make H indefinite.
            if (sy > 1e-10 * Math.sqrt(dot(s, s) * dot(y, y))) {
                pairs.addFirst(new Pair(s, y, sy));
                if (pairs.size() > memory) {
                    pairs.removeLast();
                }
            }
            System.arraycopy(trialX, 0, x, 0, x.length);
            System.arraycopy(trialG, 0, g, 0, g.length);
            f = found.f;
        }

        private double evaluate(double[] at, double[] gradient) {
            calls++;
            return objective.at(at, gradient);
        }
    }

    private static void add(double[] to, double weight, double[] from) {
        for (int i = 0; i < to.length; i++) {
            to[i] += weight * from[i];
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double highest(double[] a) {
        double highest = 0;
        for (double value : a) {
            highest = Math.max(highest, Math.abs(value));
        }
        return highest;
    }
}
