package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.machine.Lanes.L1;
import dev.elbo.simulator.machine.Lanes.W1;
import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.Operand.Special;
import dev.elbo.simulator.ptx.Operand.Tuple;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Moves between registers and addresses: `mov cvta isspacep`, and what needs no machine at all.
final class Moves {
    private Moves() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("mov", Moves::move);
        families.put("cvta", Moves::convertAddress);
        families.put("isspacep", Moves::isInSpace);
        families.put("mapa", Moves::mapAddress);
        families.put("getctarank", Moves::rankOf);
        families.put("nanosleep", Moves::nothing);
        families.put("membar", Moves::nothing);
        families.put("fence", Moves::nothing);
        families.put("prefetch", Moves::nothing);
        families.put("prefetchu", Moves::nothing);
        families.put("discard", Moves::nothing);
        families.put("applypriority", Moves::nothing);
        families.put("griddepcontrol", Moves::nothing);
        families.put("pmevent", Moves::nothing);
        families.put("trap", o -> new Trap("the kernel executed trap"));
        families.put("brkpt", o -> new Trap("the kernel executed brkpt"));
        families.put("call_external", o -> new Trap("call of " + o.operand(0) + ", which has no body here"));
    }

    /// Memory is sequentially consistent here, and nothing is cached: such an instruction has no effect.
    private static Instruction nothing(Operation o) {
        o.skip("");
        return null;
    }

    private static final class Trap extends Instruction {
        private final String why;

        Trap(String why) {
            this.why = why;
        }

        @Override
        void run(Warp warp, int mask) {
            throw warp.fault(Kind.TRAP, why, Integer.numberOfTrailingZeros(mask), 0);
        }
    }

    private static Instruction move(Operation o) {
        ScalarType type = o.type();
        Operand from = o.operand(1);
        if (from instanceof Special(String name)) {
            return SpecialRegisters.read(o, name);
        }
        if (from instanceof Tuple(List<Operand> parts)) {
            return pack(o, parts);
        }
        if (o.operand(0) instanceof Tuple(List<Operand> parts)) {
            return unpack(o, type, parts);
        }
        if (type == ScalarType.PRED) {
            Operation.Condition condition = o.condition(1);
            return Comparisons.toPredicate(o.predicate(0), condition::lanes);
        }
        if (type.bytes() == 8) {
            return Lanes.longs(
                    (L1) (d, a) -> {
                        for (int i = 0; i < COUNT; i++) {
                            d[i] = a[i];
                        }
                    },
                    o.wide(0, type),
                    o.wide(1, type));
        }
        return Lanes.words(
                (W1) (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = a[i];
                    }
                },
                o.word(0, type),
                o.word(1, type));
    }

    /// Narrow values side by side, the first lowest.
    private static Instruction pack(Operation o, List<Operand> parts) {
        int width = (o.isLong(0) ? 64 : 32) / parts.size();
        ScalarType type = width == 32 ? ScalarType.B32 : width == 16 ? ScalarType.B16 : ScalarType.B8;
        int[] rows = parts.stream().mapToInt(p -> o.decoder().word(p, type, o)).toArray();
        long kept = (1L << width) - 1;
        if (o.isLong(0)) {
            return Lanes.longs(
                    (w, d) -> {
                        for (int i = 0; i < COUNT; i++) {
                            long all = 0;
                            for (int k = 0; k < rows.length; k++) {
                                all |= (w.words[rows[k]][i] & kept) << k * width;
                            }
                            d[i] = all;
                        }
                    },
                    o.wide(0, ScalarType.B64));
        }
        return Lanes.words(
                (w, d) -> {
                    for (int i = 0; i < COUNT; i++) {
                        int all = 0;
                        for (int k = 0; k < rows.length; k++) {
                            all |= (w.words[rows[k]][i] & (int) kept) << k * width;
                        }
                        d[i] = all;
                    }
                },
                o.word(0, ScalarType.B32));
    }

    private static Instruction unpack(Operation o, ScalarType type, List<Operand> parts) {
        int width = 8 * type.bytes() / parts.size();
        int kept = width == 32 ? -1 : (1 << width) - 1;
        boolean wide = type.bytes() == 8;
        int a = wide ? o.wide(1, type) : o.word(1, type);
        List<Instruction> each = new ArrayList<>();
        for (int k = 0; k < parts.size(); k++) {
            if (parts.get(k) instanceof Register register) {
                int shift = k * width;
                int row = o.decoder().word(register, register.type(), o);
                each.add(Lanes.words(
                        (w, d) -> {
                            for (int i = 0; i < COUNT; i++) {
                                long bits = wide ? w.longs[a][i] : w.words[a][i];
                                d[i] = (int) (bits >>> shift) & kept;
                            }
                        },
                        row));
            }
        }
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                for (Instruction part : each) {
                    part.run(warp, mask);
                }
            }
        };
    }

    private static long window(String space) {
        return switch (space) {
            case "shared", "shared::cta", "shared::cluster" -> Windows.SHARED;
            case "local" -> Windows.LOCAL;
            case "param" -> Windows.PARAM;
            default -> 0;
        };
    }

    private static Instruction convertAddress(Operation o) {
        boolean to = o.took("to");
        String space = o.needs("global", "shared", "shared::cta", "shared::cluster", "local", "const", "param");
        ScalarType type = o.type();
        long window = window(space);
        long moved = to ? -window : window;
        return Lanes.longs(
                (L1) (d, a) -> {
                    for (int i = 0; i < COUNT; i++) {
                        d[i] = a[i] + moved;
                    }
                },
                o.wide(0, type),
                o.wide(1, type));
    }

    /// The address of a shared variable in another block of the cluster.
    private static Instruction mapAddress(Operation o) {
        o.took("shared::cluster");
        ScalarType type = o.type();
        int rank = o.word(2, ScalarType.U32);
        long own = (1L << Cluster.RANK) - 1;
        if (type.bytes() == 8) {
            int a = o.wide(1, type);
            return Lanes.longs(
                    (w, d) -> {
                        for (int i = 0; i < COUNT; i++) {
                            long window = w.longs[a][i] & -Windows.SIZE;
                            long mapped = (w.words[rank][i] + 1L << Cluster.RANK) & Windows.SIZE - 1;
                            d[i] = window | mapped | w.longs[a][i] & own;
                        }
                    },
                    o.wide(0, type));
        }
        Lanes.W2 op = (d, a, b) -> {
            for (int i = 0; i < COUNT; i++) {
                d[i] = b[i] + 1 << Cluster.RANK | a[i] & (int) own;
            }
        };
        return Lanes.words(op, o.word(0, type), o.word(1, type), rank);
    }

    private static Instruction rankOf(Operation o) {
        boolean isShared = o.took("shared::cluster");
        ScalarType type = o.type();
        boolean wide = type.bytes() == 8;
        int a = wide ? o.wide(1, type) : o.word(1, type);
        return Lanes.words(
                (w, d) -> {
                    int own = w.block.cluster().rank(w.block);
                    for (int i = 0; i < COUNT; i++) {
                        long address = wide ? w.longs[a][i] : w.words[a][i] & 0xffff_ffffL;
                        int window = (int) ((isShared ? address : address - Windows.SHARED) >>> Cluster.RANK);
                        d[i] = window == 0 ? own : window - 1;
                    }
                },
                o.word(0, ScalarType.U32));
    }

    private static Instruction isInSpace(Operation o) {
        String space = o.needs("global", "shared", "shared::cta", "shared::cluster", "local", "const", "param");
        long window = window(space);
        int a = o.wide(1, ScalarType.U64);
        return Comparisons.toPredicate(o.predicate(0), w -> {
            int holds = 0;
            for (int i = 0; i < COUNT; i++) {
                long address = w.longs[a][i];
                boolean inside = window != 0
                        ? Windows.inside(address, window)
                        : space.equals("global")
                                && !Windows.inside(address, Windows.SHARED)
                                && !Windows.inside(address, Windows.LOCAL)
                                && !Windows.inside(address, Windows.PARAM);
                holds |= inside ? 1 << i : 0;
            }
            return holds;
        });
    }
}
