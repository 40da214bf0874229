package dev.elbo.cli.explore;

import dev.elbo.models.data.Sequences;
import dev.elbo.models.sequence.Ragged;
import dev.elbo.models.sequence.Tagger;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.chain.Inference;
import dev.elbo.runtime.file.Json;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// A model of sequences: its beliefs about one that was picked or typed, as a whole and position by position.
///
/// ```
/// tag     sequence, or text and variant; blank     words, pictures, gold, best, marginals
/// ```
///
/// What stands at the positions of `blank` is taken away, so that one sees what the neighbours alone say. `best` are
/// the most probable taggings with their probabilities, `marginals` p(tag at position) for each position and tag.
public final class SequenceExhibit implements Exhibit {
    private static final int BEST = 5;
    private static final int LONGEST = 1 << 16;

    private final Tagger tagger;
    private final Sequences sequences;
    private final int tags;
    private final List<List<String>> words;
    private final Optional<Keyboard> keyboard;
    private final Device device;

    /// @param sequences held out, to pick from
    /// @param tags      that the model knows, the first of the sequences' classes
    /// @param words     of each of the sequences, to write over its positions; or none
    /// @param keyboard  where sequences can be typed
    /// @param device    of the thread that will be asked
    public SequenceExhibit(
            Tagger tagger,
            Sequences sequences,
            int tags,
            List<List<String>> words,
            Optional<Keyboard> keyboard,
            Device device) {
        this.tagger = tagger;
        this.sequences = sequences;
        this.tags = tags;
        this.words = List.copyOf(words);
        this.keyboard = keyboard;
        this.device = device;
    }

    @Override
    public Json.Members description() {
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("kind", "sequence");
        page.put("count", sequences.count());
        page.put("tags", sequences.classes().subList(0, tags));
        page.put("item", sequences.item());
        page.put("prompt", keyboard.map(Keyboard::prompt).orElse(null));
        page.put("example", keyboard.map(Keyboard::example).orElse(null));
        return (Json.Members) Json.of(page);
    }

    @Override
    public Json.Members answer(String name, Question question) {
        if (!name.equals("tag")) {
            throw Question.wrong("no such question; name=" + name);
        }
        try (Arena frame = Arena.ofShared()) {
            Optional<String> text = question.text("text");
            Keyboard.Typed one = text.isPresent()
                    ? keyboard.orElseThrow(() -> Question.wrong("these sequences cannot be typed"))
                            .type(text.get(), question.integer("variant", 0, LONGEST), frame)
                    : picked(question.integer("sequence", 0, sequences.count() - 1), frame);
            Sequences sequence = one.sequence();
            List<Integer> blank = question.places("blank", sequence.length(0), sequence.length(0));
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("words", one.words());
            answer.put("pictures", pictures(sequence));
            answer.put("gold", gold(sequence, text.isPresent() && sequence.dtype() == DType.I32));
            blank.forEach(position -> clear(sequence, position));
            answer.putAll(inferred(sequence, frame));
            return (Json.Members) Json.of(answer);
        }
    }

    private Keyboard.Typed picked(int which, Arena owner) {
        Sequences one = sequences.select(new int[] {which}, owner);
        return new Keyboard.Typed(one, words.isEmpty() ? List.of() : words.get(which));
    }

    private Map<String, Object> inferred(Sequences sequence, Arena frame) {
        int length = sequence.length(0);
        Memory memory = Memory.of(device, "answer", frame);
        Ops f = Ops.plain(memory);
        Inference inference = Inference.of(f, tagger.chain(f, Ragged.upload(sequence, new int[1], memory)));
        Inference.Paths paths = inference.bestPaths(BEST);
        Inference.Marginals marginals = inference.marginals();
        int[] steps = device.ints(paths.paths());
        float[] scores = device.floats(paths.scores());
        float logPartition = device.floats(marginals.logPartition())[0];
        float[] each = device.floats(marginals.unary());
        List<Object> best = new ArrayList<>();
        for (int k = 0; k < BEST && scores[k] > Float.NEGATIVE_INFINITY; k++) {
            int[] path = Arrays.copyOfRange(steps, k * length, (k + 1) * length);
            best.add(Map.of(
                    "tags", IntStream.of(path).boxed().toList(), "probability", Math.exp(scores[k] - logPartition)));
        }
        List<Object> positions = new ArrayList<>();
        for (int t = 0; t < length; t++) {
            List<Object> position = new ArrayList<>();
            for (int tag = 0; tag < tags; tag++) {
                position.add(Math.round(each[t * tags + tag] * 1e4) / 1e4);
            }
            positions.add(position);
        }
        return Map.of("best", best, "marginals", positions);
    }

    /// What each position shows, where it is a picture.
    private static String pictures(Sequences sequence) {
        if (sequence.item().size() != 2 || sequence.dtype() != DType.F32) {
            return "";
        }
        return Question.pixels(sequence.values().toArray(ValueLayout.JAVA_FLOAT));
    }

    private List<Object> gold(Sequences sequence, boolean unknown) {
        List<Object> gold = new ArrayList<>();
        for (int label : sequence.labels()) {
            gold.add(unknown ? "" : sequence.classes().get(label));
        }
        return gold;
    }

    /// Numbers that were not observed are NaN; features that are not there lie outside of the table.
    private static void clear(Sequences sequence, int position) {
        int features = sequence.features();
        MemorySegment row =
                sequence.values().asSlice((long) Float.BYTES * features * position, (long) Float.BYTES * features);
        for (int i = 0; i < features; i++) {
            if (sequence.dtype() == DType.F32) {
                row.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NaN);
            } else {
                row.setAtIndex(ValueLayout.JAVA_INT, i, -1);
            }
        }
    }
}
