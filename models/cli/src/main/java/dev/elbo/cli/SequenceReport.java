package dev.elbo.cli;

import dev.elbo.cli.report.HeatMap;
import dev.elbo.cli.report.Page;
import dev.elbo.models.sequence.Crf;
import dev.elbo.models.sequence.Hmm;
import dev.elbo.models.sequence.Tagging;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import java.lang.foreign.Arena;
import java.util.List;

/// What a page shows of a model of sequences: what it takes for what, and what it makes of neighbours.
final class SequenceReport {
    private SequenceReport() {}

    static void write(SequenceExperiment<?> run, Page page) {
        Tagging tagging = Tagging.of(run.tagger(), run.set().test(), run.device());
        List<String> known = run.set().classes();
        List<String> all = run.set().test().classes();
        page.section("Confusions");
        page.text("Squares on the diagonal are left white: what is right is said above.");
        page.heatMap(
                new HeatMap("held-out positions: true tag → tag given", all, known, confusions(tagging, known.size())));
        page.section("Transitions");
        switch (run.parameters().model()) {
            case Crf crf -> {
                double[][] weights = exp(crf.transitions());
                page.heatMap(new HeatMap("exp of the scores, from row to column", known, known, weights));
            }
            case Hmm hmm -> {
                try (Arena owner = Arena.ofShared()) {
                    Ops f = Ops.plain(Memory.of(run.device(), "report", owner));
                    double[][] shares = exp(f.logSoftmaxRows(hmm.transitions()));
                    page.heatMap(new HeatMap("probabilities, from row to column", known, known, shares));
                }
            }
            default -> throw new IllegalStateException("no transitions to show; model=" + run.name());
        }
    }

    private static double[][] confusions(Tagging tagging, int known) {
        int classes = tagging.sequences().classes().size();
        double[][] counts = new double[classes][];
        for (int i = 0; i < classes; i++) {
            counts[i] = new double[known];
        }
        for (int q = 0; q < tagging.paths().length; q++) {
            int from = tagging.sequences().starts()[q];
            for (int t = 0; t < tagging.paths()[q].length; t++) {
                int gold = tagging.sequences().labels()[from + t];
                int given = tagging.paths()[q][t];
                if (given >= 0 && given != gold) {
                    counts[gold][given]++;
                }
            }
        }
        return counts;
    }

    private static double[][] exp(Tensor scores) {
        int n = scores.shape().cols();
        float[] values = scores.device().floats(scores);
        double[][] exp = new double[n][n];
        for (int i = 0; i < values.length; i++) {
            exp[i / n][i % n] = Math.exp(values[i]);
        }
        return exp;
    }
}
