package dev.elbo.kernels;

import java.util.ArrayList;
import java.util.List;

/// One kernel: its name in the PTX, and all that a launch needs to know.
///
/// @param name        `<op>_<layout>[_pullback]_<dtype>`
/// @param family      the family whose PTX holds it
/// @param parameters  in the order of the block of arguments
/// @param launch      blocks and threads
/// @param sharedBytes static shared memory of a block, bytes
public record KernelEntry(String name, String family, List<Parameter> parameters, Launch launch, int sharedBytes) {
    /// Where each argument lies in the block of arguments, in bytes: each is aligned to its own size.
    public List<Integer> offsets() {
        List<Integer> offsets = new ArrayList<>();
        int end = 0;
        for (Parameter parameter : parameters) {
            int offset = Math.ceilDiv(end, parameter.bytes()) * parameter.bytes();
            offsets.add(offset);
            end = offset + parameter.bytes();
        }
        return offsets;
    }

    /// Size of the block of arguments, in bytes; nothing follows the last argument.
    public int parameterBytes() {
        return parameters.isEmpty()
                ? 0
                : offsets().getLast() + parameters.getLast().bytes();
    }

    /// Position of a parameter.
    ///
    /// @throws IllegalArgumentException when there is none of that name
    public int indexOf(String parameter) {
        for (int i = 0; i < parameters.size(); i++) {
            if (parameters.get(i).name().equals(parameter)) {
                return i;
            }
        }
        throw new IllegalArgumentException("kernel: no such parameter; kernel=" + name + ", parameter=" + parameter
                + ", parameters=" + parameters.stream().map(Parameter::name).toList());
    }
}
