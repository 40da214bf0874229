package dev.elbo.models.training;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/// A file of numbers and pictures over time that TensorBoard reads.
///
/// ```
/// record = length (u64) · masked crc of it · data · masked crc of it          little-endian
/// data   = protobuf Event {wall_time = 1, step = 2, file_version = 3, summary = 5}
/// masked = rotate right by 15 bits, plus a282ead8
/// ```
public final class EventFile implements AutoCloseable {
    private static final int MASK = 0xa282ead8;
    // Protobuf wire types.
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final FileChannel out;

    private EventFile(FileChannel out) {
        this.out = out;
    }

    /// A new file in `folder`; TensorBoard finds it by the beginning of its name.
    ///
    /// @param seconds when the run began, since 1970
    public static EventFile create(Path folder, long seconds) throws IOException {
        Path file = folder.resolve("events.out.tfevents." + seconds + ".elbo");
        EventFile events = new EventFile(
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
        try {
            if (events.out.size() == 0) {
                Message version = new Message();
                version.fixed64(1, Double.doubleToRawLongBits(seconds)).bytes(3, "brain.Event:2");
                events.write(version);
            }
            return events;
        } catch (Throwable t) {
            try (events) {
                throw t;
            }
        }
    }

    /// A number at a step.
    ///
    /// @param seconds wall time, since 1970
    public void scalar(String name, long step, double seconds, double value) throws IOException {
        Message entry = new Message().bytes(1, name).fixed32(2, Float.floatToRawIntBits((float) value));
        write(event(step, seconds, entry));
    }

    /// A picture at a step.
    ///
    /// @param png     the whole file
    /// @param seconds wall time, since 1970
    public void picture(String name, long step, double seconds, int height, int width, int channels, byte[] png)
            throws IOException {
        Message image = new Message()
                .varint(1, height)
                .varint(2, width)
                .varint(3, channels)
                .bytes(4, png);
        write(event(step, seconds, new Message().bytes(1, name).bytes(4, image.toByteArray())));
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    private static Message event(long step, double seconds, Message value) {
        Message summary = new Message().bytes(1, value.toByteArray());
        return new Message()
                .fixed64(1, Double.doubleToRawLongBits(seconds))
                .varint(2, step)
                .bytes(5, summary.toByteArray());
    }

    /// One record in one write, so that a reader that looks while the run goes on never sees half of one for long.
    private void write(Message event) throws IOException {
        byte[] data = event.toByteArray();
        ByteBuffer record = ByteBuffer.allocate(16 + data.length).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length);
        record.putInt(masked(record.array(), 0, 8)).put(data);
        record.putInt(masked(record.array(), 12, data.length)).flip();
        while (record.hasRemaining()) {
            out.write(record);
        }
    }

    private static int masked(byte[] bytes, int at, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, at, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    }

    /// A protobuf message being written, field by field.
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Message varint(int field, long value) {
            raw(field << 3 | VARINT);
            raw(value);
            return this;
        }

        Message fixed64(int field, long bits) {
            raw(field << 3 | FIXED64);
            out.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(bits)
                    .array());
            return this;
        }

        Message fixed32(int field, int bits) {
            raw(field << 3 | FIXED32);
            out.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(bits)
                    .array());
            return this;
        }

        Message bytes(int field, String text) {
            return bytes(field, text.getBytes(StandardCharsets.UTF_8));
        }

        Message bytes(int field, byte[] content) {
            raw(field << 3 | BYTES);
            raw(content.length);
            out.writeBytes(content);
            return this;
        }

        byte[] toByteArray() {
            return out.toByteArray();
        }

        /// Seven bits a byte, lowest first; the highest bit says that more follow.
        private void raw(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                out.write((int) (rest & 0x7f | 0x80));
                rest >>>= 7;
            }
            out.write((int) rest);
        }
    }
}
