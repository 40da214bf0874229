package dev.elbo.simulator.dnn;

import dev.elbo.simulator.driver.Context;
import dev.elbo.simulator.driver.Stream;

/// What `cudnnCreate` makes: where work runs.
final class CudnnHandle {
    final Context context;
    private Stream stream;

    CudnnHandle(Context context, Stream stream) {
        this.context = context;
        this.stream = stream;
    }

    Stream stream() {
        return stream;
    }

    void stream(Stream next) {
        stream = next;
    }
}
