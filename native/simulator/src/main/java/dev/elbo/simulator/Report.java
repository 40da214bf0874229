package dev.elbo.simulator;

/// Something that a real GPU would not have told, or not at that moment.
///
/// @param kind what sort of mistake
/// @param text `what: detail; name=value, name=value`
public record Report(Kind kind, String text) {
    /// The sorts of mistakes.
    public enum Kind {
        /// A kernel, a copy or a library call touched memory that it must not touch, or broke a rule of its launch.
        DEVICE,
        /// A handle of another kind, of another context, or already destroyed.
        HANDLE,
        /// A capture was broken or left open.
        CAPTURE,
        /// The host touched memory that an unfinished copy still reads or writes.
        UNFINISHED_COPY,
        /// Something was left when its context ended.
        LEAK,
        /// A function that the simulator does not have.
        UNSUPPORTED,
        /// The simulator itself failed.
        SIMULATOR
    }

    @Override
    public String toString() {
        return kind + ": " + text;
    }
}
