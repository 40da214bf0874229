package dev.elbo.runtime.ops;

import dev.elbo.runtime.cpu.Unary;

/// The functions of one element that [Pointwise] applies: the table of elementwise operations.
///
/// Log is natural, and NaN passes through all of them. Outside of a domain the answer is IEEE's: log of 0 is −∞, of
/// less NaN.
public enum Function {
    /// x.
    IDENTITY(Unary.IDENTITY),
    /// exp x.
    EXP(Unary.EXP),
    /// log x.
    LOG(Unary.LOG),
    /// √x.
    SQRT(Unary.SQRT),
    /// x².
    SQUARE(Unary.SQUARE),
    /// |x|; slope 0 at 0.
    ABS(Unary.ABS),
    /// −x.
    NEGATE(Unary.NEGATE),
    /// 1 / (1 + exp(−x)).
    SIGMOID(Unary.SIGMOID),
    /// tanh x.
    TANH(Unary.TANH),
    /// log(1 + exp x).
    SOFTPLUS(Unary.SOFTPLUS),
    /// x above 0, else 0; slope 0 at 0.
    RELU(Unary.RELU),
    /// x from 0 up, parameter · x below.
    LEAKY_RELU(Unary.LEAKY_RELU);

    private final Unary loop;

    Function(Unary loop) {
        this.loop = loop;
    }

    /// Its inner loop on the CPU.
    Unary loop() {
        return loop;
    }
}
