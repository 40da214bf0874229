package dev.elbo.bench.trust;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.elbo.models.training.RunFolder;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Step;
import dev.elbo.runtime.Tensor;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// A device belongs to the thread that opened it: another one is refused, and as many threads as like may
/// have devices of their own.
class ThreadsTest {
    private static final int EPOCHS = 4;

    @TempDir
    Path temporary;

    private static void elsewhere(Executable call) throws Throwable {
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            Callable<IllegalStateException> refused = () -> assertThrows(IllegalStateException.class, call);
            String message = other.submit(refused).get().getMessage();
            assertEquals("thread: a device belongs to the thread that opened it", message.split(";")[0], message);
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    private static void refusesOtherThreads(Supplier<Device> opens) throws Throwable {
        try (Device device = opens.get();
                Arena owner = Arena.ofShared()) {
            Memory memory = Memory.of(device, "test", owner);
            Tensor x = memory.floats(Shape.of(3), 1, 2, 3);
            elsewhere(() -> memory.empty(Shape.of(1)));
            elsewhere(() -> Ops.plain(memory).exp(x));
            elsewhere(() -> device.floats(x));
            elsewhere(() -> device.write(new float[3], x));
            elsewhere(device::synchronize);
            elsewhere(device::close);
            elsewhere(() -> Step.record(device, "step", own -> Ops.plain(own).exp(x)));
            try (Step<Tensor> step =
                    Step.record(device, "step", own -> Ops.plain(own).negate(x))) {
                elsewhere(step::run);
                elsewhere(step::close);
                step.run();
                assertArrayEquals(new float[] {-1, -2, -3}, device.floats(step.result()));
            }
            try (Training training = SmallRun.VAE.training(device, 1, owner)) {
                elsewhere(() -> training.run(_ -> true));
                training.run(_ -> false);
                elsewhere(training::close);
                assertEquals(3, training.run(_ -> true));
            }
        }
    }

    @Test
    void aCpuIsUsedByTheThreadThatOpenedItAlone() throws Throwable {
        refusesOtherThreads(() -> CpuDevice.open(2));
    }

    @Test
    @Tag("simulated")
    void aGpuIsUsedByTheThreadThatOpenedItAlone() throws Throwable {
        SimulatedGpu.install();
        refusesOtherThreads(() -> CudaDevice.open(0));
    }

    private byte[] trained(SmallRun run, Supplier<Device> opens, String name) throws Exception {
        Path folder = temporary.resolve(name);
        try (Device device = opens.get()) {
            run.train(device, folder, EPOCHS, _ -> {});
        }
        return Files.readAllBytes(RunFolder.checkpoints(folder).getLast());
    }

    /// A thread for each kind of model, all begun at once: each ends in the bytes of one that was alone.
    private void eachAsIfAlone(Supplier<Device> opens) throws Exception {
        SmallRun[] runs = SmallRun.values();
        CountDownLatch ready = new CountDownLatch(runs.length);
        try (ExecutorService threads = Executors.newFixedThreadPool(runs.length)) {
            List<Future<byte[]>> together = new ArrayList<>();
            for (SmallRun run : runs) {
                together.add(threads.submit(() -> {
                    ready.countDown();
                    ready.await();
                    return trained(run, opens, run + "-together");
                }));
            }
            for (int i = 0; i < runs.length; i++) {
                byte[] found = together.get(i).get();
                assertArrayEquals(trained(runs[i], opens, runs[i] + "-alone"), found, runs[i].name());
            }
        }
    }

    @Test
    void threadsWithCpuDevicesOfTheirOwnDoNotDisturbEachOther() throws Exception {
        eachAsIfAlone(() -> CpuDevice.open(2));
    }

    @Test
    @Tag("simulated")
    void threadsWithDevicesOnOneGpuDoNotDisturbEachOther() throws Exception {
        SimulatedGpu.install();
        eachAsIfAlone(() -> CudaDevice.open(0));
    }
}
