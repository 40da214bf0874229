package dev.elbo.runtime;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

/// A [Schedule] on a device, and its value there.
///
/// Made before a step is recorded, since the host writes the table; read within it by [#at].
public final class Scheduled {
    private final Tensor table;
    private final Tensor value;
    private final int interval;

    private Scheduled(Tensor table, Tensor value, int interval) {
        this.table = table;
        this.value = value;
        this.interval = interval;
    }

    /// A schedule's table in device memory.
    public static Scheduled of(Schedule schedule, Memory memory) {
        float[] values = schedule.values();
        return new Scheduled(
                memory.floats(Shape.of(values.length), values), memory.empty(Shape.SCALAR), schedule.interval());
    }

    /// Binds the look-up of this step's value.
    ///
    /// @return size 1, the same tensor each time
    public Tensor at(Clock clock) {
        clock.checkGoing("at");
        switch (table.device()) {
            case CpuDevice cpu ->
                cpu.bind("schedule", 1, 1, (_, _) -> value.data().set(JAVA_FLOAT, 0, now(clock)));
            case CudaDevice cuda ->
                cuda.kernel("schedule_f32")
                        .args(KernelCall.at(clock.words(), Clock.STEP), table, value, length(), interval)
                        .bind("schedule");
        }
        return value;
    }

    /// This step's value on the CPU, as a launch reads it.
    float now(Clock clock) {
        long at = Math.min(Long.divideUnsigned(clock.now(), interval), length() - 1);
        return table.data().getAtIndex(JAVA_FLOAT, at);
    }

    /// All values, (length).
    Tensor table() {
        return table;
    }

    /// Where [#at] puts this step's value, ().
    Tensor value() {
        return value;
    }

    /// How many steps share a value.
    int interval() {
        return interval;
    }

    /// How many values there are.
    int length() {
        return Math.toIntExact(table.shape().size());
    }
}
