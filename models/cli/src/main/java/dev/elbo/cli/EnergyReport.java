package dev.elbo.cli;

import dev.elbo.cli.report.Page;
import dev.elbo.cli.report.Plot;
import dev.elbo.models.data.Examples;
import dev.elbo.models.energy.Annealing;
import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.recipe.RbmRecipe;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.random.Purpose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a report says of an energy model: what its hidden units look at, how its chains move, and how far its last
/// annealing is to be believed.
final class EnergyReport {
    private static final int COLUMNS = 16;
    private static final int CHAINS = 6;
    private static final int[] STEPS = {0, 1, 3, 10, 30, 100, 300, 1000};
    private static final String ANNEALING = "annealing.json";

    private EnergyReport() {}

    static void write(Path folder, ExampleExperiment<?> run, RbmRecipe.Machine machine, Page page) throws IOException {
        Examples train = run.data().set().train();
        if (Pictures.of(train)) {
            page.section("Receptive fields");
            page.pictures(
                    "weights of the first hidden units, black below, white above 0",
                    Pictures.grid(COLUMNS, train, fields(machine.rbm())));
            page.section("Gibbs chains");
            page.pictures(
                    "a chain to a row, from hidden units that are coins: after " + words(STEPS) + " steps",
                    Pictures.grid(STEPS.length, train, chains(machine.rbm())));
        }
        Kept.read(folder, ANNEALING).ifPresent(kept -> annealing(kept, page));
    }

    /// Leaves what an annealing found in the folder of the run, for its next report.
    static void keep(Path folder, Annealing.Estimate estimate) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("refused", estimate.refused());
        all.put("forward", direction(estimate.forward()));
        all.put("backward", direction(estimate.backward()));
        Kept.write(folder, ANNEALING, all);
    }

    private static Map<String, Object> direction(Annealing.Direction direction) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("log_z", direction.logZ());
        members.put("error", direction.error());
        members.put("ess", direction.effective());
        members.put("chains", direction.each());
        return members;
    }

    private static void annealing(Map<String, Json> kept, Page page) {
        page.section("Annealing");
        String refused = ((Json.Text) kept.get("refused")).value();
        page.text(refused.isEmpty() ? "not refused" : "refused: " + refused);
        Map<String, String> facts = new LinkedHashMap<>();
        List<Plot.Series> series = new ArrayList<>();
        for (String way : List.of("forward", "backward")) {
            Map<String, Json> said = ((Json.Members) kept.get(way)).values();
            if (refused.isEmpty()) {
                facts.put("log Z " + way, "%s ± %s nats".formatted(number(said, "log_z"), number(said, "error")));
            }
            facts.put("effective chains " + way, number(said, "ess"));
            List<Plot.Point> points = new ArrayList<>();
            List<Json> each = ((Json.Elements) said.get("chains")).values();
            for (int i = 0; i < each.size(); i++) {
                double share = (i + 0.5) / each.size();
                points.add(new Plot.Point(
                        each.get(i) instanceof Json.Number(var value) ? value.doubleValue() : Double.NaN, share));
            }
            series.add(new Plot.Series(way, points));
        }
        page.facts(facts);
        page.plot(new Plot(
                "what each chain alone says: where the two ways overlap, they can be believed",
                "log Z, nats",
                "share of the chains below",
                series,
                Plot.Kind.LINES,
                false));
    }

    private static String number(Map<String, Json> members, String name) {
        return members.get(name) instanceof Json.Number(var value)
                ? String.format(Locale.ROOT, "%.2f", value.doubleValue())
                : "not a number";
    }

    private static List<float[]> fields(Rbm rbm) {
        float[] weights = rbm.weights().device().floats(rbm.weights());
        int shown = Math.min(4 * COLUMNS, rbm.hidden());
        List<float[]> pictures = new ArrayList<>();
        for (int j = 0; j < shown; j++) {
            float highest = 1e-6f;
            float[] field = new float[rbm.visible()];
            for (int i = 0; i < field.length; i++) {
                field[i] = weights[i * rbm.hidden() + j];
                highest = Math.max(highest, Math.abs(field[i]));
            }
            for (int i = 0; i < field.length; i++) {
                field[i] = 0.5f + 0.5f * field[i] / highest;
            }
            pictures.add(field);
        }
        return pictures;
    }

    /// E[v | h] of some chains after each of [#STEPS].
    private static List<float[]> chains(Rbm rbm) {
        int size = rbm.visible();
        float[][] seen = new float[CHAINS * STEPS.length][];
        try (Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(rbm.weights().device(), "chains", owner);
            Ops f = Ops.plain(memory);
            Clock clock = Clock.of(1, 0, memory);
            Tensor h = f.bernoullis(f.constant(Shape.of(CHAINS, rbm.hidden()), 0.5f), clock.next(Purpose.SAMPLE));
            Tensor v = rbm.drawVisible(f, h, clock.next(Purpose.SAMPLE));
            clock.tick();
            for (int s = 0; s < STEPS.length; s++) {
                if (s > 0) {
                    Gibbs.advance(rbm, v, STEPS[s] - STEPS[s - 1], clock, Purpose.SAMPLE);
                }
                Tensor mean = s == 0 ? v : rbm.visibleGivenHidden(f, rbm.hiddenGivenVisible(f, v));
                float[] values = memory.device().floats(mean);
                for (int c = 0; c < CHAINS; c++) {
                    seen[c * STEPS.length + s] = Arrays.copyOfRange(values, c * size, (c + 1) * size);
                }
            }
        }
        return List.of(seen);
    }

    private static String words(int[] numbers) {
        StringBuilder words = new StringBuilder();
        for (int number : numbers) {
            words.append(words.isEmpty() ? "" : ", ").append(number);
        }
        return words.toString();
    }
}
