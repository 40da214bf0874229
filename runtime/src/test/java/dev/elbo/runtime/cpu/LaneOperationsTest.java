package dev.elbo.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.FieldRefEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What is computed under the bit contract uses nothing whose last bit is the machine's own. VectorOperators.EXP
/// and its like, and reduceLanes of floats, give other bits compiled than interpreted.
class LaneOperationsTest {
    private static final Set<String> OPERATORS = Set.of(
            "ASHR", "EQ", "F2D", "F2I", "GT", "I2F", "LE", "LEADING_ZEROS_COUNT", "LSHL", "LSHR", "LT", "NE", "XOR");

    private static final Set<String> ON_FLOATS = Set.of(
            "add",
            "blend",
            "broadcast",
            "compare",
            "convertShape",
            "div",
            "fma",
            "fromArray",
            "fromMemorySegment",
            "intoArray",
            "intoMemorySegment",
            "mul",
            "rearrange",
            "reinterpretAsInts",
            "reinterpretShape",
            "sqrt",
            "sub",
            "zero");

    /// Math's inexact functions: intrinsics of the machine, free to differ by an ulp. StrictMath is one algorithm.
    private static final Set<String> INEXACT = Set.of(
            "acos", "asin", "atan", "atan2", "cbrt", "cos", "cosh", "exp", "expm1", "hypot", "log", "log10", "log1p",
            "pow", "sin", "sinh", "tan", "tanh");

    @Test
    void onlyCorrectlyRoundedOperationsAreUsed() throws IOException {
        Set<String> foreign = new TreeSet<>();
        int classes = 0;
        for (String room : new String[] {"cpu", "portable", "random"}) {
            try (Stream<Path> files = Files.list(Path.of("target", "classes", "dev", "elbo", "runtime", room))) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".class")).toList()) {
                    classes++;
                    for (PoolEntry entry : ClassFile.of().parse(file).constantPool()) {
                        if (entry instanceof MemberRefEntry member && !allowed(member)) {
                            foreign.add(file.getFileName() + " uses "
                                    + member.owner().asInternalName() + "."
                                    + member.name().stringValue());
                        }
                    }
                }
            }
        }
        assertTrue(classes > 20, "only " + classes + " classes were read");
        assertEquals(Set.of(), foreign);
    }

    private static boolean allowed(MemberRefEntry member) {
        String owner = member.owner().asInternalName();
        String name = member.name().stringValue();
        return switch (owner) {
            case "jdk/incubator/vector/VectorOperators" ->
                !(member instanceof FieldRefEntry) || OPERATORS.contains(name);
            case "jdk/incubator/vector/FloatVector", "jdk/incubator/vector/DoubleVector" ->
                member instanceof FieldRefEntry || ON_FLOATS.contains(name);
            case "java/lang/Math" -> !INEXACT.contains(name);
            default -> true;
        };
    }
}
