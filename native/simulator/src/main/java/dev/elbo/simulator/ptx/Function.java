package dev.elbo.simulator.ptx;

import dev.elbo.simulator.Dim3;
import java.util.List;
import java.util.Map;

/// A kernel (`.entry`) or device function (`.func`) as it stands in the text.
///
/// @param kernel       whether it is an `.entry`
/// @param results      what it returns, empty for kernels
/// @param parameters   what it takes
/// @param body         its statements, null for a declaration
/// @param branchTables label tables of `brx.idx`, by name
/// @param limits       directives after the header
public record Function(
        String name,
        boolean kernel,
        List<Operand.Variable> results,
        List<Operand.Variable> parameters,
        List<Statement> body,
        Map<String, List<String>> branchTables,
        Limits limits,
        int line) {

    /// Performance directives of a kernel.
    ///
    /// @param maxThreads    `.maxntid` or null
    /// @param exactThreads  `.reqntid` or null
    /// @param minBlocks     `.minnctapersm`, 0 if absent
    /// @param maxRegisters  `.maxnreg`, 0 if absent
    /// @param cluster       `.reqnctapercluster` or null
    public record Limits(Dim3 maxThreads, Dim3 exactThreads, int minBlocks, int maxRegisters, Dim3 cluster) {}
}
