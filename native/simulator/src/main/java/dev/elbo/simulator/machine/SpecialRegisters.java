package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.Arrays;
import java.util.function.Function;

/// What a thread can read about itself, its block and the device.
final class SpecialRegisters {
    private SpecialRegisters() {}

    private interface Value {
        long of(Warp warp, int lane);
    }

    /// A move from a special register.
    static Instruction read(Operation o, String name) {
        Value value = value(o, name);
        boolean perLane = name.startsWith("%tid") || name.startsWith("%lane");
        if (o.isLong(0)) {
            return Lanes.longs(
                    (w, d) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = value.of(w, i);
                        }
                    },
                    o.wide(0, ScalarType.B64));
        }
        int row = o.word(0, ScalarType.B32);
        int kept = o.operand(0) instanceof Register r && r.type().bytes() == 2 ? 0xffff : -1;
        return perLane
                ? Lanes.words(
                        (w, d) -> {
                            for (int i = 0; i < COUNT; i++) {
                                d[i] = (int) value.of(w, i) & kept;
                            }
                        },
                        row)
                : Lanes.words((w, d) -> Arrays.fill(d, (int) value.of(w, 0) & kept), row);
    }

    private static Value value(Operation o, String name) {
        return switch (name) {
            case "%tid.x" -> (w, i) -> w.thread[0][i];
            case "%tid.y" -> (w, i) -> w.thread[1][i];
            case "%tid.z" -> (w, i) -> w.thread[2][i];
            case "%ntid.x", "%ntid.y", "%ntid.z" ->
                axis(name, w -> w.block.launch().block());
            case "%ctaid.x", "%ctaid.y", "%ctaid.z" -> axis(name, w -> w.block.index());
            case "%nctaid.x", "%nctaid.y", "%nctaid.z" ->
                axis(name, w -> w.block.launch().grid());
            case "%cluster_ctarank" -> (w, i) -> w.block.cluster().rank(w.block);
            case "%cluster_nctarank" -> (w, i) -> w.block.cluster().size();
            case "%clusterid.x", "%clusterid.y", "%clusterid.z" ->
                axis(name, w -> w.block.cluster().index());
            case "%nclusterid.x", "%nclusterid.y", "%nclusterid.z" ->
                axis(name, w -> w.block.cluster().clusters());
            case "%cluster_nctaid.x", "%cluster_nctaid.y", "%cluster_nctaid.z" ->
                axis(name, w -> w.block.cluster().extents());
            case "%cluster_ctaid.x", "%cluster_ctaid.y", "%cluster_ctaid.z" ->
                axis(
                        name,
                        w -> w.block.cluster().extents().index(w.block.cluster().rank(w.block)));
            case "%laneid" -> (w, i) -> i;
            case "%warpid" -> (w, i) -> w.index;
            case "%nwarpid" -> (w, i) -> w.block.warpCount();
            case "%lanemask_eq" -> (w, i) -> 1 << i;
            case "%lanemask_lt" -> (w, i) -> (1 << i) - 1;
            case "%lanemask_le" -> (w, i) -> (2 << i) - 1;
            case "%lanemask_gt" -> (w, i) -> -(2 << i);
            case "%lanemask_ge" -> (w, i) -> -(1 << i);
            case "%smid" -> (w, i) -> w.block.number() % w.block.grid().limits().multiprocessors();
            case "%nsmid" -> (w, i) -> w.block.grid().limits().multiprocessors();
            case "%gridid" -> (w, i) -> 1;
            // Time is what the warp has done: the same in every run.
            case "%clock", "%clock64", "%clock_hi" ->
                (w, i) -> name.endsWith("hi") ? w.instructions >>> 32 : w.instructions;
            case "%globaltimer", "%globaltimer_lo" -> (w, i) -> w.instructions;
            case "%globaltimer_hi" -> (w, i) -> w.instructions >>> 32;
            case "%dynamic_smem_size" -> (w, i) -> w.block.launch().dynamicSharedBytes();
            case "%total_smem_size" ->
                (w, i) -> w.block.grid().program().shared().packedBytes()
                        + w.block.launch().dynamicSharedBytes();
            case "WARP_SZ" -> (w, i) -> COUNT;
            default -> throw o.unknown();
        };
    }

    private static Value axis(String name, Function<Warp, Dim3> extents) {
        return switch (name.charAt(name.length() - 1)) {
            case 'x' -> (w, i) -> extents.apply(w).x();
            case 'y' -> (w, i) -> extents.apply(w).y();
            default -> (w, i) -> extents.apply(w).z();
        };
    }
}
