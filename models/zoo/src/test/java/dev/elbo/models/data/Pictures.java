package dev.elbo.models.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/// PNG files for tests, written from the format's description: every filter, every kind of pixel that is read.
final class Pictures {
    private Pictures() {}

    /// @param samples (height, width, samples a pixel), as the file keeps them
    /// @param filters filter of row y is `filters[y % filters.length]`
    static byte[] png(int height, int width, int colour, byte[] palette, byte[] samples, int... filters) {
        int row = samples.length / height;
        int pixel = row / width;
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        for (int y = 0; y < height; y++) {
            int filter = filters[y % filters.length];
            rows.write(filter);
            for (int x = 0; x < row; x++) {
                int left = x < pixel ? 0 : samples[y * row + x - pixel] & 255;
                int up = y == 0 ? 0 : samples[(y - 1) * row + x] & 255;
                int corner = x < pixel || y == 0 ? 0 : samples[(y - 1) * row + x - pixel] & 255;
                rows.write(samples[y * row + x] - guess(filter, left, up, corner));
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(ByteBuffer.allocate(8).putLong(0x89504E470D0A1A0AL).array());
        out.writeBytes(chunk(
                "IHDR",
                ByteBuffer.allocate(13)
                        .putInt(width)
                        .putInt(height)
                        .put((byte) 8)
                        .put((byte) colour)
                        .array()));
        out.writeBytes(chunk("tEXt", "Comment\0made by hand".getBytes()));
        if (palette.length > 0) {
            out.writeBytes(chunk("PLTE", palette));
        }
        byte[] packed = deflated(rows.toByteArray());
        out.writeBytes(chunk("IDAT", Arrays.copyOf(packed, 5)));
        out.writeBytes(chunk("IDAT", Arrays.copyOfRange(packed, 5, packed.length)));
        out.writeBytes(chunk("IEND", new byte[0]));
        return out.toByteArray();
    }

    static byte[] chunk(String type, byte[] content) {
        byte[] named = ByteBuffer.allocate(4 + content.length)
                .put(type.getBytes())
                .put(content)
                .array();
        CRC32 crc = new CRC32();
        crc.update(named);
        return ByteBuffer.allocate(8 + named.length)
                .putInt(content.length)
                .put(named)
                .putInt((int) crc.getValue())
                .array();
    }

    /// The five guesses of the format, the last by Paeth: the neighbour nearest to left + up − corner.
    private static int guess(int filter, int left, int up, int corner) {
        int target = left + up - corner;
        int nearest = left;
        for (int candidate : new int[] {up, corner}) {
            if (Math.abs(target - candidate) < Math.abs(target - nearest)) {
                nearest = candidate;
            }
        }
        return new int[] {0, left, up, (left + up) / 2, nearest}[filter];
    }

    private static byte[] deflated(byte[] plain) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(out)) {
            deflater.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
