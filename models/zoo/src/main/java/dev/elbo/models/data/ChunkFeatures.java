package dev.elbo.models.data;

import dev.elbo.runtime.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/// What a chunker looks at: words and parts of speech around each position, alone and in combination, each either there
/// or not. These are the features of the chunking example that comes with CRF++.
///
/// ```
/// w[−2] … w[2]   w[−1] w[0]   w[0] w[1]
/// s[−2] … s[2]   s[−2] s[−1]   …   s[1] s[2]   s[−2] s[−1] s[0]   …   s[0] s[1] s[2]
/// ```
///
/// Beyond the ends of a sentence stand marks of their own, one for each distance.
///
/// @param places of the features that training shows often enough, by text
/// @param tags   that training shows
public record ChunkFeatures(Map<String, Integer> places, List<String> tags) {
    private static final int[][] WORDS = {{-2}, {-1}, {0}, {1}, {2}, {-1, 0}, {0, 1}};
    private static final int[][] SPEECH = {
        {-2}, {-1}, {0}, {1}, {2}, {-2, -1}, {-1, 0}, {0, 1}, {1, 2}, {-2, -1, 0}, {-1, 0, 1}, {0, 1, 2}
    };

    /// Features of one position.
    public static final int EACH = WORDS.length + SPEECH.length;

    /// The features that stand at `least` positions or more.
    public static ChunkFeatures of(TaggedText train, int least) {
        Map<String, Integer> counts = new HashMap<>();
        Set<String> tags = new LinkedHashSet<>();
        Map<String, Integer> places = new HashMap<>();
        for (TaggedText.Sentence sentence : train.sentences()) {
            tags.addAll(sentence.tags());
            each(sentence, (_, feature) -> {
                if (counts.merge(feature, 1, Integer::sum) == least) {
                    places.put(feature, places.size());
                }
            });
        }
        return new ChunkFeatures(places, List.copyOf(tags));
    }

    /// Sentences by the places of their features, −1 where training does not know one. A tag that training does not
    /// know is a class after those it knows.
    ///
    /// @param owner holds the places
    public Sequences of(TaggedText text, Arena owner) {
        List<String> classes = new ArrayList<>(tags);
        int[] starts = new int[text.sentences().size() + 1];
        List<Integer> labels = new ArrayList<>();
        for (int i = 0; i < starts.length - 1; i++) {
            for (String tag : text.sentences().get(i).tags()) {
                if (!classes.contains(tag)) {
                    classes.add(tag);
                }
                labels.add(classes.indexOf(tag));
            }
            starts[i + 1] = labels.size();
        }
        MemorySegment values = Examples.room(labels.size(), List.of(EACH), owner);
        for (int i = 0; i < starts.length - 1; i++) {
            long from = (long) starts[i] * EACH;
            each(
                    text.sentences().get(i),
                    (at, feature) ->
                            values.setAtIndex(ValueLayout.JAVA_INT, from + at, places.getOrDefault(feature, -1)));
        }
        return new Sequences(
                List.of(EACH),
                DType.I32,
                values,
                starts,
                labels.stream().mapToInt(i -> i).toArray(),
                classes,
                IntStream.range(0, starts.length - 1).toArray());
    }

    /// Every feature of a sentence, with its number: position · EACH + kind.
    private static void each(TaggedText.Sentence sentence, BiConsumer<Integer, String> take) {
        int number = 0;
        for (int t = 0; t < sentence.words().size(); t++) {
            for (int kind = 0; kind < EACH; kind++) {
                boolean word = kind < WORDS.length;
                int[] offsets = word ? WORDS[kind] : SPEECH[kind - WORDS.length];
                StringBuilder text = new StringBuilder().append(kind);
                for (int offset : offsets) {
                    text.append(' ').append(at(word ? sentence.words() : sentence.speech(), t + offset));
                }
                take.accept(number++, text.toString());
            }
        }
    }

    private static String at(List<String> fields, int t) {
        return t < 0 ? "<" + t : t >= fields.size() ? ">" + (t - fields.size() + 1) : fields.get(t);
    }
}
