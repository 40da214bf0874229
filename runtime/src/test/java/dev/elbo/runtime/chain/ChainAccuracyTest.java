package dev.elbo.runtime.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Ops;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What each form of the recursion costs in digits, against f64 logarithms by the definition.
///
/// `main` writes the table of the decision page: `java … dev.elbo.runtime.chain.ChainAccuracyTest FILE`.
class ChainAccuracyTest {
    /// States whose transitions a warp holds, and from which clusters take a chain.
    private static final int TILED = 32;

    private static final int CLUSTERED = 129;

    /// Ergodic chains of the sizes and emissions that accuracy is usually shown for.
    enum Case {
        SMALL(8, 256, 2),
        MIDDLE(64, 1024, 3),
        PEAKY(64, 1024, 20),
        LARGE(512, 512, 3),
        NARROW(32, 512, 3);

        final int states;
        final int steps;
        final double spread;

        Case(int states, int steps, double spread) {
            this.states = states;
            this.steps = steps;
            this.spread = spread;
        }

        /// Rows of transitions from a flat Dirichlet, normal emission scores.
        Scores scores() {
            SplittableRandom random = new SplittableRandom(ordinal());
            float[] transitions = new float[states * states];
            for (int i = 0; i < states; i++) {
                double sum = 0;
                for (int j = 0; j < states; j++) {
                    double gamma = -Math.log(1 - random.nextDouble());
                    transitions[i * states + j] = (float) gamma;
                    sum += gamma;
                }
                for (int j = 0; j < states; j++) {
                    transitions[i * states + j] = (float) Math.log(transitions[i * states + j] / sum);
                }
            }
            float[] unary = new float[steps * states];
            for (int e = 0; e < unary.length; e++) {
                unary[e] = (float) (spread * random.nextGaussian());
            }
            return new Scores(1, steps, states, false, unary, transitions, null, null, new int[] {steps});
        }
    }

    /// @param logZ      |log Z − reference|, nats
    /// @param marginal  largest error of a posterior
    /// @param pair      largest error of an expected count, of the largest count
    record Errors(Form form, double logZ, double marginal, double pair) {
        static Errors of(Form form, Scores scores, Reference reference) {
            return of(CpuDevice.open(2), form, scores, reference);
        }

        static Errors of(Device opened, Form form, Scores scores, Reference reference) {
            return ChainTrial.on(opened, memory -> {
                Inference.Marginals of = new Inference(Ops.plain(memory), scores.on(memory), form).marginals();
                float[] unary = memory.device().floats(of.unary());
                float[] pairs = memory.device().floats(of.transitions());
                double largest = 0;
                double pair = 0;
                for (int e = 0; e < pairs.length; e++) {
                    largest = Math.max(largest, reference.pairs()[e]);
                    pair = Math.max(pair, Math.abs(reference.pairs()[e] - pairs[e]));
                }
                double marginal = 0;
                for (int e = 0; e < unary.length; e++) {
                    marginal = Math.max(marginal, Math.abs(reference.marginals()[e] - unary[e]));
                }
                double logZ = memory.device().floats(of.logPartition())[0];
                return new Errors(form, Math.abs(logZ - reference.logPartition()[0]), marginal, pair / largest);
            });
        }
    }

    private static List<Errors> errors(Scores scores, Form... forms) {
        Reference reference = Reference.of(scores, 0);
        List<Errors> errors = new ArrayList<>();
        for (Form form : forms) {
            errors.add(Errors.of(form, scores, reference));
        }
        return errors;
    }

    @ParameterizedTest
    @EnumSource(names = {"SMALL", "MIDDLE", "PEAKY"})
    void scaledF32KeepsItsDigits(Case chain) {
        Errors errors = errors(chain.scores(), Form.AUTO).getFirst();
        assertTrue(errors.marginal <= 3e-7 && errors.pair <= 1e-6 && errors.logZ <= 1e-2, errors.toString());
    }

    /// So do products of TF32 pairs, three for one, whether the units round their sums or cut them.
    @ParameterizedTest
    @EnumSource(names = {"SMALL", "NARROW"})
    @Tag("simulated")
    void matrixUnitsKeepTheirDigits(Case chain) {
        Scores scores = chain.scores();
        Reference reference = Reference.of(scores, 0);
        for (boolean cut : new boolean[] {false, true}) {
            Errors errors = Errors.of(simulated(cut), Form.TILES, scores, reference);
            boolean kept = errors.marginal <= 3e-7 && errors.pair <= 1e-6 && errors.logZ <= 1e-2;
            assertTrue(kept, errors.toString());
        }
    }

    /// The simulated device, whose matrix units round their sums to nearest or cut them.
    private static Device simulated(boolean cut) {
        SimulatedGpu.install(Configuration.standard().seed(cut ? 1 : 0));
        return CudaDevice.open(0, CudaOptions.best());
    }

    /// So do matrices of single steps, on both sides of a row of sixteen states.
    @ParameterizedTest
    @ValueSource(ints = {8, 40})
    void matricesOfStepsKeepTheirDigits(int states) {
        Scores scores = Scores.random(1, 700, states, true, 0, states);
        Reference reference = Reference.of(scores, 0);
        ChainTrial of = ChainTrial.onCpu(scores, Form.AUTO);
        assertEquals(Form.SCALED_F32, of.served()[0]);
        assertEquals(0, reference.worstMarginal(scores, of, 0), 3e-7);
        assertEquals(
                reference.logPartition()[0],
                of.logPartition()[0],
                1e-6 * reference.logPartition()[0]);
        double[] pairs = new double[states * states];
        for (int e = 0; e < of.transitions().length; e++) {
            pairs[e % pairs.length] += of.transitions()[e];
        }
        for (int e = 0; e < pairs.length; e++) {
            assertEquals(
                    reference.pairs()[e], pairs[e], 1e-6 * Math.max(1, reference.pairs()[e]));
        }
    }

    /// Writes the table.
    ///
    /// @param arguments a file, overwritten
    public static void main(String[] arguments) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("| case | form | log Z | error of log Z | largest error of a posterior | of an expected count |");
        lines.add("| --- | --- | --- | --- | --- | --- |");
        for (Case chain : Case.values()) {
            Scores scores = chain.scores();
            String name = "S=" + chain.states + " T=" + chain.steps + ", emissions of sd " + chain.spread;
            add(lines, name, scores, Form.SCALED_F32, Form.SCAN, Form.SCALED_F64, Form.LOG);
            Reference reference = Reference.of(scores, 0);
            if (chain.states <= TILED) {
                lines.add(row(name, "TILES", reference, Errors.of(simulated(false), Form.TILES, scores, reference)));
                lines.add(row(
                        name, "TILES, sums cut", reference, Errors.of(simulated(true), Form.TILES, scores, reference)));
            }
            if (chain.states >= CLUSTERED) {
                lines.add(row(
                        name, "CLUSTERS", reference, Errors.of(simulated(false), Form.CLUSTERS, scores, reference)));
            }
        }
        for (ChainTrapsTest.LeftToRight chain : ChainTrapsTest.forcedEnds().toList()) {
            String name = "left to right, forced end, +" + chain.favour() + " × " + chain.steps();
            add(lines, name, chain.scores(), Form.SCALED_F32, Form.SCALED_F64, Form.LOG, Form.AUTO);
        }
        Files.write(Path.of(arguments[0]), lines);
    }

    private static void add(List<String> lines, String name, Scores scores, Form... forms) {
        Reference reference = Reference.of(scores, 0);
        for (Errors e : errors(scores, forms)) {
            lines.add(row(name, e.form.name(), reference, e));
        }
    }

    private static String row(String name, String form, Reference reference, Errors e) {
        return String.format(
                Locale.ROOT,
                "| %s | %s | %.3f | %.1e | %.1e | %.1e |",
                name,
                form,
                reference.logPartition()[0],
                e.logZ,
                e.marginal,
                e.pair);
    }
}
