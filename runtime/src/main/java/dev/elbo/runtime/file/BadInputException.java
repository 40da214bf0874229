package dev.elbo.runtime.file;

import java.nio.file.Path;

/// A file or a setting that a person gave and that cannot be used: what is wrong, where, and what to do.
///
/// The message reads `weights.npz: not a zip file; offset=0 — write it with numpy.savez`. It is one line whatever the
/// file holds: what would end a line or steer a terminal stands there escaped.
public final class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param source the file, or the name of the setting
    /// @param what   what is wrong, then where: `detail; line=3, column=7`
    /// @param remedy what the person can do, as an imperative sentence without a full stop
    public BadInputException(String source, String what, String remedy) {
        super(line(source + ": " + what + " — " + remedy));
    }

    /// @param source the file
    /// @param what   what is wrong, then where
    /// @param remedy what the person can do
    /// @param cause  what was caught
    public BadInputException(Path source, String what, String remedy, Throwable cause) {
        super(line(source + ": " + what + " — " + remedy), cause);
    }

    private static String line(String message) {
        StringBuilder line = new StringBuilder(message.length());
        for (char c : message.toCharArray()) {
            switch (Character.getType(c)) {
                case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                    line.append("\\u%04x".formatted((int) c));
                default -> line.append(c);
            }
        }
        return line.toString();
    }
}
