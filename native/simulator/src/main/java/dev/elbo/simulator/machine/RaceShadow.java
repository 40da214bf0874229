package dev.elbo.simulator.machine;

/// Who touched each granule of a shared variable last, to find two threads at one address, one of them writing, with no
/// barrier between.
///
/// A record is `time << 11 | atomic << 10 | thread`, 0 for nobody. Per granule there is the last write and two reads:
/// of
/// several threads that read and have not met since, any two are enough to find a later write by any third.
final class RaceShadow {
    private static final int THREAD = 0x3ff;
    private static final int ATOMIC = 0x400;
    private static final int TIME = 11;

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
    /// @return lanes that read what another thread writes without a barrier between
    int read(RaceClock clock, int warp, int mask, long[] offsets, int bytes) {
        int conflicts = 0;
        long stamp = clock.now() << TIME;
        int granules = Math.max(1, bytes >>> shift);
        for (int left = mask; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            int at = (int) (offsets[lane] >>> shift);
            long mine = stamp | warp << 5 | lane;
            for (int g = at; g < at + granules; g++) {
                if (!before(write[g], clock, lane)) {
                    conflicts |= 1 << lane;
                }
                if (before(read[g], clock, lane)) {
                    read[g] = mine;
                } else {
                    secondRead[g] = mine;
                }
            }
        }
        return conflicts;
    }

    /// Notes writes.
    ///
    /// @param atomic   whether they are read-modify-writes, which do not race with each other
    /// @param repeated takes the lanes that write what another thread writes; where both write the same, no harm is
    /// done
    /// @return lanes that write what another thread reads, or, unless both are atomic, changes
    int write(RaceClock clock, int warp, int mask, long[] offsets, int bytes, boolean atomic, int[] repeated) {
        int conflicts = 0;
        int twice = 0;
        long stamp = clock.now() << TIME | (atomic ? ATOMIC : 0);
        int granules = Math.max(1, bytes >>> shift);
        for (int left = mask; left != 0; left &= left - 1) {
            int lane = Integer.numberOfTrailingZeros(left);
            int at = (int) (offsets[lane] >>> shift);
            for (int g = at; g < at + granules; g++) {
                long last = write[g];
                if (!before(last, clock, lane)) {
                    if (!atomic && (last & ATOMIC) == 0) {
                        twice |= 1 << lane;
                    } else if (!atomic || (last & ATOMIC) == 0) {
                        conflicts |= 1 << lane;
                    }
                }
                if (!before(read[g], clock, lane) || !before(secondRead[g], clock, lane)) {
                    conflicts |= 1 << lane;
                }
                write[g] = stamp | warp << 5 | lane;
            }
        }
        repeated[0] = twice;
        return conflicts;
    }

    /// The thread of another lane that a conflict at an offset is with, for messages: -1 if there is none any more.
    int other(long offset, RaceClock clock, int lane) {
        int g = (int) (offset >>> shift);
        for (long record : new long[] {write[g], read[g], secondRead[g]}) {
            if (!before(record, clock, lane)) {
                return (int) (record & THREAD);
            }
        }
        return -1;
    }

    private static boolean before(long record, RaceClock clock, int lane) {
        return record == 0 || clock.after((int) record & THREAD, record >>> TIME, lane);
    }
}
