package dev.elbo.runtime;

import dev.elbo.runtime.ops.Fill;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// A model and its parameters, gradients beside them, each in one contiguous slab.
///
/// A model is a record, and its parameters are what [Components] finds by walking it. Its factory runs twice with the
/// same arguments: once to see what it asks for, then on the slab, in the order of the walk. So clipping and an
/// optimizer's update are one launch over one range, and no model knows. Statistics lie on a slab of their own.
///
/// @param <M> the model
public final class Parameters<M> {
    /// One parameter.
    ///
    /// @param name     path of record components, `encoder.weight`, `layers.0.bias`
    /// @param value    any shape, f32; a view of [#values()]
    /// @param gradient shape of `value`; a view of [#gradients()]
    public record Parameter(String name, Tensor value, Tensor gradient) {}

    private static final long ALIGNED_FLOATS = 16;

    private final M model;
    private final Tensor values;
    private final Tensor gradients;
    private final List<Parameter> all;
    private final Map<String, Tensor> statistics;
    private final Optional<Tensor> moving;

    private Parameters(
            M model,
            Tensor values,
            Tensor gradients,
            List<Parameter> all,
            Map<String, Tensor> statistics,
            Optional<Tensor> moving) {
        this.model = model;
        this.values = values;
        this.gradients = gradients;
        this.all = all;
        this.statistics = statistics;
        this.moving = moving;
    }

    /// Builds a model on slabs of its own.
    ///
    /// @param factory a pure function of the memory it is given: both calls ask for the same tensors, in one order
    /// @param owner   a shared arena: frees the model, its parameters and gradients when it closes
    public static <M> Parameters<M> of(Device device, String name, Arena owner, Function<Memory, M> factory) {
        Plan plan = Plan.of(device, name, factory);
        Memory memory = Memory.of(device, name, owner);
        Tensor values = cleared(memory, plan.slabSize());
        Tensor gradients = cleared(memory, plan.slabSize());
        Optional<Tensor> moving =
                plan.statisticsSize() == 0 ? Optional.empty() : Optional.of(cleared(memory, plan.statisticsSize()));
        M model = factory.apply(new Laid(memory, values, moving.orElse(null), plan, new int[1]));
        Components found = Components.of(model);
        List<Parameter> all = new ArrayList<>();
        found.parameters().forEach((path, value) -> {
            long from = (value.data().address() - values.data().address()) / DType.F32.bytes();
            all.add(new Parameter(path, value, gradients.part(from, value.shape())));
        });
        return new Parameters<>(model, values, gradients, List.copyOf(all), found.statistics(), moving);
    }

    /// What a parameter takes on the slab.
    private static long aligned(long size) {
        return (size + ALIGNED_FLOATS - 1) / ALIGNED_FLOATS * ALIGNED_FLOATS;
    }

    private static Tensor cleared(Memory memory, long size) {
        Tensor slab = memory.empty(Shape.of(Math.toIntExact(size)));
        Fill.bind(slab, 0);
        return slab;
    }

    /// The model, its parameters on the slab.
    public M model() {
        return model;
    }

    /// Every parameter, in the order of the walk and of the slab.
    public List<Parameter> all() {
        return all;
    }

    /// All parameters as one vector, f32. Between parameters lie up to 15 zeros, so that each starts a cache line.
    public Tensor values() {
        return values;
    }

    /// All gradients as one vector, laid out as [#values()].
    public Tensor gradients() {
        return gradients;
    }

    /// What is saved with the parameters but has no gradient, by name, in the order of the walk.
    public Map<String, Tensor> statistics() {
        return statistics;
    }

    /// The f32 statistics of the whole model as one vector, laid out as [#values()]; empty where it has none. Of a part
    /// it is that of the whole: statistics of one component may move with another's.
    public Optional<Tensor> statisticValues() {
        return moving;
    }

    /// The parameters of one component, for an optimizer of its own: views of the same slabs, names from the component
    /// on.
    ///
    /// @param component of the model, its parameters neighbours on the slab, as those of a record are
    public <P> Parameters<P> part(Function<M, P> component) {
        P part = component.apply(model);
        Components found = Components.of(part);
        List<Parameter> own = new ArrayList<>();
        long from = values.shape().size();
        long to = 0;
        for (Parameter parameter : all) {
            long at = (parameter.value.data().address() - values.data().address()) / DType.F32.bytes();
            for (Map.Entry<String, Tensor> each : found.parameters().entrySet()) {
                if (each.getValue().data().address() == parameter.value.data().address()) {
                    own.add(new Parameter(each.getKey(), parameter.value, parameter.gradient));
                    from = Math.min(from, at);
                    to = Math.max(to, at + aligned(parameter.value.shape().size()));
                }
            }
        }
        long size = own.stream()
                .mapToLong(parameter -> aligned(parameter.value.shape().size()))
                .sum();
        if (own.isEmpty() || own.size() != found.parameters().size() || size != to - from) {
            throw new IllegalArgumentException("part: not one range of the model's parameters; part="
                    + found.parameters().keySet() + ", model="
                    + all.stream().map(Parameter::name).toList());
        }
        Shape range = Shape.of(Math.toIntExact(size));
        return new Parameters<>(
                part,
                values.part(from, range),
                gradients.part(from, range),
                List.copyOf(own),
                found.statistics(),
                moving);
    }

    /// Asks a tape for the gradients of all parameters.
    public void watch(Tape tape) {
        for (Parameter parameter : all) {
            tape.watch(parameter.value, parameter.gradient);
        }
    }

    /// What a factory asks for, in order, and where on the slabs it goes.
    private record Plan(List<Request> requests, long slabSize, long statisticsSize) {
        /// @param offset    first element on the slab, or −1 for what is no parameter
        /// @param statistic first element among the statistics, or −1 for what is none
        record Request(Shape shape, DType dtype, long offset, long statistic) {}

        static <M> Plan of(Device device, String name, Function<Memory, M> factory) {
            try (Arena trial = Arena.ofShared()) {
                Memory memory = Memory.of(device, name + ", laid out", trial);
                List<Tensor> asked = new ArrayList<>();
                Components found = Components.of(factory.apply(new Observed(memory, asked)));
                Map<Long, Long> offsets = new HashMap<>();
                long size = 0;
                for (Map.Entry<String, Tensor> each : found.parameters().entrySet()) {
                    offsets.put(each.getValue().data().address(), size);
                    size += aligned(each.getValue().shape().size());
                    requireAsked(each.getKey(), each.getValue(), asked);
                }
                Map<Long, Long> statistics = new HashMap<>();
                long statisticsSize = 0;
                for (Tensor each : found.statistics().values()) {
                    if (each.dtype() == DType.F32
                            && whole(each, asked)
                            && statistics.putIfAbsent(each.data().address(), statisticsSize) == null) {
                        statisticsSize += aligned(each.shape().size());
                    }
                }
                List<Request> requests = asked.stream()
                        .map(tensor -> new Request(
                                tensor.shape(),
                                tensor.dtype(),
                                offsets.getOrDefault(tensor.data().address(), -1L),
                                statistics.getOrDefault(tensor.data().address(), -1L)))
                        .toList();
                device.synchronize();
                return new Plan(requests, size, statisticsSize);
            }
        }

        private static boolean whole(Tensor found, List<Tensor> asked) {
            return asked.stream()
                    .anyMatch(tensor ->
                            tensor.data().address() == found.data().address() && tensor.bytes() == found.bytes());
        }

        private static void requireAsked(String path, Tensor parameter, List<Tensor> asked) {
            if (parameter.dtype() != DType.F32 || !whole(parameter, asked)) {
                throw new IllegalArgumentException("parameters: a parameter is a whole f32 tensor of the memory its"
                        + " factory is given; parameter=" + path + ", tensor=" + parameter);
            }
        }
    }

    /// Notes every request of a factory.
    private record Observed(Memory memory, List<Tensor> asked) implements Memory {
        @Override
        public Device device() {
            return memory.device();
        }

        @Override
        public Tensor empty(Shape shape, DType dtype) {
            Tensor tensor = memory.empty(shape, dtype);
            asked.add(tensor);
            return tensor;
        }
    }

    /// Serves the requests of a plan, parameters and statistics from their slabs and all else from the memory.
    private record Laid(Memory memory, Tensor slab, Tensor statistics, Plan plan, int[] served) implements Memory {
        @Override
        public Device device() {
            return memory.device();
        }

        @Override
        public Tensor empty(Shape shape, DType dtype) {
            int at = served[0]++;
            Plan.Request planned = at < plan.requests.size() ? plan.requests.get(at) : null;
            if (planned == null || !planned.shape.equals(shape) || planned.dtype != dtype) {
                throw new IllegalStateException("parameters: the factory asked for something else the second time;"
                        + " request=" + at + ", first=" + planned + ", second=" + shape + " " + dtype);
            }
            if (planned.statistic >= 0) {
                return statistics.part(planned.statistic, shape);
            }
            return planned.offset < 0 ? memory.empty(shape, dtype) : slab.part(planned.offset, shape);
        }
    }
}
