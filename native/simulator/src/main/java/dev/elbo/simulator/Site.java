package dev.elbo.simulator;

/// Where in a launch something happened.
///
/// @param kernel name of the kernel
/// @param line   line of the PTX text, counted from 1
/// @param source `file:line` of the CUDA source where the PTX has it, else the empty string
/// @param block  index of the block in the grid
/// @param thread index of the thread in the block, null where the whole block is concerned
public record Site(String kernel, int line, String source, Dim3 block, Dim3 thread) {
    @Override
    public String toString() {
        return "kernel=" + kernel + ", ptx=" + line + (source.isEmpty() ? "" : ", source=" + source) + ", block="
                + block + (thread == null ? "" : ", thread=" + thread);
    }
}
