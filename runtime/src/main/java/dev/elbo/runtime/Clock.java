package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.elbo.runtime.random.Noise;
import dev.elbo.runtime.random.Purpose;
import java.util.Arrays;

/// What time it is on a device: the seed of a run and the number of its step, in device memory, and the draws of the
/// current step in their order.
///
/// A step's body asks for its draws by [#next]; [#tick] ends the step and raises its number on the device, in a launch
/// of its own or in that of an optimizer's last update. So the n-th run draws the noise of step n, however it is run. A
/// checkpoint keeps (seed, step).
public final class Clock {
    /// The first word of the step among the words.
    static final int STEP = 2;

    private final Tensor words;
    private final Tensor frozen;
    private final int[] orders = new int[Purpose.values().length];
    private boolean ended;

    private Clock(Tensor words, Tensor frozen) {
        this.words = words;
        this.frozen = frozen;
    }

    /// A clock that shows `step`.
    public static Clock of(long seed, long step, Memory memory) {
        return new Clock(Draw.of(new Noise(seed, step, 0), memory).words(), memory.ints(Shape.of(1), 0));
    }

    /// The next draw for `purpose` within this step.
    ///
    /// @throws IllegalStateException after the last update of the step ([Optimizer#updateLast])
    public Draw next(Purpose purpose) {
        checkGoing("next");
        return new Draw(
                words, Noise.of(0, 0, purpose, orders[purpose.ordinal()]++).operation());
    }

    /// Whether the clock stands still, (1) i32: one word for all the optimizers that may stop it, so that they freeze
    /// together and no noise is used up while nothing is learnt.
    Tensor frozen() {
        return frozen;
    }

    /// Ends the step: raises its number on the device, unless a launch of it does already, and starts all draw orders
    /// afresh.
    public void tick() {
        Arrays.fill(orders, 0);
        if (!ended) {
            switch (words.device()) {
                case CpuDevice cpu -> cpu.bind("tick", 1, 1, (_, _) -> raise());
                case CudaDevice cuda ->
                    cuda.kernel("advance_u32").args(words, frozen, 1).bind("tick");
            }
        }
        ended = false;
    }

    /// Begins a step, whatever became of the one before: a body may have failed after its last update.
    void begin() {
        ended = false;
    }

    /// Says that a launch raises the number of the step: from then to [#tick] nothing may ask what time it is.
    void end() {
        checkGoing("end");
        ended = true;
    }

    /// Refuses whoever asks what time it is when the step is over.
    void checkGoing(String call) {
        if (ended) {
            throw new IllegalStateException(call + ": the last update has ended the step");
        }
    }

    /// Raises the number of the step on the CPU, as a launch does, unless it is frozen.
    void raise() {
        if (frozen.data().get(JAVA_INT, 0) == 0) {
            words.data().set(JAVA_LONG, Long.BYTES, now() + 1);
        }
    }

    /// The number of the current step on the CPU, as a launch reads it.
    long now() {
        return words.data().get(JAVA_LONG, Long.BYTES);
    }

    /// The words (4) i32: seed low, seed high, step low, step high.
    public Tensor words() {
        return words;
    }

    /// The number of the current step. Waits for the device.
    public long step() {
        int[] now = words.device().ints(words);
        return Integer.toUnsignedLong(now[2]) | (long) now[3] << 32;
    }

    /// The seed of the run. Waits for the device.
    public long seed() {
        int[] now = words.device().ints(words);
        return Integer.toUnsignedLong(now[0]) | (long) now[1] << 32;
    }

    /// Shows another step, as when a run is resumed.
    public void set(long seed, long step) {
        words.device().write(new int[] {(int) seed, (int) (seed >>> 32), (int) step, (int) (step >>> 32)}, words);
        Arrays.fill(orders, 0);
        ended = false;
    }
}
