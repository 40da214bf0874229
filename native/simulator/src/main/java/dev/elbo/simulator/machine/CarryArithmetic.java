package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;

import dev.elbo.simulator.ptx.ScalarType;
import java.util.Map;

/// Arithmetic of several words through the carry flag: `add.cc addc sub.cc subc mad.cc madc`.
final class CarryArithmetic {
    private CarryArithmetic() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("addc", o -> decode(o, o.took("cc")));
        families.put("subc", o -> decode(o, o.took("cc")));
        families.put("madc", o -> decode(o, o.took("cc")));
    }

    /// @param writes whether the carry flag is written; `.cc` is already taken
    static Instruction decode(Operation o, boolean writes) {
        String mnemonic = o.mnemonic();
        boolean reads = mnemonic.endsWith("c");
        boolean subtracts = mnemonic.startsWith("sub");
        boolean multiplies = mnemonic.startsWith("mad");
        boolean high = multiplies && o.needs("lo", "hi").equals("hi");
        ScalarType type = o.type();
        int last = multiplies ? 3 : 2;
        return switch (type.bytes()) {
            case 4 ->
                new Words(
                        o.word(0, type),
                        o.word(1, type),
                        o.word(2, type),
                        o.word(last, type),
                        new Form(reads, writes, subtracts, multiplies, high, type.signed()));
            case 8 ->
                new Longs(
                        o.wide(0, type),
                        o.wide(1, type),
                        o.wide(2, type),
                        o.wide(last, type),
                        new Form(reads, writes, subtracts, multiplies, high, type.signed()));
            default -> throw o.unknown();
        };
    }

    /// Which of the instructions it is.
    private record Form(
            boolean reads, boolean writes, boolean subtracts, boolean multiplies, boolean high, boolean signed) {}

    private static final class Words extends Instruction {
        private final int d;
        private final int a;
        private final int b;
        private final int c;
        private final Form form;

        Words(int d, int a, int b, int c, Form form) {
            this.d = d;
            this.a = a;
            this.b = b;
            this.c = c;
            this.form = form;
        }

        @Override
        void run(Warp warp, int mask) {
            int[] target = warp.wordTarget(d, mask);
            int[] x = warp.words[a];
            int[] y = warp.words[b];
            int[] z = warp.words[c];
            int carry = 0;
            for (int i = 0; i < COUNT; i++) {
                long left = form.multiplies ? product(x[i], y[i]) : x[i] & 0xffff_ffffL;
                long right = z[i] & 0xffff_ffffL;
                long in = form.reads ? warp.carry >>> i & 1 : 0;
                long result = form.subtracts ? left - right - in : left + right + in;
                target[i] = (int) result;
                carry |= (result >>> 32) != 0 ? 1 << i : 0;
            }
            if (form.writes) {
                warp.carry = warp.carry & ~mask | carry & mask;
            }
            warp.commit(target, d, mask);
        }

        private long product(int x, int y) {
            long all = form.signed ? (long) x * y : (x & 0xffff_ffffL) * (y & 0xffff_ffffL);
            return (form.high ? all >>> 32 : all) & 0xffff_ffffL;
        }
    }

    private static final class Longs extends Instruction {
        private final int d;
        private final int a;
        private final int b;
        private final int c;
        private final Form form;

        Longs(int d, int a, int b, int c, Form form) {
            this.d = d;
            this.a = a;
            this.b = b;
            this.c = c;
            this.form = form;
        }

        @Override
        void run(Warp warp, int mask) {
            long[] target = warp.longTarget(d, mask);
            long[] x = warp.longs[a];
            long[] y = warp.longs[b];
            long[] z = warp.longs[c];
            int carry = 0;
            for (int i = 0; i < COUNT; i++) {
                long left = form.multiplies ? product(x[i], y[i]) : x[i];
                long in = form.reads ? warp.carry >>> i & 1 : 0;
                long first = form.subtracts ? left - z[i] : left + z[i];
                long result = form.subtracts ? first - in : first + in;
                boolean over = form.subtracts
                        ? Long.compareUnsigned(left, z[i]) < 0 || in == 1 && first == 0
                        : Long.compareUnsigned(first, left) < 0 || in == 1 && result == 0;
                target[i] = result;
                carry |= over ? 1 << i : 0;
            }
            if (form.writes) {
                warp.carry = warp.carry & ~mask | carry & mask;
            }
            warp.commit(target, d, mask);
        }

        private long product(long x, long y) {
            if (!form.high) {
                return x * y;
            }
            return form.signed ? Math.multiplyHigh(x, y) : Math.unsignedMultiplyHigh(x, y);
        }
    }
}
