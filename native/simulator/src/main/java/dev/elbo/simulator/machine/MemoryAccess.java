package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.Operand.Sink;
import dev.elbo.simulator.ptx.ScalarType;
import dev.elbo.simulator.ptx.Space;
import java.util.List;
import java.util.Map;

/// `ld`, `ldu` and `st`, scalar and vector. Cache hints change nothing here.
final class MemoryAccess {
    private static final String[] HINTS = {
        "ca",
        "cg",
        "cs",
        "lu",
        "cv",
        "wb",
        "wt",
        "nc",
        "volatile",
        "relaxed",
        "acquire",
        "release",
        "weak",
        "mmio",
        "cta",
        "cluster",
        "gpu",
        "sys"
    };

    private MemoryAccess() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("ld", MemoryAccess::load);
        families.put("ldu", MemoryAccess::load);
        families.put("st", MemoryAccess::store);
    }

    /// Takes the state space; generic if none is named.
    static Space space(Operation o) {
        String name = o.oneOf(
                "global",
                "shared",
                "shared::cta",
                "shared::cluster",
                "local",
                "param",
                "param::entry",
                "param::func",
                "const");
        return switch (name) {
            case "global" -> Space.GLOBAL;
            case "shared", "shared::cta", "shared::cluster" -> Space.SHARED;
            case "local" -> Space.LOCAL;
            case "param", "param::entry", "param::func" -> Space.PARAM;
            case "const" -> Space.CONST;
            case null, default -> Space.GENERIC;
        };
    }

    private static void skipHints(Operation o) {
        o.skip("L1::");
        o.skip("L2::");
        while (o.oneOf(HINTS) != null) {}
    }

    private static Instruction load(Operation o) {
        Space space = space(o);
        skipHints(o);
        int lanes = vector(o);
        ScalarType type = o.type();
        List<Operand> targets = o.elements(0);
        if (targets.size() != lanes) {
            throw o.unknown();
        }
        int width = type.bytes();
        boolean wide = targets.stream()
                .anyMatch(t -> t instanceof Register r && r.type().bytes() == 8);
        int[] rows = new int[lanes];
        for (int k = 0; k < lanes; k++) {
            Operand target = targets.get(k);
            rows[k] = target instanceof Sink
                    ? -1
                    : wide ? o.decoder().wide(target, type, o) : o.decoder().word(target, type, o);
        }
        boolean keeps16 = targets.stream()
                .anyMatch(t -> t instanceof Register r && r.type().bytes() == 2);
        return new Load(
                o.decoder().address(o.operand(1), space, width, o),
                new Load.Target(width, type.signed(), wide, rows, keeps16),
                o.decoder().memorySlot());
    }

    private static Instruction store(Operation o) {
        Space space = space(o);
        skipHints(o);
        int lanes = vector(o);
        ScalarType type = o.type();
        List<Operand> sources = o.elements(1);
        if (sources.size() != lanes) {
            throw o.unknown();
        }
        int[] rows = new int[lanes];
        boolean[] isLong = new boolean[lanes];
        for (int k = 0; k < lanes; k++) {
            Operand source = sources.get(k);
            isLong[k] = source instanceof Register r ? r.type().bytes() == 8 : type.bytes() == 8;
            rows[k] =
                    isLong[k] ? o.decoder().wide(source, type, o) : o.decoder().word(source, type, o);
        }
        return new Store(
                o.decoder().address(o.operand(0), space, type.bytes(), o),
                new Store.Source(type.bytes(), isLong, rows),
                o.decoder().memorySlot());
    }

    private static int vector(Operation o) {
        String vector = o.oneOf("v2", "v4", "v8");
        return vector == null ? 1 : vector.charAt(1) - '0';
    }
}
