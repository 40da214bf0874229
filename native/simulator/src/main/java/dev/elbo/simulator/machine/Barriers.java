package dev.elbo.simulator.machine;

import dev.elbo.simulator.machine.BarrierInstruction.Reduction;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;

/// `bar` and `barrier`.
final class Barriers {
    private Barriers() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("bar", Barriers::barrier);
        families.put("barrier", Barriers::barrier);
    }

    private static Instruction barrier(Operation o) {
        if (o.took("warp")) {
            o.took("sync");
            return WarpOperations.synchronise(o);
        }
        if (o.took("cluster")) {
            o.took("aligned");
            o.oneOf("release", "relaxed", "acquire");
            return new ClusterBarrier(o.needs("arrive", "wait").equals("wait"));
        }
        o.took("cta");
        o.took("aligned");
        return switch (o.needs("sync", "arrive", "red")) {
            case "sync" ->
                new BarrierInstruction(
                        o.word(0, ScalarType.U32),
                        o.operands() > 1 ? o.word(1, ScalarType.U32) : -1,
                        true,
                        Reduction.NONE,
                        -1,
                        null);
            case "arrive" ->
                new BarrierInstruction(
                        o.word(0, ScalarType.U32), o.word(1, ScalarType.U32), false, Reduction.NONE, -1, null);
            default -> reduction(o);
        };
    }

    private static Instruction reduction(Operation o) {
        String name = o.needs("popc", "and", "or");
        o.type();
        int last = o.operands() - 1;
        boolean counts = name.equals("popc");
        return new BarrierInstruction(
                o.word(1, ScalarType.U32),
                last == 3 ? o.word(2, ScalarType.U32) : -1,
                true,
                counts ? Reduction.POPULATION : name.equals("and") ? Reduction.AND : Reduction.OR,
                counts ? o.word(0, ScalarType.U32) : o.predicate(0),
                o.condition(last));
    }
}
