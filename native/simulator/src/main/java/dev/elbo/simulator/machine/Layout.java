package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Operand.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Places of variables in shared or local memory.
///
/// The places are further apart than a compiler's would be, and no better aligned than declared: an access past the
/// end of one variable then hits nothing, and a vector access to an array that is not aligned for it is seen.
final class Layout {
    /// One variable's place.
    record Range(String name, long start, long bytes) {}

    private static final long GAP = 256;
    private static final Pattern INSIDE_FUNCTION = Pattern.compile("_ZZ.*E(\\d+)(\\D.*)");

    private final List<Range> ranges = new ArrayList<>();
    private final Map<Variable, Long> starts = new HashMap<>();
    private long end;
    private long packed;
    private long dynamicStart = -1;

    /// Gives a variable its place, once.
    ///
    /// @return its address in the state space
    long place(Variable variable) {
        return starts.computeIfAbsent(variable, v -> {
            long alignment = Math.max(1, v.alignment());
            long start = (end + alignment - 1) & -alignment;
            // An odd multiple of the alignment is not aligned any better.
            start += (start & alignment) == 0 && alignment < 16 ? alignment : 0;
            if (v.bytes() == 0) {
                dynamicStart = dynamicStart < 0 ? (end + 15) & -16 : dynamicStart;
                return dynamicStart;
            }
            packed = ((packed + alignment - 1) & -alignment) + v.bytes();
            ranges.add(new Range(plain(v.name()), start, v.bytes()));
            end = start + v.bytes() + GAP;
            return start;
        });
    }

    /// `tile` for `_ZZ7productE4tile`: the name that a variable inside a function has in the source.
    private static String plain(String name) {
        Matcher mangled = INSIDE_FUNCTION.matcher(name);
        if (!mangled.matches()) {
            return name;
        }
        int length = Integer.parseInt(mangled.group(1));
        String rest = mangled.group(2);
        return length <= rest.length() ? rest.substring(0, length) : name;
    }

    /// Bytes that the variables take when packed, as a compiler would report them.
    long packedBytes() {
        return packed;
    }

    /// All places; the array without extent, if there is one, has `dynamicBytes`.
    List<Range> ranges(long dynamicBytes) {
        if (dynamicStart < 0 || dynamicBytes == 0) {
            return ranges;
        }
        List<Range> all = new ArrayList<>(ranges);
        all.add(new Range("dynamic shared memory", dynamicStart, dynamicBytes));
        return all;
    }
}
