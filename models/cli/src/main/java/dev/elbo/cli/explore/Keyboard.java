package dev.elbo.cli.explore;

import dev.elbo.models.data.Sequences;
import java.lang.foreign.Arena;
import java.util.List;

/// How a person types a sequence of one kind.
public sealed interface Keyboard permits LetterKeyboard, SentenceKeyboard {
    /// What a person is asked to type.
    String prompt();

    /// An example of it.
    String example();

    /// What was typed, as the model sees it.
    ///
    /// @param variant where there are several ways to write one thing: which of them
    /// @param owner   holds the values
    Typed type(String text, int variant, Arena owner);

    /// One sequence.
    ///
    /// @param sequence of one member
    /// @param words    what to write over each position
    record Typed(Sequences sequence, List<String> words) {}
}
