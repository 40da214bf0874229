package dev.elbo.simulator.machine;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.ptx.Operand.Sink;
import dev.elbo.simulator.ptx.ScalarType;
import dev.elbo.simulator.ptx.Space;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/// `atom` and `red`: read-modify-write, lane after lane.
///
/// Floating-point additions give other bits in another order; they are counted, and refused where a launch is declared
/// deterministic.
final class Atomics {
    private static final String[] HINTS = {
        "relaxed", "acquire", "release", "acq_rel", "cta", "cluster", "gpu", "sys", "noftz"
    };

    private Atomics() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("atom", o -> decode(o, true));
        families.put("red", o -> decode(o, false));
    }

    /// The new value from the old one and the operands.
    private interface Update {
        long apply(long old, long b, long c);
    }

    private static Instruction decode(Operation o, boolean result) {
        Space space = MemoryAccess.space(o);
        while (o.oneOf(HINTS) != null) {}
        String name = o.needs("and", "or", "xor", "cas", "exch", "add", "inc", "dec", "min", "max");
        ScalarType type = o.type();
        int first = result ? 2 : 1;
        boolean wide = type.bytes() == 8;
        int row = !result || o.operand(0) instanceof Sink ? -1 : wide ? o.wide(0, type) : o.word(0, type);
        int b = wide ? o.wide(first, type) : o.word(first, type);
        int c = !name.equals("cas") ? b : wide ? o.wide(first + 1, type) : o.word(first + 1, type);
        boolean ordered = type.floating() && name.equals("add");
        return new Atomic(
                o.decoder().address(o.operand(first - 1), space, type.bytes(), o),
                new Form(type.bytes(), update(o, name, type), ordered, row, b, c),
                o.decoder().memorySlot());
    }

    private static Update update(Operation o, String name, ScalarType type) {
        boolean signed = type.signed();
        return switch (name) {
            case "and" -> (old, b, c) -> old & b;
            case "or" -> (old, b, c) -> old | b;
            case "xor" -> (old, b, c) -> old ^ b;
            case "exch" -> (old, b, c) -> b;
            case "cas" -> (old, b, c) -> old == b ? c : old;
            case "inc" -> (old, b, c) -> Long.compareUnsigned(old, b) >= 0 ? 0 : old + 1;
            case "dec" -> (old, b, c) -> old == 0 || Long.compareUnsigned(old, b) > 0 ? b : old - 1;
            case "min" -> (old, b, c) -> less(old, b, type, signed) ? old : b;
            case "max" -> (old, b, c) -> less(old, b, type, signed) ? b : old;
            default -> addition(o, type);
        };
    }

    /// Operands come zero-extended.
    private static boolean less(long a, long b, ScalarType type, boolean signed) {
        if (type.bytes() == 4) {
            return signed ? (int) a < (int) b : a < b;
        }
        return signed ? a < b : Long.compareUnsigned(a, b) < 0;
    }

    private static Update addition(Operation o, ScalarType type) {
        return switch (type) {
            case F32 -> (old, b, c) -> FloatLanes.bits(FloatLanes.f((int) old) + FloatLanes.f((int) b));
            case F64 -> (old, b, c) -> FloatLanes.bits(FloatLanes.f(old) + FloatLanes.f(b));
            case F16, BF16 -> (old, b, c) -> addHalf(old, b, type);
            case F16X2, BF16X2 ->
                (old, b, c) -> addHalf(old >>> 16, b >>> 16, type) << 16 | addHalf(old & 0xffff, b & 0xffff, type);
            case U32, S32, U64, S64 -> (old, b, c) -> old + b;
            default -> throw o.unknown();
        };
    }

    private static long addHalf(long a, long b, ScalarType type) {
        NarrowFloat narrow = NarrowFloat.of(type);
        float x = narrow.toFloat((int) a & 0xffff);
        float y = narrow.toFloat((int) b & 0xffff);
        double sum = (double) x + y;
        double yPart = sum - x;
        double rest = x - (sum - yPart) + (y - yPart);
        return narrow.round(Rounding.RN, sum, Double.isNaN(rest) ? 0 : rest);
    }

    /// @param ordered whether the result depends on the order of the lanes
    /// @param row     row of the old value, -1 if it is thrown away
    private record Form(int width, Update update, boolean ordered, int row, int b, int c) {}

    private static final class Atomic extends MemoryInstruction {
        private final Form form;

        Atomic(AddressOperand operand, Form form, int slot) {
            super(operand, form.width, slot, "atomic");
            this.form = form;
        }

        @Override
        void access(Warp warp, int mask, Allocation memory, Space space, Pattern pattern) {
            int count = Integer.bitCount(mask);
            if (form.ordered) {
                warp.floatAtomics += count;
                if (warp.block.options().deterministic()) {
                    int lane = Integer.numberOfTrailingZeros(mask);
                    throw warp.fault(
                            Kind.FLOAT_ATOMIC,
                            what() + " adds in an order that may change",
                            lane,
                            warp.addresses[lane]);
                }
            }
            requireWritten(warp, mask, memory, space, Pattern.SCATTERED);
            if (space == Space.SHARED) {
                RaceShadow races = warp.block.races(memory);
                int conflicts = races == null ? 0 : races.write(warp, mask, bytes(), true, warp.repeated);
                if (conflicts != 0) {
                    throw race(warp, conflicts, memory, "atomic");
                }
            } else if (space == Space.GLOBAL) {
                warp.loadedBytes += (long) count * bytes();
                warp.storedBytes += (long) count * bytes();
            }
            // Blocks may run on several host threads, and this is where they meet.
            synchronized (memory) {
                MemorySegment segment = memory.bytes();
                for (int left = mask; left != 0; left &= left - 1) {
                    update(warp, Integer.numberOfTrailingZeros(left), segment);
                }
            }
        }

        private void update(Warp warp, int lane, MemorySegment segment) {
            long offset = warp.offsets[lane];
            if (form.width == 8) {
                long old = segment.get(JAVA_LONG_UNALIGNED, offset);
                long next = form.update.apply(old, warp.longs[form.b][lane], warp.longs[form.c][lane]);
                segment.set(JAVA_LONG_UNALIGNED, offset, next);
                if (form.row >= 0) {
                    warp.longs[form.row][lane] = old;
                }
                return;
            }
            boolean half = form.width == 2;
            long kept = half ? 0xffff : 0xffff_ffffL;
            long old =
                    (half ? segment.get(JAVA_SHORT_UNALIGNED, offset) : segment.get(JAVA_INT_UNALIGNED, offset)) & kept;
            long next = form.update.apply(old, warp.words[form.b][lane] & kept, warp.words[form.c][lane] & kept);
            if (half) {
                segment.set(JAVA_SHORT_UNALIGNED, offset, (short) next);
            } else {
                segment.set(JAVA_INT_UNALIGNED, offset, (int) next);
            }
            if (form.row >= 0) {
                warp.words[form.row][lane] = (int) old;
            }
        }
    }
}
