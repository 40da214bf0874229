package dev.elbo.cli;

import dev.elbo.models.data.Dataset;
import dev.elbo.models.data.Datasets;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.lang.foreign.Arena;

/// What every command that runs a model shares: the device it runs on, and data on it.
final class RunOptions {
    /// Bits of the test part are drawn once, from this seed, so that figures of different runs are of the same bits.
    static final long TEST_SEED = 1;

    /// What `--device` takes, for its description.
    static final String DEVICES = "auto, cpu, cuda or cuda:N";

    private RunOptions() {}

    /// The device that `text` names.
    ///
    /// @param text `auto` (the first GPU if there is one, else the CPU), `cpu`, `cuda` (the first GPU) or `cuda:N`
    static Device device(String text) {
        return device(text, MatrixPrecision.TF32);
    }

    /// The same.
    ///
    /// @param training how exactly matrix products multiply in training, where the device has a choice
    static Device device(String text, MatrixPrecision training) {
        if (text.equals("cpu") || text.equals("auto") && CudaDevice.missing(0).isPresent()) {
            return CpuDevice.open();
        }
        if (!text.matches("auto|cuda(:\\d{1,3})?")) {
            throw new NoDeviceException("no such device: " + text + " — use " + DEVICES);
        }
        int ordinal = text.contains(":") ? Integer.parseInt(text.substring("cuda:".length())) : 0;
        CudaDevice.missing(ordinal).ifPresent(reason -> {
            throw new NoDeviceException("no device cuda:" + ordinal + ": " + reason
                    + " — elbo doctor says more; --device cpu always works");
        });
        return CudaDevice.open(ordinal, CudaOptions.best().training(training));
    }

    /// A data set on the host, and its two parts on a device.
    ///
    /// @param set   as read
    /// @param train (count, features), values in [0, 1], or bytes
    /// @param test  (count, features), bits where the model is of bits
    record Loaded(Dataset set, Tensor train, Tensor test) {
        /// @param binary whether values are probabilities of bits
        static Loaded of(String text, boolean binary, Device device, Arena owner) {
            Dataset set = Datasets.open(text, owner);
            Memory memory = Memory.of(device, "data", owner);
            Tensor test = set.test().upload(memory);
            return new Loaded(set, set.train().resident(memory), binary ? coins(test, memory) : test);
        }
    }

    /// Bits of held-out data, always the same.
    ///
    /// @param p (n, features), their probabilities
    /// @return (n, features)
    static Tensor coins(Tensor p, Memory memory) {
        return Ops.plain(memory).bernoullis(p, Draw.of(Noise.of(TEST_SEED, 0, Purpose.DATA, 0), memory));
    }
}
