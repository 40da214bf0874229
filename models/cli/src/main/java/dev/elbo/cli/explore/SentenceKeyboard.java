package dev.elbo.cli.explore;

import dev.elbo.models.data.ChunkFeatures;
import dev.elbo.models.data.TaggedText;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Sentences for a chunker. A word may bring its part of speech, `run/NN`; otherwise it gets the one that it has most
/// often in the training text.
///
/// @param features of the training text
/// @param speech   the usual part of speech of each word
public record SentenceKeyboard(ChunkFeatures features, Map<String, String> speech) implements Keyboard {
    private static final int LONGEST = 64;
    private static final String SPLIT = "(?<=\\w)(?=[.,;:!?])|\\s+";

    /// A keyboard that knows the words of a text.
    public static SentenceKeyboard of(TaggedText train, ChunkFeatures features) {
        Map<String, Map<String, Integer>> counts = new HashMap<>();
        for (TaggedText.Sentence sentence : train.sentences()) {
            for (int t = 0; t < sentence.words().size(); t++) {
                counts.computeIfAbsent(sentence.words().get(t), _ -> new HashMap<>())
                        .merge(sentence.speech().get(t), 1, Integer::sum);
            }
        }
        Map<String, String> usual = new HashMap<>();
        counts.forEach((word, of) -> usual.put(
                word,
                of.entrySet().stream()
                        .max(Map.Entry.<String, Integer>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                        .orElseThrow()
                        .getKey()));
        return new SentenceKeyboard(features, usual);
    }

    @Override
    public String prompt() {
        return "Type a sentence; say what a word is where it could be several things: run/NN";
    }

    @Override
    public String example() {
        return "The quick brown fox jumps over the lazy dog .";
    }

    @Override
    public Typed type(String text, int variant, Arena owner) {
        List<String> words = new ArrayList<>();
        List<String> kinds = new ArrayList<>();
        for (String token : text.strip().split(SPLIT)) {
            int slash = token.lastIndexOf('/');
            String word = slash > 0 ? token.substring(0, slash) : token;
            if (!word.isEmpty()) {
                words.add(word);
                kinds.add(slash > 0 ? token.substring(slash + 1) : usual(word));
            }
        }
        if (words.isEmpty() || words.size() > LONGEST) {
            throw Question.wrong("a sentence has 1 to " + LONGEST + " words");
        }
        // Nobody said what the chunks are: the first tag stands in, and the page is not told of it.
        List<String> unknown =
                words.stream().map(_ -> features.tags().getFirst()).toList();
        TaggedText one = new TaggedText(List.of(new TaggedText.Sentence(words, kinds, unknown)));
        List<String> shown = new ArrayList<>();
        for (int t = 0; t < words.size(); t++) {
            shown.add(words.get(t) + "/" + kinds.get(t));
        }
        return new Typed(features.of(one, owner), shown);
    }

    private String usual(String word) {
        String known = speech.getOrDefault(word, speech.get(word.toLowerCase()));
        boolean name = Character.isUpperCase(word.charAt(0));
        return known != null ? known : name ? "NNP" : "NN";
    }
}
