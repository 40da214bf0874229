package dev.elbo.models.data;

import dev.elbo.runtime.file.BadInputException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/// Pictures in PNG: 8-bit grey, grey with alpha, colour, colour with alpha, or palette, without interlacing.
///
/// Written here because the JDK's reader lives in `java.desktop`, which a small runtime leaves out.
///
/// @param height   rows
/// @param width    columns
/// @param channels 1 grey or 3 colour; alpha is dropped
/// @param samples  (height, width, channels), bytes
public record Png(int height, int width, int channels, byte[] samples) {
    /// Checks that samples and extents agree.
    public Png {
        if ((channels != 1 && channels != 3) || samples.length != height * width * channels || samples.length == 0) {
            throw new IllegalArgumentException("Png: samples do not fit; height=" + height + ", width=" + width
                    + ", channels=" + channels + ", samples=" + samples.length);
        }
    }

    private static final long SIGNATURE = 0x89504E470D0A1A0AL;
    private static final int IHDR = 0x49484452;
    private static final int PLTE = 0x504C5445;
    private static final int IDAT = 0x49444154;
    private static final int IEND = 0x49454E44;
    private static final int LIMIT = 1 << 26;
    private static final String REMEDY = "convert it to an 8-bit PNG without interlacing";

    /// Samples a pixel has in the file, by colour type; 0 for types that do not exist.
    private static final int[] SAMPLES = {1, 0, 3, 1, 2, 0, 4};

    private static final int PALETTE = 3;

    /// Reads a whole file.
    ///
    /// @param source the name to put into a message
    public static Png read(String source, byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file);
        if (in.remaining() < 8 || in.getLong() != SIGNATURE) {
            throw malformed(source, "does not begin like a PNG; offset=0");
        }
        ByteBuffer header = null;
        byte[] palette = {};
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        while (true) {
            int at = in.position();
            if (in.remaining() < 12 || in.getInt(at) < 0 || in.getInt(at) > in.remaining() - 12) {
                throw malformed(source, "a chunk that does not fit; offset=" + at);
            }
            int length = in.getInt();
            int type = in.getInt();
            byte[] content = new byte[length];
            in.get(content);
            CRC32 crc = new CRC32();
            crc.update(file, at + 4, length + 4);
            if ((int) crc.getValue() != in.getInt()) {
                throw malformed(source, "a damaged chunk; offset=" + at);
            }
            switch (type) {
                case IHDR -> header = ByteBuffer.wrap(content);
                case PLTE -> palette = content;
                case IDAT -> packed.writeBytes(content);
                case IEND -> {
                    return picture(source, header, palette, packed.toByteArray());
                }
                default -> {
                    if ((type & 0x20000000) == 0) {
                        throw malformed(source, "an unknown chunk that must not be skipped; offset=" + at);
                    }
                }
            }
        }
    }

    /// This picture as a whole file.
    public byte[] bytes() {
        ByteBuffer header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) 8)
                .put((byte) (channels == 1 ? 0 : 2));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(ByteBuffer.allocate(8).putLong(SIGNATURE).array());
        out.writeBytes(chunk(IHDR, header.array()));
        out.writeBytes(chunk(IDAT, deflated()));
        out.writeBytes(chunk(IEND, new byte[0]));
        return out.toByteArray();
    }

    private byte[] deflated() {
        int row = width * channels;
        byte[] rows = new byte[height * (row + 1)]; // filter 0 before each row: as it is
        for (int y = 0; y < height; y++) {
            System.arraycopy(samples, y * row, rows, y * (row + 1) + 1, row);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION)) {
            deflater.setInput(rows);
            deflater.finish();
            byte[] piece = new byte[1 << 13];
            while (!deflater.finished()) {
                out.write(piece, 0, deflater.deflate(piece));
            }
        }
        return out.toByteArray();
    }

    private static byte[] chunk(int type, byte[] content) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + content.length)
                .putInt(content.length)
                .putInt(type)
                .put(content);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + content.length);
        return chunk.putInt((int) crc.getValue()).array();
    }

    private static Png picture(String source, ByteBuffer header, byte[] palette, byte[] packed) {
        if (header == null || header.remaining() != 13) {
            throw malformed(source, "no header");
        }
        int width = header.getInt();
        int height = header.getInt();
        int depth = header.get();
        int colour = header.get();
        header.getShort(); // compression and filter method: one each exists
        boolean interlaced = header.get() != 0;
        if (width < 1 || height < 1 || width > LIMIT / 4 / height) {
            throw malformed(source, "an impossible size; width=" + width + ", height=" + height);
        }
        int samples = colour >= 0 && colour < SAMPLES.length ? SAMPLES[colour] : 0;
        if (depth != 8 || samples == 0 || interlaced) {
            throw malformed(
                    source,
                    "a kind that is not read; depth=" + depth + ", colour=" + colour + ", interlaced=" + interlaced);
        }
        byte[] rows =
                unfiltered(source, inflated(source, packed, height * (1 + width * samples)), width * samples, samples);
        int channels = colour == 2 || colour == PALETTE || colour == 6 ? 3 : 1;
        byte[] plain = new byte[height * width * channels];
        for (int pixel = 0; pixel < height * width; pixel++) {
            for (int channel = 0; channel < channels; channel++) {
                plain[pixel * channels + channel] = colour == PALETTE
                        ? colour(source, palette, rows[pixel], channel)
                        : rows[pixel * samples + channel];
            }
        }
        return new Png(height, width, channels, plain);
    }

    private static byte colour(String source, byte[] palette, byte index, int channel) {
        int at = 3 * Byte.toUnsignedInt(index) + channel;
        if (at >= palette.length) {
            throw malformed(source, "a colour outside of the palette; index=" + Byte.toUnsignedInt(index));
        }
        return palette[at];
    }

    /// Exactly `size` bytes, so that no picture can unpack to more than its header says.
    private static byte[] inflated(String source, byte[] packed, int size) {
        byte[] plain = new byte[size];
        try (Inflater inflater = new Inflater()) {
            inflater.setInput(packed);
            int done = 0;
            while (done < size) {
                int more = inflater.inflate(plain, done, size - done);
                if (more == 0) {
                    throw malformed(source, "too few pixels; expected=" + size + " bytes, actual=" + done);
                }
                done += more;
            }
            return plain;
        } catch (DataFormatException e) {
            throw malformed(source, "damaged pixels: " + e.getMessage());
        }
    }

    /// Undoes the filter of each row: each byte was stored as its difference from a guess by its neighbours.
    private static byte[] unfiltered(String source, byte[] filtered, int row, int pixel) {
        int height = filtered.length / (row + 1);
        byte[] plain = new byte[height * row];
        for (int y = 0; y < height; y++) {
            int filter = filtered[y * (row + 1)];
            if (filter < 0 || filter > 4) {
                throw malformed(source, "an unknown filter; filter=" + filter + ", row=" + y);
            }
            for (int x = 0; x < row; x++) {
                int at = y * row + x;
                int left = x < pixel ? 0 : Byte.toUnsignedInt(plain[at - pixel]);
                int up = y == 0 ? 0 : Byte.toUnsignedInt(plain[at - row]);
                int corner = x < pixel || y == 0 ? 0 : Byte.toUnsignedInt(plain[at - row - pixel]);
                plain[at] = (byte) (filtered[y * (row + 1) + 1 + x] + guess(filter, left, up, corner));
            }
        }
        return plain;
    }

    private static int guess(int filter, int left, int up, int corner) {
        return switch (filter) {
            case 0 -> 0;
            case 1 -> left;
            case 2 -> up;
            case 3 -> (left + up) / 2;
            default -> {
                int fromLeft = Math.abs(up - corner);
                int fromUp = Math.abs(left - corner);
                int fromCorner = Math.abs(left + up - 2 * corner);
                yield fromLeft <= fromUp && fromLeft <= fromCorner ? left : fromUp <= fromCorner ? up : corner;
            }
        };
    }

    private static BadInputException malformed(String source, String what) {
        return new BadInputException(source, "not a PNG that can be read: " + what, REMEDY);
    }
}
