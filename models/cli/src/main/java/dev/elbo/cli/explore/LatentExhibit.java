package dev.elbo.cli.explore;

import dev.elbo.models.data.Examples;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A model with codes: moving through them, encoding a picture, filling in what is hidden.
///
/// ```
/// decode  z                              picture
/// plane   z, across, up, side, reach     pictures of a grid over two dimensions, the others as in z; top row first
/// encode  picture                        z, picture: the mean of q(z | x), and what the decoder makes of it
/// impute  picture, mask, at              picture: one round of z ~ q(z | x), x := decoder(z) where the mask is
/// ```
///
/// Rounds of imputation are pseudo-Gibbs sampling (Rezende, Mohamed & Wierstra 2014, arXiv:1401.4082, appendix F).
public final class LatentExhibit implements Exhibit {
    private static final int POINTS = 1000;
    private static final int WIDEST = 25;
    private static final long SEED = 1;

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
        page.put("encodes", model.encoder().isPresent());
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
                    Tensor z = encoder().mean(f, row(memory, picture(question)));
                    answer.put("z", list(device.floats(z)));
                    answer.put("picture", decoded(f, device.floats(z)));
                }
                case "impute" -> answer.put("picture", imputed(f, question));
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

    private String imputed(Ops f, Question question) {
        float[] x = picture(question);
        float[] mask = question.pixels("mask", examples.features());
        int at = question.integer("at", 0, Integer.MAX_VALUE);
        Draw draw = Draw.of(Noise.of(SEED, at, Purpose.SAMPLE, 0), f.memory());
        Tensor z = encoder().draw(f, row(f.memory(), x), draw);
        float[] guess = device.floats(model.decoder().decode(f, z));
        for (int i = 0; i < x.length; i++) {
            x[i] = mask[i] > 0 ? guess[i] : x[i];
        }
        return Question.pixels(x);
    }

    private float[] picture(Question question) {
        return question.pixels("picture", examples.features());
    }

    private static Tensor row(Memory memory, float[] x) {
        return memory.floats(Shape.of(1, x.length), x);
    }

    private LatentModel.Encoder encoder() {
        return model.encoder().orElseThrow(() -> Question.wrong("the model has no encoder"));
    }

    /// Codes and labels of held-out examples, so that the page shows where the data lie.
    private List<Object> points() {
        List<Object> points = new ArrayList<>();
        if (model.encoder().isEmpty()) {
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
            float[] z = device.floats(encoder().mean(Ops.plain(memory), x));
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
