package dev.elbo.runtime.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/// A safetensors file: named arrays and text metadata, readable by every other tool.
///
/// ```
/// file    = length of header (u64, little-endian) · header (JSON, padded with spaces to 8 bytes) · data
/// header  = {"__metadata__": {text: text}, name: {"dtype", "shape", "data_offsets": [begin, end)}, …}
/// ```
///
/// What Elbo writes carries a checksum in the metadata (`elbo.crc32c`, over header and data), so that a damaged file is
/// named and never loaded in part. Files of other tools have none, and are checked for structure alone.
///
/// @param metadata free text by name
/// @param arrays   arrays by name, in the order of the file
public record Safetensors(Map<String, String> metadata, Map<String, StoredArray> arrays) {
    static final String METADATA = "__metadata__";
    private static final String CHECKSUM = "elbo.crc32c";
    // Says that there must be a checksum, should the checksum's own name be what is damaged.
    private static final String FORMAT = "elbo.format";
    private static final String FORMAT_VERSION = "1";
    private static final String NO_CHECKSUM = "00000000";
    private static final long HEADER_LIMIT = 100_000_000; // the format's own
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final String REMEDY = "use an earlier file, or write this one again";

    /// Copies both maps, keeping their order.
    public Safetensors {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
        if (arrays.containsKey(METADATA)) {
            throw new IllegalArgumentException("Safetensors: no array can have this name; name=" + METADATA);
        }
    }

    /// Maps `file` and checks all of it; the arrays are views of the mapping, nothing is copied.
    ///
    /// @param owner unmaps the file when it closes
    /// @throws BadInputException when the file is not a whole safetensors file
    /// @throws IOException       when it cannot be read
    public static Safetensors read(Path file, Arena owner) throws IOException {
        MemorySegment content;
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            content = in.map(FileChannel.MapMode.READ_ONLY, 0, in.size(), owner);
        }
        if (content.byteSize() < Long.BYTES) {
            throw damaged(file, "shorter than a header's length; bytes=" + content.byteSize());
        }
        long length = content.get(LENGTH, 0);
        if (length < 2 || length > HEADER_LIMIT || length > content.byteSize() - Long.BYTES) {
            throw damaged(file, "the header does not fit; header=" + length + ", bytes=" + content.byteSize());
        }
        byte[] header = content.asSlice(Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE);
        Safetensors read = new SafetensorsHeader(file, header).withData(content.asSlice(Long.BYTES + length));
        if (read.metadata.containsKey(CHECKSUM) || read.metadata.containsKey(FORMAT)) {
            verify(file, content, header, read.metadata.getOrDefault(CHECKSUM, "none"));
        }
        Map<String, String> metadata = new LinkedHashMap<>(read.metadata);
        metadata.keySet().removeAll(List.of(FORMAT, CHECKSUM));
        return new Safetensors(metadata, read.arrays);
    }

    /// Writes the file in one step: whoever reads it sees the old one or all of the new one.
    ///
    /// @throws IOException when the folder cannot be written or the disk is full; the old file is then untouched
    public void write(Path file) throws IOException {
        List<Map.Entry<String, StoredArray>> ordered = ordered();
        byte[] header = header(metadata, ordered);
        CRC32C crc = new CRC32C();
        crc.update(header);
        ordered.forEach(entry -> update(crc, entry.getValue().data()));
        fillIn(header, String.format("%08x", crc.getValue()));
        AtomicFile.write(file, out -> {
            writeAll(
                    out,
                    ByteBuffer.allocate(Long.BYTES)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(0, header.length));
            writeAll(out, ByteBuffer.wrap(header));
            for (Map.Entry<String, StoredArray> entry : ordered) {
                for (MemorySegment piece : pieces(entry.getValue().data())) {
                    writeAll(out, piece.asByteBuffer());
                }
            }
        });
    }

    /// Largest elements first, so that each array is aligned for its type.
    private List<Map.Entry<String, StoredArray>> ordered() {
        return arrays.entrySet().stream()
                .sorted(Comparator.comparingInt(
                        entry -> -entry.getValue().type().bytes()))
                .toList();
    }

    /// The header with an empty checksum.
    private static byte[] header(Map<String, String> metadata, List<Map.Entry<String, StoredArray>> ordered) {
        Map<String, Object> members = new LinkedHashMap<>();
        Map<String, String> text = new LinkedHashMap<>(metadata);
        text.put(FORMAT, FORMAT_VERSION);
        text.put(CHECKSUM, NO_CHECKSUM);
        members.put(METADATA, text);
        long begin = 0;
        for (Map.Entry<String, StoredArray> entry : ordered) {
            StoredArray array = entry.getValue();
            long end = begin + array.data().byteSize();
            Map<String, Object> member = new LinkedHashMap<>();
            member.put("dtype", array.type().safetensors());
            member.put("shape", array.shape());
            member.put("data_offsets", List.of(begin, end));
            members.put(entry.getKey(), member);
            begin = end;
        }
        String json = Json.of(members).compact();
        int length = json.getBytes(StandardCharsets.UTF_8).length;
        return (json + " ".repeat(-length & 7)).getBytes(StandardCharsets.UTF_8);
    }

    private static void verify(Path file, MemorySegment content, byte[] header, String expected) {
        byte[] blank = header.clone();
        if (!fillIn(blank, NO_CHECKSUM)) {
            throw damaged(file, "another tool rewrote the header and kept the checksum; name=" + CHECKSUM);
        }
        CRC32C crc = new CRC32C();
        crc.update(blank);
        update(crc, content.asSlice(Long.BYTES + header.length));
        String actual = String.format("%08x", crc.getValue());
        if (!actual.equals(expected)) {
            throw damaged(file, "the checksum does not agree; written=" + expected + ", computed=" + actual);
        }
    }

    /// Puts `checksum` where Elbo's header keeps it, and says whether there is such a place. A text that looks like the
    /// name would have its quotes escaped.
    private static boolean fillIn(byte[] header, String checksum) {
        String name = "\"" + CHECKSUM + "\":\"";
        int found = new String(header, StandardCharsets.ISO_8859_1).indexOf(name);
        int at = found + name.length();
        if (found < 0 || at + checksum.length() > header.length) {
            return false;
        }
        System.arraycopy(checksum.getBytes(StandardCharsets.US_ASCII), 0, header, at, checksum.length());
        return true;
    }

    private static void update(CRC32C crc, MemorySegment data) {
        pieces(data).forEach(piece -> crc.update(piece.asByteBuffer()));
    }

    /// `data` in pieces that a byte buffer can hold.
    private static List<MemorySegment> pieces(MemorySegment data) {
        List<MemorySegment> pieces = new ArrayList<>();
        for (long at = 0; at < data.byteSize(); at += 1 << 30) {
            pieces.add(data.asSlice(at, Math.min(1 << 30, data.byteSize() - at)));
        }
        return pieces;
    }

    private static void writeAll(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    static BadInputException damaged(Path file, String what) {
        return new BadInputException(file.toString(), "not a whole safetensors file: " + what, REMEDY);
    }
}
