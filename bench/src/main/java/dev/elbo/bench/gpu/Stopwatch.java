package dev.elbo.bench.gpu;

import dev.elbo.ffi.CudaEvent;
import dev.elbo.ffi.CudaStream;
import java.lang.foreign.Arena;

/// Times the work of a stream by the device's own clock.
final class Stopwatch {
    private final CudaStream stream;
    private final CudaEvent begin;
    private final CudaEvent end;

    /// @param stream borrowed
    Stopwatch(CudaStream stream, Arena owner) {
        this.stream = stream;
        this.begin = CudaEvent.openTimed(owner);
        this.end = CudaEvent.openTimed(owner);
    }

    /// Microseconds of one repetition, several times over, after one that is not counted.
    ///
    /// @param times repetitions between two looks at the clock
    /// @param work  gives one repetition to the stream
    Spread micros(int samples, int times, Runnable work) {
        double[] micros = new double[samples];
        work.run();
        for (int sample = 0; sample < samples; sample++) {
            stream.record(begin);
            for (int i = 0; i < times; i++) {
                work.run();
            }
            stream.record(end);
            end.synchronize();
            micros[sample] = 1e3 * end.millisecondsSince(begin) / times;
        }
        return Spread.of(micros);
    }
}
