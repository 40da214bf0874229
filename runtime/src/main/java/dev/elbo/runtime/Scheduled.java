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
        int length = Math.toIntExact(table.shape().size());
        switch (table.device()) {
            case CpuDevice cpu ->
                cpu.bind("schedule", 1, 1, (_, _) -> {
                    long at = Math.min(Long.divideUnsigned(clock.now(), interval), length - 1);
                    value.data().set(JAVA_FLOAT, 0, table.data().getAtIndex(JAVA_FLOAT, at));
                });
            case CudaDevice cuda ->
                cuda.kernel("schedule_f32")
                        .args(KernelCall.at(clock.words(), Clock.STEP), table, value, length, interval)
                        .bind("schedule");
        }
        return value;
    }
}
