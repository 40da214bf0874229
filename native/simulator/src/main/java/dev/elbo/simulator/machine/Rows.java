package dev.elbo.simulator.machine;

import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.Operand.Address;
import dev.elbo.simulator.ptx.Operand.Negated;
import dev.elbo.simulator.ptx.Operand.Pair;
import dev.elbo.simulator.ptx.Operand.Register;
import dev.elbo.simulator.ptx.Operand.Tuple;
import dev.elbo.simulator.ptx.ScalarType;
import dev.elbo.simulator.ptx.Statement.Instruction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;

/// Where each virtual register lives: a row of 32 lanes in one of three files.
///
/// Registers that are never alive together share a row, so that a warp's working set stays in the cache: `nvcc` numbers
/// registers as if there were no end of them. A row is never shared between what an instruction reads and what it
/// writes.
final class Rows {
    /// The files: predicates, values of up to 32 bits, values of 64 bits.
    enum File {
        PREDICATE,
        WORD,
        LONG;

        static File of(ScalarType type) {
            return type == ScalarType.PRED ? PREDICATE : type.bytes() == 8 ? LONG : WORD;
        }
    }

    private static final Set<String> WITHOUT_RESULT = Set.of(
            "st",
            "red",
            "bra",
            "brx",
            "ret",
            "exit",
            "trap",
            "membar",
            "fence",
            "prefetch",
            "prefetchu",
            "nanosleep",
            "stmatrix",
            "brkpt",
            "pmevent",
            "discard",
            "applypriority",
            "griddepcontrol",
            "setmaxnreg",
            "cp");

    private final Map<Register, Integer> numbers = new HashMap<>();
    private final List<Register> registers = new ArrayList<>();
    private final int[] sizes = new int[File.values().length];
    private int[] rows;

    private Rows() {}

    static Rows of(List<FlowGraph.Node> blocks) {
        Rows result = new Rows();
        result.allocate(blocks);
        return result;
    }

    /// Row of a register in its file.
    int row(Register register) {
        return rows[numbers.get(register)];
    }

    int size(File file) {
        return sizes[file.ordinal()];
    }

    private void allocate(List<FlowGraph.Node> blocks) {
        for (FlowGraph.Node block : blocks) {
            block.body.forEach(i -> visit(i, this::number, this::number));
            if (block.predicate != null) {
                number(block.predicate);
            }
            if (block.index instanceof Register register) {
                number(register);
            }
        }
        int count = registers.size();
        int[] first = new int[count];
        int[] last = new int[count];
        Arrays.fill(first, Integer.MAX_VALUE);
        Arrays.fill(last, -1);
        ranges(blocks, first, last);
        assign(first, last);
    }

    private int number(Register register) {
        return numbers.computeIfAbsent(register, r -> {
            registers.add(r);
            return registers.size() - 1;
        });
    }

    /// One closed range of positions per register that holds every place where it is alive.
    private void ranges(List<FlowGraph.Node> blocks, int[] first, int[] last) {
        BitSet[] liveIn = liveIn(blocks);
        int position = 0;
        for (FlowGraph.Node block : blocks) {
            int at = position++;
            extend(liveIn[block.order], at, first, last);
            for (Instruction instruction : block.body) {
                int here = position++;
                Consumer<Register> touch = r -> extend(numbers.get(r), here, first, last);
                visit(instruction, touch, touch);
            }
            int end = position++;
            for (FlowGraph.Node next : block.successors) {
                extend(liveIn[next.order], end, first, last);
            }
            if (block.predicate != null) {
                extend(numbers.get(block.predicate), end, first, last);
            }
            if (block.index instanceof Register register) {
                extend(numbers.get(register), end, first, last);
            }
        }
    }

    private static void extend(BitSet alive, int position, int[] first, int[] last) {
        for (int r = alive.nextSetBit(0); r >= 0; r = alive.nextSetBit(r + 1)) {
            extend(r, position, first, last);
        }
    }

    private static void extend(int register, int position, int[] first, int[] last) {
        first[register] = Math.min(first[register], position);
        last[register] = Math.max(last[register], position);
    }

    private BitSet[] liveIn(List<FlowGraph.Node> blocks) {
        BitSet[] used = new BitSet[blocks.size()];
        BitSet[] defined = new BitSet[blocks.size()];
        BitSet[] live = new BitSet[blocks.size()];
        for (FlowGraph.Node block : blocks) {
            BitSet uses = new BitSet();
            BitSet defs = new BitSet();
            for (Instruction instruction : block.body) {
                visit(instruction, r -> use(r, uses, defs), r -> {});
                // Under a guard the old value stays where the guard fails.
                visit(instruction, r -> {}, r -> {
                    if (instruction.guard() == null) {
                        defs.set(numbers.get(r));
                    } else {
                        use(r, uses, defs);
                    }
                });
            }
            if (block.predicate != null) {
                use(block.predicate, uses, defs);
            }
            if (block.index instanceof Register register) {
                use(register, uses, defs);
            }
            used[block.order] = uses;
            defined[block.order] = defs;
            live[block.order] = (BitSet) uses.clone();
        }
        for (boolean changed = true; changed; ) {
            changed = false;
            for (FlowGraph.Node block : blocks.reversed()) {
                BitSet in = new BitSet();
                block.successors.forEach(next -> in.or(live[next.order]));
                in.andNot(defined[block.order]);
                in.or(used[block.order]);
                if (!in.equals(live[block.order])) {
                    live[block.order] = in;
                    changed = true;
                }
            }
        }
        return live;
    }

    private void use(Register register, BitSet uses, BitSet defs) {
        int number = numbers.get(register);
        if (!defs.get(number)) {
            uses.set(number);
        }
    }

    /// Linear scan over the ranges in order of their starts.
    private void assign(int[] first, int[] last) {
        rows = new int[registers.size()];
        List<Integer> byStart = new ArrayList<>(numbers.values());
        byStart.sort(Comparator.comparingInt(r -> first[r]));
        List<PriorityQueue<Integer>> busy = new ArrayList<>();
        List<PriorityQueue<Integer>> free = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            busy.add(new PriorityQueue<>(Comparator.comparingInt((Integer r) -> last[r])));
            free.add(new PriorityQueue<>());
        }
        for (int register : byStart) {
            int file = File.of(registers.get(register).type()).ordinal();
            while (!busy.get(file).isEmpty() && last[busy.get(file).peek()] < first[register]) {
                free.get(file).add(rows[busy.get(file).poll()]);
            }
            Integer row = free.get(file).poll();
            rows[register] = row == null ? sizes[file]++ : row;
            busy.get(file).add(register);
        }
    }

    /// Shows each register an instruction reads, and each it writes.
    private static void visit(Instruction instruction, Consumer<Register> reads, Consumer<Register> writes) {
        if (instruction.guard() != null) {
            reads.accept(instruction.guard());
        }
        List<Operand> operands = instruction.operands();
        for (int i = 0; i < operands.size(); i++) {
            boolean result = i == 0 && hasResult(instruction);
            visit(operands.get(i), result ? writes : reads, reads);
        }
    }

    private static void visit(Operand operand, Consumer<Register> here, Consumer<Register> inAddress) {
        switch (operand) {
            case Register register -> here.accept(register);
            case Tuple(List<Operand> elements) -> elements.forEach(e -> visit(e, here, inAddress));
            case Pair(Operand a, Operand b) -> {
                visit(a, here, inAddress);
                visit(b, here, inAddress);
            }
            case Negated(Operand inner) -> visit(inner, here, inAddress);
            case Address(Operand base, long offset) -> visit(base, inAddress, inAddress);
            default -> {}
        }
    }

    private static boolean hasResult(Instruction instruction) {
        String mnemonic = instruction.mnemonic();
        if (mnemonic.equals("bar") || mnemonic.equals("barrier")) {
            return instruction.modifiers().contains("red");
        }
        return !WITHOUT_RESULT.contains(mnemonic);
    }
}
