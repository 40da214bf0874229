package dev.elbo.runtime.ops;

/// A function that a product applies to its result in passing. Its slope can be told from its value, so that what
/// went into it need not be kept.
///
/// @param f         one row of the table
/// @param parameter of its family
public record Activation(Function f, float parameter) {
    /// x.
    public static final Activation NONE = new Activation(Function.IDENTITY, 0);
    /// tanh x.
    public static final Activation TANH = new Activation(Function.TANH, 0);
    /// 1 / (1 + exp(−x)).
    public static final Activation SIGMOID = new Activation(Function.SIGMOID, 0);
    /// x above 0, else 0.
    public static final Activation RELU = new Activation(Function.RELU, 0);

    public Activation {
        boolean fits = switch (f) {
            case IDENTITY, TANH, SIGMOID, RELU, EXP -> true;
            case LEAKY_RELU -> parameter > 0;
            default -> false;
        };
        if (!fits) {
            throw new IllegalArgumentException(
                    "activation: the slope must follow from the value; f=" + f + ", parameter=" + parameter);
        }
    }

    /// x from 0 up, `slope` · x below.
    ///
    /// @param slope above 0
    public static Activation leakyRelu(float slope) {
        return new Activation(Function.LEAKY_RELU, slope);
    }
}
