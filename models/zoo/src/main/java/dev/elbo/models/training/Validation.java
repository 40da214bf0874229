package dev.elbo.models.training;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;

/// Judges a run at every report by data it does not learn from: has its best state kept, and stops it when it
/// has not got better for a while.
///
/// What it remembers goes into checkpoints as [#facts], so that a resumed run is stopped where an unbroken
/// one is.
public final class Validation implements Trainer.Watcher {
    /// Told when the state is better than every one before.
    @FunctionalInterface
    public interface Keeper {
        /// @param progress where training is
        /// @param loss     of the data that is not learned from
        void keep(Trainer.Progress progress, double loss);
    }

    private static final String BEST = "validation.best";
    private static final String SINCE = "validation.since";

    private final DoubleSupplier loss;
    private final int patience;
    private final Keeper keeper;
    private double latest = Double.NaN;
    private double best = Double.POSITIVE_INFINITY;
    private int since;

    /// @param loss     computed at every report
    /// @param patience reports without a better one until training stops; 0: it never does
    /// @param keeper   of the best state
    public Validation(DoubleSupplier loss, int patience, Keeper keeper) {
        if (patience < 0) {
            throw new IllegalArgumentException("Validation: no such patience; patience=" + patience);
        }
        this.loss = loss;
        this.patience = patience;
        this.keeper = keeper;
    }

    @Override
    public boolean goOn(Trainer.Progress progress) {
        latest = loss.getAsDouble();
        if (latest < best) {
            best = latest;
            since = 0;
            keeper.keep(progress, latest);
        } else {
            since++;
        }
        return !exhausted();
    }

    /// Whether it has stopped the run.
    public boolean exhausted() {
        return patience > 0 && since >= patience;
    }

    /// The loss of the latest report.
    public double latest() {
        return latest;
    }

    /// The lowest loss of all reports.
    public double best() {
        return best;
    }

    /// What it remembers, for a checkpoint.
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(BEST, String.valueOf(best));
        facts.put(SINCE, String.valueOf(since));
        return facts;
    }

    /// Goes on from what a checkpoint remembers, if it remembers anything.
    public void restore(Map<String, String> facts) {
        if (facts.containsKey(BEST) && facts.containsKey(SINCE)) {
            best = Double.parseDouble(facts.get(BEST));
            since = Integer.parseInt(facts.get(SINCE));
        }
    }
}
