package org.example.cube;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Op;
import dev.elbo.runtime.PtxSource;
import dev.elbo.runtime.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// y = x³ of each element, an operation that Elbo does not have.
///
/// ```
/// y[e]   = x[e]³
/// dx[e] += 3 x[e]² dy[e]
/// ```
public record Cube() implements Op.Unary {
    private static final PtxSource KERNELS = kernels();
    private static final int THREADS = 256;

    @Override
    public Tensor forward(Tensor x, Memory memory) {
        Tensor y = memory.empty(x.shape());
        int n = Math.toIntExact(x.shape().size());
        switch (x.device()) {
            case CpuDevice cpu ->
                cpu.bind(name(), n, 1, (from, to) -> {
                    for (long e = from; e < to; e++) {
                        float each = x.data().getAtIndex(JAVA_FLOAT, e);
                        y.data().setAtIndex(JAVA_FLOAT, e, each * each * each);
                    }
                });
            case CudaDevice cuda ->
                cuda.kernel(KERNELS, "cube_f32")
                        .over(Math.ceilDiv(n, THREADS), THREADS)
                        .args(x, y, n)
                        .bind(name());
        }
        return y;
    }

    @Override
    public void pullback(Tensor x, Tensor y, Tensor dy, Gradient gradient) {
        Tensor dx = gradient.into();
        boolean first = gradient.first();
        int n = Math.toIntExact(x.shape().size());
        switch (x.device()) {
            case CpuDevice cpu ->
                cpu.bind(name(), n, 1, (from, to) -> {
                    for (long e = from; e < to; e++) {
                        float each = x.data().getAtIndex(JAVA_FLOAT, e);
                        float d = 3 * each * each * dy.data().getAtIndex(JAVA_FLOAT, e);
                        dx.data().setAtIndex(JAVA_FLOAT, e, first ? d : dx.data().getAtIndex(JAVA_FLOAT, e) + d);
                    }
                });
            case CudaDevice cuda ->
                cuda.kernel(KERNELS, "cube_pullback_f32")
                        .over(Math.ceilDiv(n, THREADS), THREADS)
                        .args(x, dy, dx, n, first)
                        .bind(name());
        }
    }

    private static PtxSource kernels() {
        try (InputStream ptx = Cube.class.getResourceAsStream("cube.ptx")) {
            return new PtxSource("cube.ptx", new String(ptx.readAllBytes(), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
