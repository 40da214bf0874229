package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The Free Spoken Digit Dataset: recordings named `{digit}_{speaker}_{index}.wav`, in one tar archive.
///
/// Its own split: index 0 to 4 of each digit and speaker is the test part.
public final class SpokenDigits {
    private static final Pattern NAME = Pattern.compile("(?:.*/)?(\\d)_([a-z]+)_(\\d{1,4})\\.wav");
    private static final int BLOCK = 512;
    static final int TEST_INDICES = 5;
    private static final String REMEDY = "pack the folder of recordings with tar, format ustar";

    /// One recording.
    ///
    /// @param digit   what was said
    /// @param speaker who said it
    /// @param index   which try
    /// @param sound   the samples
    public record Recording(int digit, String speaker, int index, Wav sound) {
        /// Whether the data's own split tests on it.
        public boolean held() {
            return index < TEST_INDICES;
        }
    }

    private SpokenDigits() {}

    /// All recordings, by speaker, digit and index.
    ///
    /// @param archive tar, packed or not
    public static List<Recording> read(Path archive) {
        String source = archive.toString();
        byte[] tar = InputFile.bytes(archive);
        List<Recording> recordings = new ArrayList<>();
        int at = 0;
        while (at + BLOCK <= tar.length && tar[at] != 0) {
            String name = text(tar, at, 100);
            long size = octal(source, tar, at + 124, 12);
            int from = at + BLOCK;
            if (size > tar.length - from) {
                throw malformed(source, "a member that does not fit; member=" + name + ", offset=" + at);
            }
            Matcher matcher = NAME.matcher(name);
            if (matcher.matches()) {
                byte[] wav = Arrays.copyOfRange(tar, from, from + (int) size);
                recordings.add(new Recording(
                        Integer.parseInt(matcher.group(1)),
                        matcher.group(2),
                        Integer.parseInt(matcher.group(3)),
                        Wav.read(source + "!" + name, wav)));
            }
            at = from + Math.ceilDiv((int) size, BLOCK) * BLOCK;
        }
        if (recordings.isEmpty()) {
            throw malformed(source, "no member named like 7_jackson_32.wav");
        }
        recordings.sort(Comparator.comparing(Recording::speaker)
                .thenComparingInt(Recording::digit)
                .thenComparingInt(Recording::index));
        return List.copyOf(recordings);
    }

    private static String text(byte[] tar, int at, int length) {
        int end = at;
        while (end < at + length && tar[end] != 0) {
            end++;
        }
        return new String(tar, at, end - at, StandardCharsets.UTF_8);
    }

    private static long octal(String source, byte[] tar, int at, int length) {
        String digits = text(tar, at, length).strip();
        if (!digits.matches("[0-7]{1,11}")) {
            throw malformed(source, "not a tar archive: a size that is no octal number; offset=" + at);
        }
        return Long.parseLong(digits, 8);
    }

    private static BadInputException malformed(String source, String what) {
        return new BadInputException(source, what, REMEDY);
    }
}
