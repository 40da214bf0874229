package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Start;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/// What the steps share in DJL: arrays, batches, time.
abstract class DjlStep implements Contender {
    final Start start;
    final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
    final Map<String, NDArray> weights = new LinkedHashMap<>();
    final NDArray check;
    final NDArray noise;

    private final NDArray data;
    private NDArray order;
    private long at;

    DjlStep(Start start) {
        this(start, (_, array) -> array);
    }

    /// @param layout the array of a name as this library has it
    DjlStep(Start start, BiFunction<String, NDArray, NDArray> layout) {
        this.start = start;
        start.arrays().forEach((name, array) -> weights.put(name, layout.apply(name, Djl.array(manager, array))));
        this.data = weights.remove("data");
        this.check = weights.remove("x");
        this.noise = weights.remove("noise");
    }

    /// A batch.
    NDArray examples() {
        long rows = data.getShape().get(0);
        long batch = check.getShape().get(0);
        if (order == null || at + batch > rows) {
            if (order != null) {
                order.close();
            }
            order = manager.randomPermutation(rows);
            at = 0;
        }
        NDArray index = order.get(new NDIndex("{}:{}", at, at + batch));
        at += batch;
        return data.get(index);
    }

    /// A batch, binarised.
    NDArray binarised(NDManager step) {
        return bits(step, examples());
    }

    /// 1 with probability p, else 0: DJL has no draw of bits.
    static NDArray bits(NDManager step, NDArray p) {
        return step.randomUniform(0, 1, p.getShape()).lt(p).toType(DataType.FLOAT32, false);
    }

    /// x · w + b.
    static NDArray dense(NDArray x, NDArray w, NDArray b) {
        return x.matMul(w).add(b);
    }

    /// log(1 + exp x), as DJL users write it.
    static NDArray softplus(NDArray x) {
        return x.maximum(0).add(x.abs().neg().exp().add(1).log());
    }

    /// One step; what it makes belongs to `step`.
    abstract void step(NDManager step);

    @Override
    public long run(int steps) {
        long begin = System.nanoTime();
        for (int i = 0; i < steps; i++) {
            try (NDManager step = manager.newSubManager()) {
                data.attach(step);
                weights.values().forEach(w -> w.attach(step));
                if (order != null) {
                    order.attach(step);
                }
                step(step);
                data.attach(manager);
                weights.values().forEach(w -> w.attach(manager));
                order.attach(manager);
            }
        }
        return System.nanoTime() - begin;
    }

    @Override
    public void close() {
        manager.close();
    }
}
