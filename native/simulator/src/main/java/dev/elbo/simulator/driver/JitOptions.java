package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Host;
import java.util.HashMap;
import java.util.Map;

/// What a caller asks of the compiler, and where it wants the compiler's words.
///
/// Values that are no pointers stand in the pointer's place; the size of a buffer is overwritten by the size that was
/// used.
final class JitOptions {
    private static final int WALL_TIME = 2;
    private static final int INFO_LOG_BUFFER = 3;
    private static final int INFO_LOG_SIZE = 4;
    private static final int ERROR_LOG_BUFFER = 5;
    private static final int ERROR_LOG_SIZE = 6;
    private static final int LAST_KNOWN = 34;

    private final Map<Integer, Long> values = new HashMap<>();
    private final Map<Integer, Long> places = new HashMap<>();

    private JitOptions() {}

    /// @param options addresses of `count` option numbers and of as many values
    static JitOptions read(int count, long options, long values) {
        JitOptions read = new JitOptions();
        for (int i = 0; i < count; i++) {
            int option = Host.getInt(options + 4L * i);
            if (option < 0 || option > LAST_KNOWN) throw Result.INVALID_VALUE.because("JIT option=" + option);
            long place = values + 8L * i;
            read.values.put(option, Host.getLong(place));
            read.places.put(option, place);
        }
        return read;
    }

    void error(String text) {
        log(text, ERROR_LOG_BUFFER, ERROR_LOG_SIZE);
    }

    void info(String text) {
        log(text, INFO_LOG_BUFFER, INFO_LOG_SIZE);
        if (places.containsKey(WALL_TIME)) Host.putInt(places.get(WALL_TIME), 0);
    }

    private void log(String text, int bufferOption, int sizeOption) {
        Long buffer = values.get(bufferOption);
        Long size = values.get(sizeOption);
        if (buffer == null || buffer == 0 || size == null) return;
        int capacity = size.intValue();
        Host.putString(buffer, capacity, text);
        Host.putInt(places.get(sizeOption), Math.min(capacity, text.length() + 1));
    }
}
