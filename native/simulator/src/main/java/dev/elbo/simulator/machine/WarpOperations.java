package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.Operand.Pair;
import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;
import java.util.function.IntBinaryOperator;

/// Operations between the lanes of a warp: `shfl vote match redux activemask elect`, and `bar.warp.sync`.
final class WarpOperations {
    private WarpOperations() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("shfl", WarpOperations::shuffle);
        families.put("vote", WarpOperations::vote);
        families.put("match", WarpOperations::match);
        families.put("redux", WarpOperations::reduce);
        families.put("activemask", WarpOperations::active);
        families.put("elect", WarpOperations::elect);
    }

    /// An operation that the lanes named in a mask run together.
    abstract static class Together extends Instruction implements Convergent {
        private final int members;

        /// @param members row of the lanes named
        Together(int members) {
            this.members = members;
        }

        @Override
        public final int expected(Warp warp, int mask) {
            int all = 0;
            int[] named = warp.words[members];
            for (int left = mask; left != 0; left &= left - 1) {
                all |= named[Integer.numberOfTrailingZeros(left)];
            }
            return all;
        }

        /// Takes the groups of lanes that name each other one by one.
        @Override
        final void run(Warp warp, int mask) {
            int[] named = warp.words[members];
            for (int left = mask; left != 0; ) {
                int first = Integer.numberOfTrailingZeros(left);
                int group = named[first];
                if ((group >>> first & 1) == 0) {
                    throw warp.fault(
                            Kind.WARP_MASK,
                            "the lane is not in its own mask 0x" + Integer.toHexString(group),
                            first,
                            0);
                }
                int here = group & left;
                for (int i = here; i != 0; i &= i - 1) {
                    int lane = Integer.numberOfTrailingZeros(i);
                    if (named[lane] != group) {
                        throw warp.fault(
                                Kind.WARP_MASK,
                                "lane " + first + " names the lanes 0x" + Integer.toHexString(group) + ", lane " + lane
                                        + " names 0x" + Integer.toHexString(named[lane]),
                                lane,
                                0);
                    }
                }
                run(warp, mask, here);
                left &= ~here;
            }
        }

        /// @param group lanes that take part
        abstract void run(Warp warp, int mask, int group);
    }

    private static Instruction shuffle(Operation o) {
        if (!o.took("sync")) {
            throw o.unknown();
        }
        String mode = o.needs("up", "down", "bfly", "idx");
        ScalarType type = o.type();
        Operand first = o.operand(0) instanceof Pair(Operand d, Operand p) ? d : o.operand(0);
        int p = o.operand(0) instanceof Pair(Operand d, Operand q) && !(q instanceof Operand.Sink)
                ? o.decoder().predicate(q, o)
                : -1;
        return new Shuffle(
                mode,
                o.decoder().word(first, type, o),
                p,
                o.word(1, type),
                o.word(2, ScalarType.B32),
                o.word(3, ScalarType.B32),
                o.word(4, ScalarType.B32));
    }

    private static final class Shuffle extends Together {
        private final String mode;
        private final int d;
        private final int p;
        private final int a;
        private final int b;
        private final int c;

        Shuffle(String mode, int d, int p, int a, int b, int c, int members) {
            super(members);
            this.mode = mode;
            this.d = d;
            this.p = p;
            this.a = a;
            this.b = b;
            this.c = c;
        }

        @Override
        void run(Warp warp, int mask, int group) {
            int[] source = d == a ? warp.words[a].clone() : warp.words[a];
            int[] target = warp.words[d];
            int[] by = warp.words[b];
            int[] bounds = warp.words[c];
            int inside = 0;
            for (int left = group; left != 0; left &= left - 1) {
                int lane = Integer.numberOfTrailingZeros(left);
                int segment = bounds[lane] >>> 8 & 31;
                int low = lane & segment;
                int high = low | bounds[lane] & 31 & ~segment;
                int shift = by[lane] & 31;
                int from = switch (mode) {
                    case "up" -> lane - shift;
                    case "down" -> lane + shift;
                    case "bfly" -> lane ^ shift;
                    default -> low | shift & ~segment;
                };
                boolean valid = mode.equals("up") ? from >= high : from <= high;
                from = valid ? from : lane;
                if ((group >>> from & 1) == 0) {
                    throw warp.fault(
                            Kind.WARP_MASK,
                            "shfl reads from lane " + from + ", which does not take part; lanes=0x"
                                    + Integer.toHexString(group),
                            lane,
                            0);
                }
                target[lane] = source[from];
                inside |= valid ? 1 << lane : 0;
            }
            if (p >= 0) {
                warp.predicates[p] = warp.predicates[p] & ~group | inside;
            }
        }
    }

    private static Instruction vote(Operation o) {
        if (!o.took("sync")) {
            throw o.unknown();
        }
        String mode = o.needs("all", "any", "uni", "ballot");
        o.type();
        Operation.Condition condition = o.condition(1);
        int members = o.word(2, ScalarType.B32);
        if (mode.equals("ballot")) {
            int d = o.word(0, ScalarType.B32);
            return new Together(members) {
                @Override
                void run(Warp warp, int mask, int group) {
                    fill(warp.words[d], group, condition.lanes(warp) & group);
                }
            };
        }
        int p = o.predicate(0);
        return new Together(members) {
            @Override
            void run(Warp warp, int mask, int group) {
                int holds = condition.lanes(warp) & group;
                boolean result = switch (mode) {
                    case "all" -> holds == group;
                    case "any" -> holds != 0;
                    default -> holds == 0 || holds == group;
                };
                warp.predicates[p] = warp.predicates[p] & ~group | (result ? group : 0);
            }
        };
    }

    private static void fill(int[] row, int lanes, int value) {
        for (int left = lanes; left != 0; left &= left - 1) {
            row[Integer.numberOfTrailingZeros(left)] = value;
        }
    }

    private static Instruction match(Operation o) {
        boolean all = o.needs("any", "all").equals("all");
        if (!o.took("sync")) {
            throw o.unknown();
        }
        ScalarType type = o.type();
        boolean wide = type.bytes() == 8;
        Operand first = o.operand(0) instanceof Pair(Operand r, Operand q) ? r : o.operand(0);
        int d = first instanceof Operand.Sink ? -1 : o.decoder().word(first, ScalarType.B32, o);
        int p = o.operand(0) instanceof Pair(Operand r, Operand q) && !(q instanceof Operand.Sink)
                ? o.decoder().predicate(q, o)
                : -1;
        int a = wide ? o.wide(1, type) : o.word(1, type);
        return new Together(o.word(2, ScalarType.B32)) {
            @Override
            void run(Warp warp, int mask, int group) {
                int[] result = new int[COUNT];
                for (int left = group; left != 0; left &= left - 1) {
                    int lane = Integer.numberOfTrailingZeros(left);
                    for (int more = group; more != 0; more &= more - 1) {
                        int other = Integer.numberOfTrailingZeros(more);
                        result[lane] |= value(warp, other) == value(warp, lane) ? 1 << other : 0;
                    }
                }
                boolean same = result[Integer.numberOfTrailingZeros(group)] == group;
                for (int left = group; left != 0 && d >= 0; left &= left - 1) {
                    int lane = Integer.numberOfTrailingZeros(left);
                    warp.words[d][lane] = !all ? result[lane] : same ? group : 0;
                }
                if (p >= 0) {
                    warp.predicates[p] = warp.predicates[p] & ~group | (same ? group : 0);
                }
            }

            private long value(Warp warp, int lane) {
                return wide ? warp.longs[a][lane] : warp.words[a][lane];
            }
        };
    }

    private static Instruction reduce(Operation o) {
        if (!o.took("sync")) {
            throw o.unknown();
        }
        String name = o.needs("add", "min", "max", "and", "or", "xor");
        ScalarType type = o.type();
        if (type.floating()) {
            throw o.unknown();
        }
        boolean signed = type.signed();
        IntBinaryOperator op = switch (name) {
            case "add" -> Integer::sum;
            case "min" -> (x, y) -> smaller(x, y, signed);
            case "max" -> (x, y) -> smaller(x, y, signed) == x ? y : x;
            case "and" -> (x, y) -> x & y;
            case "or" -> (x, y) -> x | y;
            default -> (x, y) -> x ^ y;
        };
        int d = o.word(0, type);
        int a = o.word(1, type);
        return new Together(o.word(2, ScalarType.B32)) {
            @Override
            void run(Warp warp, int mask, int group) {
                int[] source = warp.words[a];
                int result = source[Integer.numberOfTrailingZeros(group)];
                for (int left = group & group - 1; left != 0; left &= left - 1) {
                    result = op.applyAsInt(result, source[Integer.numberOfTrailingZeros(left)]);
                }
                fill(warp.words[d], group, result);
            }
        };
    }

    /// The smaller of two.
    private static int smaller(int x, int y, boolean signed) {
        return signed ? Math.min(x, y) : Integer.compareUnsigned(x, y) <= 0 ? x : y;
    }

    private static Instruction active(Operation o) {
        o.type();
        int d = o.word(0, ScalarType.B32);
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                fill(warp.words[d], mask, mask);
            }
        };
    }

    /// The lowest lane is elected.
    private static Instruction elect(Operation o) {
        if (!o.took("sync") || !(o.operand(0) instanceof Pair(Operand first, Operand second))) {
            throw o.unknown();
        }
        int d = first instanceof Operand.Sink ? -1 : o.decoder().word(first, ScalarType.B32, o);
        int p = o.decoder().predicate(second, o);
        return new Together(o.word(1, ScalarType.B32)) {
            @Override
            void run(Warp warp, int mask, int group) {
                int leader = Integer.numberOfTrailingZeros(group);
                if (d >= 0) {
                    fill(warp.words[d], group, leader);
                }
                warp.predicates[p] = warp.predicates[p] & ~group | 1 << leader;
            }
        };
    }

    /// `bar.warp.sync`; orders the memory accesses of the lanes named.
    static Instruction synchronise(Operation o) {
        return new Together(o.word(0, ScalarType.B32)) {
            @Override
            void run(Warp warp, int mask, int group) {
                warp.clock.meet(group);
            }
        };
    }
}
