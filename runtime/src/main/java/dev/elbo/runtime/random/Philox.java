package dev.elbo.runtime.random;

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), the twin of
/// `common/philox.cuh`: four words of noise, a pure function of counter and key.
public final class Philox {
    private static final long WORD = 0xFFFFFFFFL;

    private Philox() {}

    /// Ten rounds.
    ///
    /// @param words (4), overwritten
    public static void block(int c0, int c1, int c2, int c3, int k0, int k1, int[] words) {
        for (int round = 0; round < 10; round++) {
            long product0 = 0xD2511F53L * (c0 & WORD);
            long product1 = 0xCD9E8D57L * (c2 & WORD);
            c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c3 = (int) product0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        words[0] = c0;
        words[1] = c1;
        words[2] = c2;
        words[3] = c3;
    }

    /// The words of elements 4 `block` … 4 `block` + 3 of a draw: counter = {block, operation, step low, step
    /// high}, key = {seed low, seed high}.
    ///
    /// @param block unsigned
    /// @param words (4), overwritten
    public static void block(long seed, long step, int operation, int block, int[] words) {
        block(block, operation, (int) step, (int) (step >>> 32), (int) seed, (int) (seed >>> 32), words);
    }
}
