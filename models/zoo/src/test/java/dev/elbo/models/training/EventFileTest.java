package dev.elbo.models.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads back with a reader of its own, written from the formats' descriptions.
class EventFileTest {
    @TempDir
    Path folder;

    @Test
    void aReaderOfTheFormatFindsWhatWasWritten() throws IOException {
        byte[] png = {1, 2, 3};
        try (EventFile events = EventFile.create(folder, 1_700_000_000L)) {
            events.scalar("loss", 300, 1_700_000_001.5, -0.25);
            events.picture("samples", 301, 1_700_000_002, 28, 200, 1, png);
        }
        List<Map<Integer, Object>> read = read(folder.resolve("events.out.tfevents.1700000000.elbo"));
        assertEquals(3, read.size());
        assertEquals("brain.Event:2", text(read.getFirst().get(3)));
        assertEquals(1_700_000_001.5, Double.longBitsToDouble((long) read.get(1).get(1)));
        assertEquals(300L, read.get(1).get(2));
        Map<Integer, Object> loss =
                fields((byte[]) fields((byte[]) read.get(1).get(5)).get(1));
        assertEquals("loss", text(loss.get(1)));
        assertEquals(-0.25f, Float.intBitsToFloat((int) loss.get(2)));
        Map<Integer, Object> picture =
                fields((byte[]) fields((byte[]) read.get(2).get(5)).get(1));
        Map<Integer, Object> image = fields((byte[]) picture.get(4));
        assertEquals(List.of(28L, 200L, 1L), List.of(image.get(1), image.get(2), image.get(3)));
        assertArrayEquals(png, (byte[]) image.get(4));
    }

    @Test
    void aResumedRunAddsToItsFile() throws IOException {
        for (int part = 0; part < 2; part++) {
            try (EventFile events = EventFile.create(folder, 7)) {
                events.scalar("loss", part, 7, part);
            }
        }
        assertEquals(3, read(folder.resolve("events.out.tfevents.7.elbo")).size());
    }

    private static List<Map<Integer, Object>> read(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Map<Integer, Object>> events = new ArrayList<>();
        while (in.hasRemaining()) {
            byte[] head = new byte[8];
            in.get(head);
            assertEquals(masked(head), in.getInt());
            byte[] data = new byte
                    [(int) ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong()];
            in.get(data);
            assertEquals(masked(data), in.getInt());
            events.add(fields(data));
        }
        return events;
    }

    /// CRC-32C bit by bit (reflected polynomial 82f63b78), masked as TensorFlow does.
    private static int masked(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            crc ^= b & 255;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82f63b78;
            }
        }
        crc = ~crc;
        return (crc >>> 15 | crc << 17) + 0xa282ead8;
    }

    private static Map<Integer, Object> fields(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        Map<Integer, Object> fields = new HashMap<>();
        while (in.hasRemaining()) {
            int tag = (int) varint(in);
            fields.put(
                    tag >>> 3,
                    switch (tag & 7) {
                        case 0 -> varint(in);
                        case 1 -> in.getLong();
                        case 5 -> in.getInt();
                        default -> {
                            assertTrue((tag & 7) == 2, "wire type " + (tag & 7));
                            byte[] content = new byte[(int) varint(in)];
                            in.get(content);
                            yield content;
                        }
                    });
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes);
    }
}
