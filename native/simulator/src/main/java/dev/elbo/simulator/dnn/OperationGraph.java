package dev.elbo.simulator.dnn;

import dev.elbo.simulator.dnn.Convolution.Manner;
import dev.elbo.simulator.memory.DeviceMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Operations that are computed together.
record OperationGraph(List<Operation> operations) {
    /// In an order in which each finds what it reads.
    ///
    /// @throws dev.elbo.simulator.shim.Failure BAD_PARAM if there is none
    static OperationGraph of(List<Operation> given) {
        List<Operation> open = new ArrayList<>(given);
        List<Operation> order = new ArrayList<>();
        Set<BackendTensor> made = new LinkedHashSet<>();
        while (!open.isEmpty()) {
            Operation next = open.stream()
                    .filter(each -> each.inputs().stream().allMatch(in -> !in.virtual() || made.contains(in)))
                    .findFirst()
                    .orElseThrow(() -> DnnStatus.BAD_PARAM.because("a virtual tensor that nothing makes"));
            open.remove(next);
            order.add(next);
            made.add(next.output());
        }
        return new OperationGraph(List.copyOf(order));
    }

    boolean fused() {
        return operations.size() > 1;
    }

    /// Whether a sigmoid is fused into something, for which no engine was ever written.
    boolean fusesSigmoid() {
        return fused()
                && operations.stream()
                        .anyMatch(each -> each instanceof Operation.Pointwise p
                                && p.function().sigmoid());
    }

    boolean convolves() {
        return operations.getFirst() instanceof Operation.Convolving;
    }

    /// Of the result, bytes.
    long resultBytes() {
        TensorShape shape = operations.getLast().output().shape();
        return (long) shape.count() * shape.type().bytes();
    }

    /// The tensors that need memory.
    Set<BackendTensor> bound() {
        Set<BackendTensor> all = new LinkedHashSet<>();
        for (Operation each : operations) {
            each.inputs().stream().filter(tensor -> !tensor.virtual()).forEach(all::add);
            if (!each.output().virtual()) all.add(each.output());
        }
        return all;
    }

    /// Computes everything.
    ///
    /// @param addresses of the tensors that need memory
    void run(DeviceMemory memory, Map<Long, Long> addresses, Manner manner) {
        Map<BackendTensor, float[]> values = new HashMap<>();
        for (Operation each : operations) {
            for (BackendTensor in : each.inputs()) {
                if (!in.virtual()) {
                    Tensor tensor = new Tensor(in.shape(), addresses.get(in.id()));
                    values.computeIfAbsent(in, _ -> tensor.read(memory, in + " of cudnnBackendExecute"));
                }
            }
            float[] result = each.apply(values, manner);
            values.put(each.output(), result);
            if (!each.output().virtual()) {
                new Tensor(each.output().shape(), addresses.get(each.output().id()))
                        .blend(memory, 1, result, each.beta(), each.output() + " of cudnnBackendExecute");
            }
        }
    }
}
