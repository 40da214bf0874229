package dev.elbo.simulator.machine;

/// Who touched each granule of a shared variable last, to find two threads at one address, one of them writing, with no
/// barrier between.
///
/// A record is `time << 15 | flag << 14 | thread`, 0 for nobody, threads counted over the cluster. Per granule there is
/// the last write and two reads:
/// of several threads that read and have not met since, any two are enough to find a later write by any third. The
/// flag of a write says that it was atomic; the flag of a read, that several lanes of the thread's warp read at
/// once.
final class RaceShadow {
    private static final int THREAD = 0x3fff;
    private static final int FLAG = 0x4000;
    private static final int TIME = 15;

    private final int shift;
    private final long[] write;
    private final long[] read;
    private final long[] secondRead;

    /// @param bytes   size of the variable
    /// @param granule bytes told apart: 1, 2, 4 or 8
    RaceShadow(long bytes, int granule) {
        shift = Integer.numberOfTrailingZeros(granule);
        int count = (int) ((bytes + granule - 1) >>> shift);
        write = new long[count];
        read = new long[count];
        secondRead = new long[count];
    }

    /// Notes reads.
    ///
    /// @param uniform whether all lanes read at one offset
    /// @return lanes that read what another thread writes without a barrier between
    int read(Warp warp, int mask, int bytes, boolean uniform) {
        RaceClock clock = warp.clock;
        long settled = clock.settled() << TIME;
        long mine = clock.now() << TIME | clock.firstThread();
        long[] offsets = warp.offsets;
        int granules = Math.max(1, bytes >>> shift);
        if (uniform) {
            int lane = Integer.numberOfTrailingZeros(mask);
            boolean several = (mask & mask - 1) != 0;
            long record = mine | lane | (several ? FLAG : 0);
            return read(clock, settled, record, lane, (int) (offsets[lane] >>> shift), granules) ? 1 << lane : 0;
        }
        int conflicts = 0;
        for (int lane = 0; lane < Lanes.COUNT; lane++) {
            if ((mask >>> lane & 1) != 0) {
                int first = (int) (offsets[lane] >>> shift);
                conflicts |= read(clock, settled, mine | lane, lane, first, granules) ? 1 << lane : 0;
            }
        }
        return conflicts;
    }

    private boolean read(RaceClock clock, long settled, long mine, int lane, int first, int granules) {
        boolean conflict = false;
        for (int g = first; g < first + granules; g++) {
            long written = write[g];
            conflict |= written >= settled && !clock.after(written & THREAD, written >>> TIME, lane);
            if (read[g] < settled) {
                read[g] = mine;
            } else if (read[g] != mine) {
                secondRead[g] = mine;
            }
        }
        return conflict;
    }

    /// Notes writes.
    ///
    /// @param atomic   whether they are read-modify-writes, which do not race with each other
    /// @param repeated takes the lanes that write where another thread writes: no harm if they write the same
    /// @return lanes that write what another thread reads, or, unless both are atomic, changes
    int write(Warp warp, int mask, int bytes, boolean atomic, int[] repeated) {
        RaceClock clock = warp.clock;
        long settled = clock.settled() << TIME;
        long mine = clock.now() << TIME | (atomic ? FLAG : 0) | clock.firstThread();
        int granules = Math.max(1, bytes >>> shift);
        int conflicts = 0;
        int twice = 0;
        for (int left = mask; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            int first = (int) (warp.offsets[lane] >>> shift);
            for (int g = first; g < first + granules; g++) {
                long last = write[g];
                if (last >= settled && !clock.after(last & THREAD, last >>> TIME, lane)) {
                    boolean lastAtomic = (last & FLAG) != 0;
                    twice |= !atomic && !lastAtomic ? 1 << lane : 0;
                    conflicts |= atomic != lastAtomic ? 1 << lane : 0;
                }
                if (isUnseenRead(read[g], settled, clock, lane) || isUnseenRead(secondRead[g], settled, clock, lane)) {
                    conflicts |= 1 << lane;
                }
                write[g] = mine | lane;
            }
        }
        repeated[0] = twice;
        return conflicts;
    }

    private static boolean isUnseenRead(long record, long settled, RaceClock clock, int lane) {
        if (record < settled) {
            return false;
        }
        return (record & FLAG) != 0
                ? !clock.afterAll(record & THREAD, record >>> TIME, lane)
                : !clock.after(record & THREAD, record >>> TIME, lane);
    }

    /// A thread that a lane's access at an offset conflicts with, for messages: -1 if its record is gone.
    int other(long offset, RaceClock clock, int lane) {
        int g = (int) (offset >>> shift);
        long settled = clock.settled() << TIME;
        for (long record : new long[] {write[g], read[g], secondRead[g]}) {
            if (isUnseenRead(record & ~FLAG, settled, clock, lane)) {
                return (int) (record & THREAD);
            }
        }
        return -1;
    }
}
