package dev.elbo.runtime.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Named arrays in numpy's `.npz`: a zip file of `.npy` members.
///
/// @param arrays arrays by name, without the ending `.npy`, in the order of the file
public record Npz(Map<String, StoredArray> arrays) {
    private static final String ENDING = ".npy";
    private static final String REMEDY = "write it with numpy.savez";
    // However well a member was packed, it takes no more memory than this.
    private static final int LIMIT = 1 << 30;
    // Equal contents are equal bytes: the time of writing is not part of an array. (The earliest that a zip can say.)
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    /// Copies `arrays`, keeping their order.
    public Npz {
        arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
    }

    /// Reads every array of `file` into memory.
    ///
    /// @throws BadInputException when `file` is not a zip of `.npy` members that Elbo knows
    /// @throws IOException       when it cannot be read
    public static Npz read(Path file) throws IOException {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                String name = entry.getName();
                if (!name.endsWith(ENDING)) {
                    throw new BadInputException(file.toString(), "a member that is no array; member=" + name, REMEDY);
                }
                StoredArray array = Npy.read(file + "!" + name, content(zip, entry));
                arrays.put(name.substring(0, name.length() - ENDING.length()), array);
            }
        } catch (ZipException e) {
            throw new BadInputException(file, "not a whole npz file: " + e.getMessage(), REMEDY, e);
        }
        return new Npz(arrays);
    }

    /// Writes the file in one step, uncompressed as `numpy.savez` does.
    ///
    /// @throws IOException when the folder cannot be written or the disk is full; the old file is then untouched
    public void write(Path file) throws IOException {
        AtomicFile.write(file, channel -> {
            ZipOutputStream zip = new ZipOutputStream(Channels.newOutputStream(channel));
            for (Map.Entry<String, StoredArray> array : arrays.entrySet()) {
                byte[] npy = Npy.write(array.getValue());
                zip.putNextEntry(stored(array.getKey() + ENDING, npy));
                zip.write(npy);
            }
            zip.finish();
        });
    }

    private static ZipEntry stored(String name, byte[] content) {
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc(content));
        entry.setTimeLocal(TIME);
        return entry;
    }

    /// `ZipFile` checks no checksum of what it reads; this does.
    private static byte[] content(ZipFile zip, ZipEntry entry) throws IOException {
        try (InputStream in = zip.getInputStream(entry)) {
            byte[] content = in.readNBytes(LIMIT);
            if (in.read() >= 0) {
                throw new ZipException("a member of more than " + LIMIT + " bytes; member=" + entry.getName());
            }
            if (crc(content) != entry.getCrc()) {
                throw new ZipException("the checksum does not agree; member=" + entry.getName());
            }
            return content;
        }
    }

    private static long crc(byte[] content) {
        CRC32 crc = new CRC32();
        crc.update(content);
        return crc.getValue();
    }
}
