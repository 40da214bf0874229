package dev.elbo.models.sequence;

import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/// Words as rows of states that are gone through from left to right, any word after any other.
///
/// ```
/// state = word · parts + part
/// start   part 0 of any word
/// from    part p: to itself or to part p + 1; from the last part: to itself or to part 0 of any word
/// end     the last part of any word
/// ```
///
/// There is no state for silence: what is joined here are recordings that were cut to the word.
///
/// @param words number of words
/// @param parts states of each word
public record Lexicon(int words, int parts) {
    private static final float FORBIDDEN = Float.NEGATIVE_INFINITY;

    /// The lexicon that classes named `word.part` spell out.
    ///
    /// @param classes word after word, part after part, as many parts of each word
    public static Lexicon of(List<String> classes) {
        int words = (int) classes.stream().map(Lexicon::word).distinct().count();
        int parts = words == 0 ? 0 : classes.size() / words;
        for (int i = 0; i < classes.size(); i++) {
            String expected = word(classes.get(i - i % parts)) + "." + i % parts;
            if (words * parts != classes.size() || !classes.get(i).equals(expected)) {
                throw new IllegalArgumentException("Lexicon: classes are not words of as many parts each; class="
                        + classes.get(i) + ", expected=" + expected);
            }
        }
        return new Lexicon(words, parts);
    }

    private static String word(String name) {
        return name.replaceFirst("\\.[^.]*$", "");
    }

    /// Number of states.
    public int states() {
        return words * parts;
    }

    /// Whether a path that goes from one state to another begins a word there, as [Words#of] counts them.
    boolean begins(int from, int to) {
        return from / parts != to / parts || to % parts < from % parts;
    }

    /// 0 where a path may begin, −∞ elsewhere.
    float[] start() {
        float[] scores = new float[states()];
        IntStream.range(0, scores.length).filter(i -> i % parts > 0).forEach(i -> scores[i] = FORBIDDEN);
        return scores;
    }

    /// 0 where a path may end, −∞ elsewhere.
    float[] end() {
        float[] scores = new float[states()];
        IntStream.range(0, scores.length).filter(i -> i % parts < parts - 1).forEach(i -> scores[i] = FORBIDDEN);
        return scores;
    }

    /// 0 from each state to those that may follow, −∞ to the others.
    float[] transitions() {
        int states = states();
        float[] scores = new float[states * states];
        for (int e = 0; e < scores.length; e++) {
            int from = e / states;
            int to = e % states;
            boolean onwards = to == from + 1 && to % parts > 0;
            boolean anew = from % parts == parts - 1 && to % parts == 0;
            scores[e] = to == from || onwards || anew ? 0 : FORBIDDEN;
        }
        return scores;
    }

    /// Logits by which a state stays about as often as it is left.
    float[] stays() {
        int states = states();
        float[] logits = new float[states * states];
        for (int i = 0; i < states; i++) {
            logits[i * states + i] = i % parts == parts - 1 ? (float) Math.log(words) : 0;
        }
        return logits;
    }

    /// A score for each transition that begins a word, 0 for the others.
    ///
    /// @return (s, s)
    Tensor entries(float score, Memory memory) {
        int states = states();
        float[] scores = new float[states * states];
        for (int e = 0; e < scores.length; e++) {
            scores[e] = begins(e / states, e % states) ? score : 0;
        }
        return memory.floats(Shape.of(states, states), scores);
    }
}
