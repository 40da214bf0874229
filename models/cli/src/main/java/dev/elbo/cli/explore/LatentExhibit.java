package dev.elbo.cli.explore;

import dev.elbo.models.data.Examples;
import dev.elbo.models.latent.Coder;
import dev.elbo.models.latent.Imputation;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.Json;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model with codes: moving through them, encoding a picture, filling in what is hidden.
///
/// ```
/// decode  z                              picture
/// plane   z, across, up, side, reach     pictures of a grid over two dimensions, the others as in z; top row first
/// encode  picture                        z, picture: its code, and what the decoder makes of that
/// impute                                 see [Filling]
/// ```
public final class LatentExhibit implements Exhibit {
    private static final int POINTS = 1000;
    private static final int WIDEST = 25;

    private final LatentModel model;
    private final Examples examples;
    private final Device device;

    /// @param model    on the device
    /// @param examples held out, to take from
    /// @param device   of the thread that will be asked
    public LatentExhibit(LatentModel model, Examples examples, Device device) {
        this.model = model;
        this.examples = examples;
        this.device = device;
    }

    @Override
    public Json.Members description() {
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("kind", "latent");
        page.put("dimensions", model.dimensions());
        page.put("encodes", model.coder().isPresent());
        page.put("imputes", model.through().isPresent());
        page.put("shelf", Shelf.of(examples));
        page.put("classes", examples.classes());
        page.put("points", points());
        return (Json.Members) Json.of(page);
    }

    @Override
    public Json.Members answer(String name, Question question) {
        try (Arena frame = Arena.ofShared()) {
            Memory memory = Memory.of(device, "answer", frame);
            Ops f = Ops.plain(memory);
            Map<String, Object> answer = new LinkedHashMap<>();
            switch (name) {
                case "decode" -> answer.put("picture", decoded(f, question.numbers("z", model.dimensions())));
                case "plane" -> answer.put("pictures", decoded(f, plane(question)));
                case "encode" -> {
                    float[] x = question.pixels("picture", examples.features());
                    Tensor z = coder().code(f, memory.floats(Shape.of(1, x.length), x));
                    answer.put("z", list(device.floats(z)));
                    answer.put("picture", decoded(f, device.floats(z)));
                }
                case "impute" -> answer.putAll(Filling.answer(through(), question, examples.features(), memory));
                default -> throw Question.wrong("no such question; name=" + name);
            }
            return (Json.Members) Json.of(answer);
        }
    }

    private String decoded(Ops f, float[] z) {
        Tensor codes = f.memory().floats(Shape.of(z.length / model.dimensions(), model.dimensions()), z);
        return Question.pixels(device.floats(model.decoder().decode(f, codes)));
    }

    /// Codes of a square grid, from the upper left corner on.
    private float[] plane(Question question) {
        int dimensions = model.dimensions();
        float[] z = question.numbers("z", dimensions);
        int across = question.integer("across", 0, dimensions - 1);
        int up = question.integer("up", 0, dimensions - 1);
        int side = question.integer("side", 2, WIDEST);
        float reach = question.numbers("reach", 1)[0];
        float[] codes = new float[side * side * dimensions];
        for (int cell = 0; cell < side * side; cell++) {
            System.arraycopy(z, 0, codes, cell * dimensions, dimensions);
            codes[cell * dimensions + across] = reach * (2f * (cell % side) / (side - 1) - 1);
            codes[cell * dimensions + up] = reach * (1 - 2f * (cell / side) / (side - 1));
        }
        return codes;
    }

    private Coder coder() {
        return model.coder().orElseThrow(() -> Question.wrong("the model finds no codes"));
    }

    private Imputation.Through through() {
        return model.through().orElseThrow(() -> Question.wrong("the model fills nothing in"));
    }

    /// Codes and labels of held-out examples, so that the page shows where the data lie.
    private List<Object> points() {
        List<Object> points = new ArrayList<>();
        if (model.coder().isEmpty()) {
            return points;
        }
        int count = Math.min(POINTS, examples.count());
        float[] values = new float[count * examples.features()];
        for (int row = 0; row < count; row++) {
            System.arraycopy(Shelf.row(examples, row), 0, values, row * examples.features(), examples.features());
        }
        try (Arena frame = Arena.ofShared()) {
            Memory memory = Memory.of(device, "points", frame);
            Tensor x = memory.floats(Shape.of(count, examples.features()), values);
            float[] z = device.floats(coder().code(Ops.plain(memory), x));
            for (int row = 0; row < count; row++) {
                float[] code = new float[model.dimensions()];
                System.arraycopy(z, row * code.length, code, 0, code.length);
                int label = examples.labels().length == 0 ? 0 : examples.labels()[row];
                points.add(Map.of("z", list(code), "label", label));
            }
        }
        return points;
    }

    /// Three decimals: the page draws no finer.
    private static List<Object> list(float[] values) {
        List<Object> list = new ArrayList<>();
        for (float value : values) {
            list.add(Math.round(value * 1000.0) / 1000.0);
        }
        return list;
    }
}
