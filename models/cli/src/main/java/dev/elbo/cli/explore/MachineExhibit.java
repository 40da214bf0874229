package dev.elbo.cli.explore;

import dev.elbo.models.data.Examples;
import dev.elbo.models.energy.Gibbs;
import dev.elbo.models.energy.Rbm;
import dev.elbo.models.latent.Imputation;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/// A restricted Boltzmann machine: stepping its Gibbs chain, and filling in what is hidden.
///
/// ```
/// gibbs   picture, at, steps             state, picture, hidden, energy
/// impute                                 see [Filling]
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
        try (Arena frame = Arena.ofShared()) {
            Memory memory = Memory.of(device, "answer", frame);
            Map<String, Object> answer = switch (name) {
                case "gibbs" -> stepped(question, memory);
                case "impute" -> Filling.answer(Imputation.of(rbm), question, rbm.visible(), memory);
                default -> throw Question.wrong("no such question; name=" + name);
            };
            return (Json.Members) Json.of(answer);
        }
    }

    private Map<String, Object> stepped(Question question, Memory memory) {
        Ops f = Ops.plain(memory);
        Tensor v = memory.floats(Shape.of(1, rbm.visible()), question.pixels("picture", rbm.visible()));
        Clock clock = Clock.of(SEED, question.integer("at", 0, Integer.MAX_VALUE), memory);
        int steps = question.integer("steps", 1, MOST_STEPS);
        Tensor before = steps == 1 ? v : Gibbs.chain(f, rbm, v, steps - 1, clock, Purpose.CHAIN);
        Tensor h = rbm.drawHidden(f, before, clock.next(Purpose.CHAIN));
        Tensor state = rbm.drawVisible(f, h, clock.next(Purpose.CHAIN));
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("state", Question.pixels(device.floats(state)));
        answer.put("picture", Question.pixels(device.floats(rbm.visibleGivenHidden(f, h))));
        answer.put("hidden", Question.pixels(device.floats(rbm.hiddenGivenVisible(f, state))));
        answer.put("energy", device.scalar(rbm.freeEnergy(f, state)));
        return answer;
    }
}
