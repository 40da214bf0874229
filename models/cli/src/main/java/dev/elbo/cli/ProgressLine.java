package dev.elbo.cli;

import dev.elbo.models.training.Trainer;
import java.io.PrintWriter;
import java.util.Locale;

/// Where training is: one line that is written over on a terminal, a line each time elsewhere.
final class ProgressLine implements AutoCloseable {
    private static final int WIDTH = 14;
    // What was longer before is gone: ECMA-48, erase to the end of the line.
    private static final String ERASE = "\u001b[K";
    private static final String TRENDS = "▲▼";

    private final PrintWriter out;
    private final boolean terminal;
    private double before = Double.NaN;

    ProgressLine(PrintWriter out) {
        this(out, System.console() != null && System.console().isTerminal());
    }

    ProgressLine(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    void show(Trainer.Progress progress) {
        boolean first = Double.isNaN(before);
        String trend = first ? " " : progress.loss() > before ? TRENDS.substring(0, 1) : TRENDS.substring(1);
        String words = String.format(
                Locale.ROOT,
                "epoch %6.1f  loss %9.4f %s  %s steps/s%s",
                progress.epoch(),
                progress.loss(),
                trend,
                rate(progress.rate()),
                // The first steps wait for compilers and say nothing of the others.
                first ? "" : "  " + time(progress.secondsLeft()) + " left");
        before = progress.loss();
        if (terminal) {
            int full = (int) (WIDTH * progress.step() / progress.steps());
            out.print("\r" + "█".repeat(full) + "·".repeat(WIDTH - full) + " " + words + ERASE);
            out.flush();
        } else {
            out.println(words);
        }
    }

    @Override
    public void close() {
        if (terminal) {
            out.println();
        }
    }

    /// Whole steps, but for models that take longer over one.
    private static String rate(double steps) {
        return String.format(Locale.ROOT, steps < 10 ? "%6.1f" : "%,6.0f", steps);
    }

    private static String time(double seconds) {
        long whole = Math.round(seconds);
        return whole < 60
                ? whole + " s"
                : whole < 3600
                        ? whole / 60 + " min " + whole % 60 + " s"
                        : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }
}
