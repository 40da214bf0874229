package dev.elbo.runtime.ops;

import dev.elbo.runtime.cpu.Binary;

/// The functions of two elements that [Combine] applies.
public enum Arithmetic {
    /// a + b.
    PLUS(Binary.ADD),
    /// a − b.
    MINUS(Binary.SUBTRACT),
    /// a · b.
    TIMES(Binary.MULTIPLY),
    /// a / b.
    DIVIDE(Binary.DIVIDE);

    private final Binary loop;

    Arithmetic(Binary loop) {
        this.loop = loop;
    }

    /// Its inner loop on the CPU.
    Binary loop() {
        return loop;
    }
}
