package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.SimulatorFault;
import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.Site;
import dev.elbo.simulator.memory.Allocation;

/// 32 threads that share an instruction stream: their registers, and where each group of them stands.
///
/// Lanes that parted at a branch are separate groups. The group at the lowest block runs; groups that meet at the
/// start of a block become one. Barriers and warp-wide operations start a block, and a group waits there until the
/// lanes named have come.
final class Warp {
    /// Blocks that one group may run while another could, before the other gets a turn: lanes may wait for each other.
    private static final int PATIENCE = 4096;

    final Block block;
    final int index;
    final int[][] words;
    final long[][] longs;
    final int[] predicates;
    /// Carry flag of each lane, one bit each.
    int carry;
    /// Phase of the cluster's barrier that the warp has arrived in and not waited for, -1 if there is none.
    long clusterPhase = -1;
    /// Lanes that exist and have not left the kernel.
    int alive;
    /// Thread indices of the lanes.
    final int[][] thread = new int[3][Lanes.COUNT];
    /// Addresses of the lanes, for the memory instruction that runs.
    final long[] addresses = new long[Lanes.COUNT];
    /// Byte offsets of the lanes' addresses in the allocation they fall into, for the memory instruction that runs.
    final long[] offsets = new long[Lanes.COUNT];
    /// Lanes that write what another thread writes too, for the store that runs.
    final int[] repeated = new int[1];
    /// The allocation that each memory instruction last met.
    final Allocation[] recent;
    final LocalMemory local;
    final RaceClock clock;
    final AsyncCopies copies = new AsyncCopies();
    /// Rows that the lanes fetched for each other, for the matrix load that runs.
    final short[][] matrixRows = new short[Lanes.COUNT][8];

    long instructions;
    long laneInstructions;
    long loadedBytes;
    long storedBytes;
    long floatAtomics;

    private final Program program;
    private final int[] spareWords = new int[Lanes.COUNT];
    private final long[] spareLongs = new long[Lanes.COUNT];
    private final int[] groupBlock = new int[Lanes.COUNT];
    private final int[] groupMask = new int[Lanes.COUNT];
    private int groups;
    private int existing;
    /// Whether the warp waits at a block-wide barrier.
    private boolean waiting;

    private int patience;
    private Instruction current;

    Warp(Block block, int index, Program program, Program.Constants constants) {
        this.block = block;
        this.index = index;
        this.program = program;
        words = program.wordRows(constants);
        longs = program.longRows(constants);
        predicates = new int[program.predicateRows()];
        recent = new Allocation[program.memoryInstructions()];
        local = new LocalMemory(program.frame());
        clock = new RaceClock(block.firstWarp() + index, block.clusterWarps());
        Dim3 extents = block.launch().block();
        int threads = (int) extents.count();
        for (int lane = 0; lane < Lanes.COUNT; lane++) {
            int number = index * Lanes.COUNT + lane;
            if (number < threads) {
                existing |= 1 << lane;
                Dim3 at = extents.index(number);
                thread[0][lane] = at.x();
                thread[1][lane] = at.y();
                thread[2][lane] = at.z();
            }
        }
    }

    /// Puts all threads at the kernel's start.
    void start() {
        alive = existing;
        groups = 1;
        groupBlock[0] = 0;
        groupMask[0] = existing;
        waiting = false;
        clusterPhase = -1;
        local.clear();
        copies.clear();
    }

    boolean done() {
        return groups == 0;
    }

    boolean waiting() {
        return waiting;
    }

    /// Makes the warp wait after the instruction that runs, until [#release].
    void await() {
        waiting = true;
    }

    void release() {
        waiting = false;
    }

    /// Lanes the warp was started with.
    int existing() {
        return existing;
    }

    /// The instruction that runs, or at which the warp waits.
    Instruction current() {
        return current;
    }

    /// Runs until the warp is done, waits at a block-wide barrier, or has issued `budget` instructions.
    void run(int budget) {
        long limit = instructions + budget;
        while (groups > 0 && !waiting && instructions < limit) {
            run(next(), limit);
        }
    }

    /// Runs one group until it may have to give way to another.
    private void run(int group, long limit) {
        int at = groupBlock[group];
        int mask = groupMask[group];
        do {
            Program.BasicBlock code = program.block(at);
            execute(code, mask);
            switch (code.end) {
                case JUMP -> at = code.next[0];
                case BRANCH -> {
                    int holds = predicates[code.predicate];
                    int taken = mask & (code.negated ? ~holds : holds);
                    if (taken == mask) {
                        at = code.next[0];
                    } else if (taken == 0) {
                        at = code.next[1];
                    } else {
                        arrive(group, code.next[0], taken);
                        add(code.next[1], mask & ~taken);
                        return;
                    }
                }
                case TABLE -> {
                    scatter(group, code, mask);
                    return;
                }
                case EXIT -> {
                    alive &= ~mask;
                    remove(group);
                    return;
                }
            }
        } while (groups == 1 && !waiting && instructions < limit);
        arrive(group, at, mask);
    }

    private void execute(Program.BasicBlock code, int mask) {
        Instruction[] body = code.body;
        instructions += code.issued;
        laneInstructions += (long) code.issued * Integer.bitCount(mask);
        for (Instruction instruction : body) {
            current = instruction;
            instruction.step(this, mask);
        }
    }

    /// Sends each lane where the table says.
    private void scatter(int group, Program.BasicBlock code, int mask) {
        int[] index = words[code.index];
        boolean first = true;
        for (int left = mask; left != 0; ) {
            int lane = Integer.numberOfTrailingZeros(left);
            int same = 0;
            for (int i = lane; i < Lanes.COUNT; i++) {
                same |= (left >>> i & 1) != 0 && index[i] == index[lane] ? 1 << i : 0;
            }
            if (index[lane] < 0 || index[lane] >= code.next.length) {
                throw fault(
                        Kind.TRAP, "brx.idx with index " + index[lane] + " of a table of " + code.next.length, lane, 0);
            }
            if (first) {
                arrive(group, code.next[index[lane]], same);
                first = false;
            } else {
                add(code.next[index[lane]], same);
            }
            left &= ~same;
        }
    }

    private void arrive(int group, int at, int mask) {
        groupBlock[group] = at;
        groupMask[group] = mask;
        for (int i = 0; i < groups; i++) {
            if (i != group && groupBlock[i] == at) {
                groupMask[i] |= mask;
                remove(group);
                return;
            }
        }
    }

    private void add(int at, int mask) {
        for (int i = 0; i < groups; i++) {
            if (groupBlock[i] == at) {
                groupMask[i] |= mask;
                return;
            }
        }
        groupBlock[groups] = at;
        groupMask[groups++] = mask;
    }

    private void remove(int group) {
        groups--;
        groupBlock[group] = groupBlock[groups];
        groupMask[group] = groupMask[groups];
    }

    /// The group at the lowest block that need not wait; now and then another, which may be what the first waits for.
    private int next() {
        int best = -1;
        int last = -1;
        for (int i = 0; i < groups; i++) {
            if (mustWait(i)) {
                continue;
            }
            best = best < 0 || groupBlock[i] < groupBlock[best] ? i : best;
            last = last < 0 || groupBlock[i] > groupBlock[last] ? i : last;
        }
        if (best < 0) {
            throw stuck();
        }
        if (best != last && ++patience >= PATIENCE) {
            patience = 0;
            return last;
        }
        return best;
    }

    private boolean mustWait(int group) {
        Program.BasicBlock code = program.block(groupBlock[group]);
        if (!code.converges) {
            return false;
        }
        int mask = groupMask[group];
        current = code.body[0];
        return (((Convergent) current).expected(this, mask) & alive & ~mask) != 0;
    }

    private SimulatorFault stuck() {
        StringBuilder text = new StringBuilder("lanes of one warp wait for each other at different places");
        String separator = "; ";
        int lane = Integer.numberOfTrailingZeros(groupMask[0]);
        for (int i = 0; i < groups; i++) {
            current = program.block(groupBlock[i]).body[0];
            text.append(separator)
                    .append("lanes 0x")
                    .append(Integer.toHexString(groupMask[i]))
                    .append(" at ptx=")
                    .append(current.line());
            separator = ", ";
        }
        current = program.block(groupBlock[0]).body[0];
        Kind kind = program.block(groupBlock[0]).blockBarrier ? Kind.BARRIER : Kind.WARP_MASK;
        return fault(kind, text.toString(), lane, 0);
    }

    /// Where a result goes: the row itself if every live lane writes it, else a spare row.
    int[] wordTarget(int row, int mask) {
        return mask == alive ? words[row] : spareWords;
    }

    /// Where a result goes: the row itself if every live lane writes it, else a spare row.
    long[] longTarget(int row, int mask) {
        return mask == alive ? longs[row] : spareLongs;
    }

    /// Moves the active lanes of a result from the spare row to where they belong.
    void commit(int[] target, int row, int mask) {
        if (target == spareWords) {
            int[] d = words[row];
            for (int i = 0; i < Lanes.COUNT; i++) {
                d[i] = (mask >>> i & 1) != 0 ? target[i] : d[i];
            }
        }
    }

    /// Moves the active lanes of a result from the spare row to where they belong.
    void commit(long[] target, int row, int mask) {
        if (target == spareLongs) {
            long[] d = longs[row];
            for (int i = 0; i < Lanes.COUNT; i++) {
                d[i] = (mask >>> i & 1) != 0 ? target[i] : d[i];
            }
        }
    }

    /// A fault of one lane at the instruction that runs.
    SimulatorFault fault(Kind kind, String detail, int lane, long address) {
        return new SimulatorFault(kind, detail, site(lane), address);
    }

    /// Where a lane is.
    Site site(int lane) {
        Dim3 at = new Dim3(thread[0][lane], thread[1][lane], thread[2][lane]);
        return new Site(program.name(), current.line(), current.source(), block.index(), at);
    }
}
