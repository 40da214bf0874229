package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.Map;

/// The names of results. The texts live until the JVM ends, as the driver's do.
final class ErrorCalls {
    private static final Map<Result, Long> NAMES = new EnumMap<>(Result.class);
    private static final Map<Result, Long> MEANINGS = new EnumMap<>(Result.class);

    static {
        for (Result result : Result.values()) {
            NAMES.put(result, Arena.global().allocateFrom(result.symbol()).address());
            MEANINGS.put(result, Arena.global().allocateFrom(result.meaning()).address());
        }
    }

    // CUresult cuGetErrorName(CUresult error, const char** pStr)
    @Exported
    void cuGetErrorName(int status, long out) {
        Host.putLong(out, 0);
        Host.putLong(out, NAMES.get(Result.of(status)));
    }

    // CUresult cuGetErrorString(CUresult error, const char** pStr)
    @Exported
    void cuGetErrorString(int status, long out) {
        Host.putLong(out, 0);
        Host.putLong(out, MEANINGS.get(Result.of(status)));
    }
}
