package dev.elbo.cli.explore;

import dev.elbo.runtime.file.Json;

/// What a person can do with one kind of model on the page.
///
/// An answer is a function of its question: nothing is remembered between two of them, and several pages do not
/// disturb each other. Both methods work on the model's device, so only the thread that opened it calls them.
public sealed interface Exhibit permits LatentExhibit, MachineExhibit, SequenceExhibit {
    /// What the page needs to build itself; the member `kind` says which of its templates.
    Json.Members description();

    /// The answer to a question.
    ///
    /// @param name of the question
    /// @throws dev.elbo.runtime.file.BadInputException when there is no such question, or it lacks something
    Json.Members answer(String name, Question question);
}
