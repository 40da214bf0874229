package dev.elbo.simulator.ptx;

import java.util.List;
import java.util.Map;

/// A PTX module, read but not decoded.
///
/// @param version   ISA version, as in `7.0`
/// @param target    as in `sm_75`
/// @param variables module-scope `.global`, `.const` and `.shared` variables, in order
/// @param functions kernels and device functions by name, in order
public record ModuleText(
        String version, String target, List<Operand.Variable> variables, Map<String, Function> functions) {
    /// Reads a module.
    ///
    /// @throws PtxException naming the line and what is not understood there
    public static ModuleText parse(String text) {
        return new Parser(new Lexer(text).tokens()).module();
    }
}
