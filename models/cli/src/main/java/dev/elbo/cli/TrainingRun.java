package dev.elbo.cli;

import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.Trainer;
import dev.elbo.models.training.Training;
import dev.elbo.models.training.TrainingStoppedException;
import dev.elbo.models.training.Validation;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// One model in training, with the folder that it is written to: begun or gone on with, watched, saved now and
/// then, and judged at the end. It owns both.
final class TrainingRun implements AutoCloseable {
    private static final long SAVE_NANOS = 30_000_000_000L;

    /// How a run ended.
    ///
    /// @param figures     of training and of the evaluation; none of a run that was interrupted
    /// @param interrupted whether a person stopped it before its end
    record Outcome(Map<String, Double> figures, boolean interrupted) {}

    private final Experiment experiment;
    private final Provenance provenance;
    private final RunFolder folder;
    private final Training training;
    private final Optional<Validation> validation;
    private final PrintWriter terminal;
    private volatile boolean interrupted;

    @FunctionalInterface
    private interface Opening {
        RunFolder open() throws IOException;
    }

    private TrainingRun(Experiment experiment, Device device, Opening opening, PrintWriter terminal)
            throws IOException {
        this.experiment = experiment;
        this.provenance = Provenance.of(experiment, device);
        this.terminal = terminal;
        this.validation = experiment
                .heldLoss()
                .map(loss -> new Validation(loss, experiment.patience(), (progress, held) -> saveBest(held)));
        this.training = experiment.training();
        try {
            this.folder = opening.open();
        } catch (Throwable t) {
            try (training) {
                throw t;
            }
        }
        training.dumpsTo(folder.dump());
    }

    /// Begins a run. What cannot be trained is refused before there is a folder, which would be in the way of
    /// what is asked for instead.
    ///
    /// @param experiment to be trained, borrowed
    /// @param device     it is on
    /// @param place      of the folder, see [RunFolder#create]
    /// @param config     that the experiment is of
    /// @param terminal   where progress is shown
    static TrainingRun begin(Experiment experiment, Device device, Path place, Config config, PrintWriter terminal)
            throws IOException {
        return new TrainingRun(experiment, device, () -> RunFolder.create(place, config.members()), terminal);
    }

    /// Goes on with a run, after its latest checkpoint.
    ///
    /// @param experiment to be trained, borrowed
    /// @param device     it is on
    /// @param place      of the folder
    /// @param config     that the experiment is of
    /// @param terminal   where progress is shown
    static TrainingRun resume(Experiment experiment, Device device, Path place, Config config, PrintWriter terminal)
            throws IOException {
        TrainingRun run = new TrainingRun(experiment, device, () -> RunFolder.resume(place), terminal);
        try {
            run.restore();
            RunFolder.reconfigure(place, config.members());
            return run;
        } catch (Throwable t) {
            try (run) {
                throw t;
            }
        }
    }

    private void restore() throws IOException {
        if (!RunFolder.hasCheckpoint(folder.folder())) {
            folder.rewind(0);
            terminal.println("the run was ended before it had saved anything: beginning anew, from the same seed");
            return;
        }
        try (Arena file = Arena.ofShared()) {
            Checkpoint checkpoint = RunFolder.latest(folder.folder(), file);
            training.restore(checkpoint);
            validation.ifPresent(judge -> remember(judge, checkpoint.facts()));
        }
        folder.rewind(training.steps());
        terminal.println("going on after step " + training.steps());
    }

    /// A loss of other data is no measure of the losses to come.
    private void remember(Validation judge, Map<String, String> facts) {
        if (Provenance.in(facts).otherData(provenance)) {
            terminal.println("other data than before: judged afresh");
        } else {
            judge.restore(facts);
        }
    }

    /// Trains to the end, until it gets no better, or to Ctrl-C, and judges the best state.
    ///
    /// @param nll samples of the test likelihood, 0 for the bound alone
    Outcome run(int nll) throws IOException {
        Map<String, Double> figures;
        // The JVM ends as soon as this is closed: until then all must be saved and said.
        try (Interruption _ = new Interruption(() -> interrupted = true)) {
            try {
                figures = watch();
                save();
            } catch (TrainingStoppedException e) {
                if (!interrupted) {
                    throw e;
                }
                // The JVM may end before whoever catches it can say it.
                terminal.println(e.getMessage());
                return new Outcome(Map.of(), true);
            }
            if (interrupted) {
                terminal.println("stopped after step " + training.steps() + "; go on with: elbo train --resume "
                        + folder.folder());
                return new Outcome(Map.of(), true);
            }
        }
        if (validation.isPresent()) {
            restoreBest(validation.get());
        }
        figures.putAll(experiment.evaluate(nll, RunOptions.TEST_SEED));
        folder.measured(training.steps(), figures);
        return new Outcome(figures, false);
    }

    private Map<String, Double> watch() {
        Map<String, Double> figures = new LinkedHashMap<>();
        if (validation.isPresent() && validation.get().exhausted()) {
            terminal.println("no step was done: the run had ended after " + experiment.patience()
                    + " reports without a better one; --patience with more, or 0, goes on");
            return figures;
        }
        try (ProgressLine line = new ProgressLine(terminal)) {
            Trainer.Watcher judge =
                    progress -> validation.isEmpty() || validation.get().goOn(progress);
            training.run(judge.and(new Trainer.Watcher() {
                private long saved = System.nanoTime();

                @Override
                public boolean goOn(Trainer.Progress progress) {
                    line.show(progress);
                    figures.put("train_loss", progress.loss());
                    figures.put("seconds", progress.seconds());
                    note(progress);
                    return goOnBetween(progress.step());
                }

                @Override
                public boolean goOnBetween(long step) {
                    if (System.nanoTime() - saved > SAVE_NANOS) {
                        save();
                        saved = System.nanoTime();
                    }
                    return !interrupted;
                }
            }));
        }
        return figures;
    }

    /// What is judged and used from here on is the best state, not the last.
    private void restoreBest(Validation judge) throws IOException {
        try (Arena file = Arena.ofConfined()) {
            Trainer.restoreModel(experiment.parameters(), RunFolder.best(folder.folder(), file));
        }
        // Judged afresh, and by no report yet: the best is still that of before.
        if (Double.isFinite(judge.best())) {
            terminal.println("%-22s %.4f, kept".formatted("best validation_loss", judge.best()));
        }
    }

    private void note(Trainer.Progress progress) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("train_loss", progress.loss());
        validation.ifPresent(judge -> figures.put("validation_loss", judge.latest()));
        progress.losses().forEach((name, loss) -> figures.put(name + "_loss", loss));
        figures.put("rate", progress.rate());
        written(() -> folder.measured(progress.step(), figures));
    }

    /// Writes a checkpoint of where training is.
    ///
    /// @throws TrainingStoppedException where it has stopped: its state is that of an earlier step
    void save() {
        training.checkGoing();
        Map<String, String> facts = new LinkedHashMap<>(provenance.facts());
        validation.ifPresent(judge -> facts.putAll(judge.facts()));
        written(() -> folder.save(training.steps(), facts, training.state()));
    }

    private void saveBest(double loss) {
        Map<String, String> facts = new LinkedHashMap<>(provenance.facts());
        facts.put("step", String.valueOf(training.steps()));
        facts.put("validation_loss", String.valueOf(loss));
        written(() -> folder.saveBest(facts, training.state()));
    }

    @FunctionalInterface
    private interface Writing {
        void run() throws IOException;
    }

    private void written(Writing writing) {
        try {
            writing.run();
        } catch (IOException e) {
            throw new BadInputException(folder.folder(), "cannot be written: " + e.getMessage(), "free its disk", e);
        }
    }

    @Override
    public void close() throws IOException {
        try (RunFolder _ = folder) {
            training.close();
        }
    }
}
