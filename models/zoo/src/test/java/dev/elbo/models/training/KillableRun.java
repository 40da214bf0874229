package dev.elbo.models.training;

import dev.elbo.models.latent.Bounds;
import dev.elbo.models.latent.Output;
import dev.elbo.models.latent.Vae;
import dev.elbo.runtime.Clock;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CpuOptions;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.CudaOptions;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.NanPolicy;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Schedule;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.UpdateRule;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.random.Purpose;
import dev.elbo.simulator.SimulatedGpu;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A program that trains a small autoencoder and may be killed at any moment: started again on the same folder, it
/// goes on from the latest checkpoint.
///
/// It says `step N` after every step, and saves after every `EVERY`th.
public final class KillableRun {
    private static final int EVERY = 3;

    private KillableRun() {}

    /// @param args folder, steps in all, device: `cpu`, `cuda` or `simulated`
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        int steps = Integer.parseInt(args[1]);
        if (args[2].equals("simulated")) {
            SimulatedGpu.install();
        }
        try (Device device = args[2].equals("cpu")
                        ? CpuDevice.open(CpuOptions.best().threads(1))
                        : CudaDevice.open(0, CudaOptions.best());
                Arena owner = Arena.ofShared()) {
            train(folder, steps, device, owner);
        }
    }

    private static void train(Path folder, int steps, Device device, Arena owner) throws IOException {
        boolean begun = Files.exists(folder.resolve("config.json"));
        Parameters<Vae> model = Parameters.of(
                device,
                "vae",
                owner,
                m -> Vae.of(9, List.of(8), 2, Activation.TANH, Output.Bernoulli::of, Clock.of(1, 0, m), m));
        Trainer.Objective<Vae> objective =
                (f, vae, x, clock) -> f.minusMean(Bounds.elbo(f, vae, x, 2, clock.next(Purpose.TRAIN)));
        try (RunFolder run = begun
                        ? RunFolder.resume(folder)
                        : RunFolder.create(folder, new Json.Members(Map.of("model", Json.of("vae"))));
                Trainer<Vae> trainer = new Trainer<>(model, data(device, owner), objective, plan(steps))) {
            if (begun && saved(folder)) {
                trainer.restore(RunFolder.latest(folder, owner));
            }
            if (begun) {
                run.rewind(trainer.steps());
            }
            trainer.run(progress -> {
                save(run, trainer, progress);
                System.out.println("step " + progress.step());
                return true;
            });
        }
    }

    private static void save(RunFolder run, Trainer<Vae> trainer, Trainer.Progress progress) {
        try {
            run.measured(progress.step(), Map.of("loss", progress.loss()));
            if (progress.step() % EVERY == 0 || progress.step() == progress.steps()) {
                run.save(progress.step(), Map.of(), trainer.state());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean saved(Path folder) throws IOException {
        try (var files = Files.list(folder.resolve("checkpoints"))) {
            return files.anyMatch(file -> file.getFileName().toString().endsWith(".safetensors"));
        }
    }

    /// Warm-up, cosine, clipping, fresh bits, batches across epochs.
    private static Plan plan(int steps) {
        Schedule rate = Schedule.cosine(0.02, 0.001, steps).warmUp(5);
        return new Plan(5, steps, true, true, new UpdateRule.Adam(), rate, 1, NanPolicy.SKIP, 3, 1);
    }

    private static Tensor data(Device device, Arena owner) {
        float[] x = new float[12 * 9];
        for (int i = 0; i < 12; i++) {
            x[i * 9 + i % 9] = 0.9f;
            x[i * 9 + i % 3] = 1;
        }
        return Memory.of(device, "data", owner).floats(Shape.of(12, 9), x);
    }
}
