package dev.elbo.cli.explore;

import dev.elbo.models.data.Examples;
import dev.elbo.models.energy.Rbm;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// A restricted Boltzmann machine: stepping its Gibbs chain, and filling in what is hidden by a chain that holds the
/// rest.
///
/// ```
/// gibbs   picture, at, steps             state, picture, hidden, energy
/// impute  picture, mask, at              state, picture: a step that draws only where the mask is
/// ```
///
/// `state` is the visible units, to be sent as the next `picture`; `picture` is E[v | h], easier on the eye;
/// `hidden` is p(h = 1 | v) and `energy` F(v) of the state, nats.
public final class MachineExhibit implements Exhibit {
    private static final int MOST_STEPS = 100;
    private static final long SEED = 1;

    private final Rbm rbm;
    private final Examples examples;
    private final Device device;

    /// @param rbm      on the device
    /// @param examples held out, to take from
    /// @param device   of the thread that will be asked
    public MachineExhibit(Rbm rbm, Examples examples, Device device) {
        this.rbm = rbm;
        this.examples = examples;
        this.device = device;
    }

    @Override
    public Json.Members description() {
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("kind", "machine");
        page.put("hidden", rbm.hidden());
        page.put("shelf", Shelf.of(examples));
        return (Json.Members) Json.of(page);
    }

    @Override
    public Json.Members answer(String name, Question question) {
        float[] mask = new float[rbm.visible()];
        switch (name) {
            case "gibbs" -> Arrays.fill(mask, 1);
            case "impute" -> mask = question.pixels("mask", rbm.visible());
            default -> throw Question.wrong("no such question; name=" + name);
        }
        int steps = name.equals("gibbs") ? question.integer("steps", 1, MOST_STEPS) : 1;
        return stepped(question, mask, steps);
    }

    private Json.Members stepped(Question question, float[] mask, int steps) {
        float[] given = question.pixels("picture", rbm.visible());
        int at = question.integer("at", 0, Integer.MAX_VALUE);
        try (Arena frame = Arena.ofShared()) {
            Memory memory = Memory.of(device, "answer", frame);
            Ops f = Ops.plain(memory);
            Shape row = Shape.of(1, rbm.visible());
            Tensor free = memory.floats(row, mask);
            Tensor v = memory.floats(row, given);
            Tensor held = f.minus(v, f.times(v, free));
            Tensor mean = v;
            for (int step = 0; step < steps; step++) {
                Tensor h = rbm.drawHidden(f, v, draw(at, 2 * step, memory));
                mean = f.plus(held, f.times(rbm.visibleGivenHidden(f, h), free));
                v = f.plus(held, f.times(rbm.drawVisible(f, h, draw(at, 2 * step + 1, memory)), free));
            }
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("state", Question.pixels(device.floats(v)));
            answer.put("picture", Question.pixels(device.floats(mean)));
            answer.put("hidden", Question.pixels(device.floats(rbm.hiddenGivenVisible(f, v))));
            answer.put("energy", device.scalar(rbm.freeEnergy(f, v)));
            return (Json.Members) Json.of(answer);
        }
    }

    private static Draw draw(int at, int order, Memory memory) {
        return Draw.of(Noise.of(SEED, at, Purpose.SAMPLE, order), memory);
    }
}
