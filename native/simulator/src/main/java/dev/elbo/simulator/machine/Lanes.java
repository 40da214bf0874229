package dev.elbo.simulator.machine;

/// Instructions that compute each lane's result from the same lane's operands, by the shape of their operands: `W` is a
/// row of 32-bit words, `L` a row of 64-bit longs, and the result comes last.
///
/// An operation is one loop over all 32 lanes, which the JIT compiler turns into vector code. Where only some lanes are
/// active it runs into a spare row, from which those lanes are then taken: what idle lanes hold may be garbage, so no
/// operation may throw.
final class Lanes {
    /// Lanes of a warp.
    static final int COUNT = 32;

    private Lanes() {}

    interface W1 {
        void run(int[] d, int[] a);
    }

    interface W2 {
        void run(int[] d, int[] a, int[] b);
    }

    interface W3 {
        void run(int[] d, int[] a, int[] b, int[] c);
    }

    interface L1 {
        void run(long[] d, long[] a);
    }

    interface L2 {
        void run(long[] d, long[] a, long[] b);
    }

    interface L3 {
        void run(long[] d, long[] a, long[] b, long[] c);
    }

    interface LongToWord {
        void run(int[] d, long[] a);
    }

    interface WordToLong {
        void run(long[] d, int[] a);
    }

    /// Lanes in which a comparison holds, one bit each.
    interface TestW {
        int run(int[] a, int[] b);
    }

    /// Lanes in which a comparison holds, one bit each.
    interface TestL {
        int run(long[] a, long[] b);
    }

    /// Anything else with a row of words as its result.
    interface Words {
        void run(Warp warp, int[] d);
    }

    /// Anything else with a row of longs as its result.
    interface Longs {
        void run(Warp warp, long[] d);
    }

    static Instruction words(W1 op, int d, int a) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                int[] target = warp.wordTarget(d, mask);
                op.run(target, warp.words[a]);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction words(W2 op, int d, int a, int b) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                int[] target = warp.wordTarget(d, mask);
                op.run(target, warp.words[a], warp.words[b]);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction words(W3 op, int d, int a, int b, int c) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                int[] target = warp.wordTarget(d, mask);
                op.run(target, warp.words[a], warp.words[b], warp.words[c]);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction longs(L1 op, int d, int a) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                long[] target = warp.longTarget(d, mask);
                op.run(target, warp.longs[a]);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction longs(L2 op, int d, int a, int b) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                long[] target = warp.longTarget(d, mask);
                op.run(target, warp.longs[a], warp.longs[b]);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction longs(L3 op, int d, int a, int b, int c) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                long[] target = warp.longTarget(d, mask);
                op.run(target, warp.longs[a], warp.longs[b], warp.longs[c]);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction cut(LongToWord op, int d, int a) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                int[] target = warp.wordTarget(d, mask);
                op.run(target, warp.longs[a]);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction widen(WordToLong op, int d, int a) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                long[] target = warp.longTarget(d, mask);
                op.run(target, warp.words[a]);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction words(Words op, int d) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                int[] target = warp.wordTarget(d, mask);
                op.run(warp, target);
                warp.commit(target, d, mask);
            }
        };
    }

    static Instruction longs(Longs op, int d) {
        return new Instruction() {
            @Override
            void run(Warp warp, int mask) {
                long[] target = warp.longTarget(d, mask);
                op.run(warp, target);
                warp.commit(target, d, mask);
            }
        };
    }
}
