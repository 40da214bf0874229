package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// The lines of a text file, packed or not, and complaints that name one of them.
///
/// @param source the file
/// @param lines  without their ends; the empty ones at the end of the file left out
/// @param remedy what to do about a malformed line
record Lines(String source, List<String> lines, String remedy) {
    static Lines of(Path file, String remedy) {
        String text = new String(InputFile.bytes(file), StandardCharsets.UTF_8);
        List<String> lines = text.stripTrailing().lines().toList();
        if (lines.isEmpty()) {
            throw new BadInputException(file.toString(), "holds no lines", remedy);
        }
        return new Lines(file.toString(), lines, remedy);
    }

    /// @param index of the line, from 0
    BadInputException malformed(int index, String what) {
        return new BadInputException(source, what + "; line=" + (index + 1), remedy);
    }

    /// `field` as an integer in [0, limit).
    int integer(int index, String field, String name, int limit) {
        try {
            int value = Integer.parseInt(field);
            if (value >= 0 && value < limit) {
                return value;
            }
        } catch (NumberFormatException _) {
            // said below, together with integers out of range
        }
        throw malformed(index, name + " is no integer in [0, " + limit + "); " + name + "=" + field);
    }
}
