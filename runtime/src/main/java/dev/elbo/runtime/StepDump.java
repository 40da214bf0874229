package dev.elbo.runtime;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Everything a step computes, in a file, and where in it a number stopped being finite.
///
/// For a step that has frozen ([NanPolicy#FREEZE]): its parameters and its clock are still those it froze on, so
/// running it once more computes the same numbers. That is done launch by launch, on cleared buffers, and what each has
/// written is looked at.
///
/// The file is a [Checkpoint]: the state, under its own names, as it was before; and what the step left in its buffers
/// under `step.017.linear`, the number and the operation of the launch that a buffer was made for. Gradients share
/// buffers, which hold what was written last.
public final class StepDump {
    private StepDump() {}

    /// The first launch after which something was not finite.
    ///
    /// @param launch    its number from 0; −1 for what was not finite before the step began
    /// @param operation its name
    /// @param tensor    what it wrote, by its name in the file
    public record Fault(int launch, String operation, String tensor) {
        @Override
        public String toString() {
            return launch < 0 ? tensor + ", before the step" : operation + ", launch " + launch + ", into " + tensor;
        }
    }

    /// Runs the step once more and writes what it computes.
    ///
    /// @param file  written whole or not at all
    /// @param facts saved with the tensors, beside `first not finite` where there is one
    /// @param state by name, what the step changes beside its own buffers and gradients: parameters, statistics,
    ///              moments, clock; it ends as it was
    /// @return where a number first was not finite, if any was
    public static Optional<Fault> write(Path file, Step<?> step, Map<String, String> facts, Map<String, Tensor> state)
            throws IOException {
        Map<String, Tensor> buffers = step.buffers();
        Map<String, MemorySegment> before = new LinkedHashMap<>();
        state.forEach((name, tensor) -> before.put(name, bytes(tensor)));
        buffers.values().forEach(StepDump::clear);
        Optional<Fault> fault = run(step, buffers, state);
        before.forEach((name, bytes) -> state.get(name).device().write(bytes, state.get(name)));
        Map<String, String> all = new LinkedHashMap<>(facts);
        fault.ifPresent(first -> all.put("first not finite", first.toString()));
        Map<String, Tensor> tensors = new LinkedHashMap<>(state);
        tensors.putAll(buffers);
        Checkpoint.write(file, all, tensors);
        return fault;
    }

    private static Optional<Fault> run(Step<?> step, Map<String, Tensor> buffers, Map<String, Tensor> state) {
        Map<String, Tensor> watched = new LinkedHashMap<>(buffers);
        watched.putAll(state);
        Optional<Fault> fault = firstNotFinite(state).map(name -> new Fault(-1, "", name));
        List<String> operations = step.operations();
        for (int launch = 0; launch < operations.size(); launch++) {
            step.runOne(launch);
            if (fault.isEmpty()) {
                int number = launch;
                fault = firstNotFinite(watched).map(name -> new Fault(number, operations.get(number), name));
            }
        }
        return fault;
    }

    private static Optional<String> firstNotFinite(Map<String, Tensor> tensors) {
        return tensors.entrySet().stream()
                .filter(each -> !isFinite(each.getValue()))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static boolean isFinite(Tensor tensor) {
        if (tensor.dtype() != DType.F32) {
            return true;
        }
        for (float value : tensor.device().floats(tensor)) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    private static MemorySegment bytes(Tensor tensor) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(tensor.bytes())]);
        tensor.device().read(tensor, bytes);
        return bytes;
    }

    private static void clear(Tensor tensor) {
        tensor.device().write(MemorySegment.ofArray(new byte[Math.toIntExact(tensor.bytes())]), tensor);
    }
}
