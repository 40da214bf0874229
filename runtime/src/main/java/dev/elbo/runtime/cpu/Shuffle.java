package dev.elbo.runtime.cpu;

import dev.elbo.runtime.random.Philox;

/// The order in which epochs take the rows of a data set: a Feistel network keyed by noise, walked until it lands
/// inside. It stores no permutation; the keys of the latest epoch are kept, since rows ask for them one by one. The
/// twin is `gather.cu`.
final class Shuffle {
    private static final int ROUNDS = 8;
    private static final int LEAST_HALF = 4; // bits; a network over fewer does not reach all permutations alike

    private final int[] keys = new int[ROUNDS];
    private final int[] words = new int[4];
    private long seed;
    private long epoch = -1;
    private int operation;

    /// The row at `position` of all epochs in a line.
    int row(long nowSeed, int nowOperation, long position, int count) {
        long nowEpoch = Long.divideUnsigned(position, count);
        if (nowEpoch != epoch || nowSeed != seed || nowOperation != operation) {
            epoch = nowEpoch;
            seed = nowSeed;
            operation = nowOperation;
            for (int i = 0; i < ROUNDS; i += words.length) {
                // An epoch is to a permutation what a step is to a draw.
                Philox.block(seed, epoch, operation, i / words.length, words);
                System.arraycopy(words, 0, keys, i, words.length);
            }
        }
        int half = Math.max(LEAST_HALF, (33 - Integer.numberOfLeadingZeros(count - 1)) / 2);
        int slot = (int) (position - epoch * count);
        do {
            slot = permuted(slot, half);
        } while (slot >= count);
        return slot;
    }

    private int permuted(int slot, int half) {
        int mask = (1 << half) - 1;
        int left = slot >>> half;
        int right = slot & mask;
        for (int key : keys) {
            int x = (right ^ key) * 0x9E3779B1;
            x = (x ^ x >>> 15) * 0x85EBCA6B;
            int next = left ^ (x ^ x >>> 13) & mask;
            left = right;
            right = next;
        }
        return left << half | right;
    }
}
