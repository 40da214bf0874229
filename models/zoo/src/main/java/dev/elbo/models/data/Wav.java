package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Sound in a WAV file: 16-bit PCM of one channel.
///
/// @param rate    samples a second
/// @param samples scaled to [−1, 1)
public record Wav(int rate, float[] samples) {
    private static final int RIFF = 0x46464952;
    private static final int WAVE = 0x45564157;
    private static final int FORMAT = 0x20746d66;
    private static final int DATA = 0x61746164;
    private static final String REMEDY = "convert it to 16-bit PCM with one channel";

    /// Reads a whole file.
    ///
    /// @param source the name to put into a message
    public static Wav read(String source, byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() < 12 || in.getInt(0) != RIFF || in.getInt(8) != WAVE) {
            throw malformed(source, "does not begin like a WAV file; offset=0");
        }
        in.position(12);
        int rate = 0;
        while (true) {
            int at = in.position();
            if (in.remaining() < 8) {
                throw malformed(source, "no samples");
            }
            int type = in.getInt();
            int length = in.getInt();
            if (length < 0 || length > in.remaining()) {
                throw malformed(
                        source,
                        "a chunk that does not fit; offset=" + at + ", bytes=" + Integer.toUnsignedLong(length));
            }
            if (type == FORMAT) {
                rate = rate(source, in, at, length);
            } else if (type == DATA) {
                if (rate == 0) {
                    throw malformed(source, "samples before their format; offset=" + at);
                }
                return new Wav(rate, samples(in, length / Short.BYTES));
            }
            // Chunks begin at even offsets.
            in.position(Math.min(file.length, at + 8 + length + (length & 1)));
        }
    }

    private static int rate(String source, ByteBuffer in, int at, int length) {
        if (length < 16) {
            throw malformed(source, "a format that is too short; offset=" + at);
        }
        int encoding = in.getShort(at + 8);
        int channels = in.getShort(at + 10);
        int rate = in.getInt(at + 12);
        int bits = in.getShort(at + 22);
        if (encoding != 1 || channels != 1 || bits != 16 || rate < 1) {
            throw malformed(
                    source,
                    "a format that is not read; encoding=" + encoding + ", channels=" + channels + ", bits=" + bits
                            + ", rate=" + rate);
        }
        return rate;
    }

    private static float[] samples(ByteBuffer in, int count) {
        float[] samples = new float[count];
        for (int i = 0; i < count; i++) {
            samples[i] = in.getShort() / 32768f;
        }
        return samples;
    }

    private static BadInputException malformed(String source, String what) {
        return new BadInputException(source, "not a WAV file that can be read: " + what, REMEDY);
    }
}
