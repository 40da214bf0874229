package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Operand.Variable;
import java.util.Arrays;
import java.util.List;

/// A decoded kernel: its basic blocks, and how much of everything a warp needs to run it.
final class Program {
    /// Straight code and how it ends.
    static final class BasicBlock {
        final Instruction[] body;
        final FlowGraph.End end;
        final int[] next;
        /// Row of the predicate of a branch.
        final int predicate;

        final boolean negated;
        /// Row of the index of a table.
        final int index;
        /// Instructions issued when the block runs: its body, and the branch at its end if there is one.
        final int issued;
        /// Whether lanes wait for each other before the first instruction.
        final boolean converges;
        /// Whether warps wait for each other at the first instruction.
        final boolean blockBarrier;

        BasicBlock(
                List<Instruction> body,
                FlowGraph.End end,
                int[] next,
                int predicate,
                boolean negated,
                int index,
                boolean branches,
                boolean blockBarrier) {
            this.body = body.toArray(Instruction[]::new);
            this.end = end;
            this.next = next;
            this.predicate = predicate;
            this.negated = negated;
            this.index = index;
            this.issued = this.body.length + (branches ? 1 : 0);
            this.converges = !body.isEmpty() && body.getFirst() instanceof Convergent;
            this.blockBarrier = blockBarrier;
        }
    }

    /// A constant that needs a row of its own.
    ///
    /// @param value    the bits, or what is added to the variable's address
    /// @param variable a module variable whose address is not known before loading, or null
    record Constant(long value, Variable variable) {}

    /// The rows of all constants of a program in one module on one device; read by every warp, written by none.
    record Constants(int[][] words, long[][] longs) {}

    private final String name;
    private final BasicBlock[] blocks;
    private final int words;
    private final int longs;
    private final int predicates;
    private final List<Constant> wordConstants;
    private final List<Constant> longConstants;
    private final int memoryInstructions;
    private final Layout frame;
    private final Layout shared;
    private final int sharedGranule;

    Program(
            String name,
            List<BasicBlock> blocks,
            Rows rows,
            List<Constant> wordConstants,
            List<Constant> longConstants,
            int memoryInstructions,
            Layout frame,
            Layout shared,
            int sharedGranule) {
        this.name = name;
        this.blocks = blocks.toArray(BasicBlock[]::new);
        this.words = rows.size(Rows.File.WORD);
        this.longs = rows.size(Rows.File.LONG);
        this.predicates = rows.size(Rows.File.PREDICATE);
        this.wordConstants = List.copyOf(wordConstants);
        this.longConstants = List.copyOf(longConstants);
        this.memoryInstructions = memoryInstructions;
        this.frame = frame;
        this.shared = shared;
        this.sharedGranule = sharedGranule;
    }

    String name() {
        return name;
    }

    BasicBlock block(int order) {
        return blocks[order];
    }

    int predicateRows() {
        return predicates;
    }

    int memoryInstructions() {
        return memoryInstructions;
    }

    /// Local memory of a thread.
    Layout frame() {
        return frame;
    }

    /// Shared memory of a block.
    Layout shared() {
        return shared;
    }

    /// Bytes of the narrowest access that may touch shared memory: what races are told apart by.
    int sharedGranule() {
        return sharedGranule;
    }

    /// 32-bit registers that hold everything alive at once; a compiler for a real GPU may do with fewer or more.
    int registers() {
        return words + 2 * longs;
    }

    /// Rows of the constants where a module has been loaded.
    Constants constants(LoadedModule module) {
        int[][] w = new int[wordConstants.size()][Lanes.COUNT];
        for (int i = 0; i < w.length; i++) {
            Arrays.fill(w[i], (int) value(wordConstants.get(i), module));
        }
        long[][] l = new long[longConstants.size()][Lanes.COUNT];
        for (int i = 0; i < l.length; i++) {
            Arrays.fill(l[i], value(longConstants.get(i), module));
        }
        return new Constants(w, l);
    }

    private static long value(Constant constant, LoadedModule module) {
        return constant.value()
                + (constant.variable() == null
                        ? 0
                        : module.variable(constant.variable().name()).address());
    }

    /// The word file of one warp: rows of its own, then the constants.
    int[][] wordRows(Constants constants) {
        int[][] rows = new int[words + constants.words.length][];
        for (int i = 0; i < words; i++) {
            rows[i] = new int[Lanes.COUNT];
        }
        System.arraycopy(constants.words, 0, rows, words, constants.words.length);
        return rows;
    }

    /// The long file of one warp: rows of its own, then the constants.
    long[][] longRows(Constants constants) {
        long[][] rows = new long[longs + constants.longs.length][];
        for (int i = 0; i < longs; i++) {
            rows[i] = new long[Lanes.COUNT];
        }
        System.arraycopy(constants.longs, 0, rows, longs, constants.longs.length);
        return rows;
    }
}
