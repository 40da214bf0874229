package dev.elbo.runtime;

import dev.elbo.runtime.ops.Activation;
import dev.elbo.runtime.ops.Arithmetic;
import dev.elbo.runtime.ops.BatchNormalise;
import dev.elbo.runtime.ops.BernoulliLogLikelihood;
import dev.elbo.runtime.ops.CategoricalLogLikelihood;
import dev.elbo.runtime.ops.CholeskyKl;
import dev.elbo.runtime.ops.CholeskyLogLikelihood;
import dev.elbo.runtime.ops.CholeskySample;
import dev.elbo.runtime.ops.Combine;
import dev.elbo.runtime.ops.ConcatColumns;
import dev.elbo.runtime.ops.ConcatRows;
import dev.elbo.runtime.ops.Convolution;
import dev.elbo.runtime.ops.DotRows;
import dev.elbo.runtime.ops.Draws;
import dev.elbo.runtime.ops.Dropout;
import dev.elbo.runtime.ops.ExpandColumns;
import dev.elbo.runtime.ops.ExpandRows;
import dev.elbo.runtime.ops.Fill;
import dev.elbo.runtime.ops.FreeEnergyContrast;
import dev.elbo.runtime.ops.Function;
import dev.elbo.runtime.ops.GatherColumns;
import dev.elbo.runtime.ops.GatherRows;
import dev.elbo.runtime.ops.GaussianKl;
import dev.elbo.runtime.ops.GaussianLogLikelihood;
import dev.elbo.runtime.ops.GaussianSample;
import dev.elbo.runtime.ops.ImportanceWeights;
import dev.elbo.runtime.ops.Linear;
import dev.elbo.runtime.ops.LogSoftmaxRows;
import dev.elbo.runtime.ops.LogSumExpRows;
import dev.elbo.runtime.ops.MatrixProduct;
import dev.elbo.runtime.ops.MaxRows;
import dev.elbo.runtime.ops.Moments;
import dev.elbo.runtime.ops.NegativeFreeEnergy;
import dev.elbo.runtime.ops.Pointwise;
import dev.elbo.runtime.ops.Reparameterise;
import dev.elbo.runtime.ops.RepeatRows;
import dev.elbo.runtime.ops.Sample;
import dev.elbo.runtime.ops.Scale;
import dev.elbo.runtime.ops.SliceColumns;
import dev.elbo.runtime.ops.SliceRows;
import dev.elbo.runtime.ops.SoftmaxRows;
import dev.elbo.runtime.ops.SoftplusRows;
import dev.elbo.runtime.ops.Sum;
import dev.elbo.runtime.ops.SumColumns;
import dev.elbo.runtime.ops.SumOfRows;
import dev.elbo.runtime.ops.SumRows;
import dev.elbo.runtime.ops.TransposedConvolution;
import dev.elbo.runtime.ops.Window;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/// What models call: one line per operation.
///
/// Each call runs the operation at once on the device of its memory, takes the result from that memory and notes the
/// pullback on the tape, if there is one. Formulas, shapes and edges stand with the operations in
/// `dev.elbo.runtime.ops`. Arguments are borrowed and never written.
public final class Ops {
    private final Memory memory;
    private final Optional<Tape> tape;

    private Ops(Memory memory, Optional<Tape> tape) {
        this.memory = memory;
        this.tape = tape;
    }

    /// Operations without gradients.
    ///
    /// @param memory where results come from
    public static Ops plain(Memory memory) {
        return new Ops(memory, Optional.empty());
    }

    /// Operations whose pullbacks are noted.
    ///
    /// @param memory where results come from
    /// @param tape   what to note them on
    public static Ops taped(Memory memory, Tape tape) {
        return new Ops(memory, Optional.of(tape));
    }

    /// Where results come from.
    public Memory memory() {
        return memory;
    }

    /// The same operations without the tape: what they compute is a constant to it.
    public Ops detached() {
        return plain(memory);
    }

    /// Applies an operation of one argument, Elbo's or anybody's.
    ///
    /// @param x shape as the operation wants it
    public Tensor apply(Op.Unary op, Tensor x) {
        check(op, x);
        Tensor y = op.forward(x, memory);
        tape.ifPresent(t -> t.record(List.of(y), dy -> op.pullback(x, y, dy.getFirst(), t.gradient(x)), List.of(x)));
        return y;
    }

    /// Applies an operation of two arguments.
    ///
    /// @param a shape as the operation wants it
    /// @param b shape as the operation wants it
    public Tensor apply(Op.Binary op, Tensor a, Tensor b) {
        check(op, a, b);
        Tensor y = op.forward(a, b, memory);
        tape.ifPresent(t -> t.record(
                List.of(y), dy -> op.pullback(a, b, y, dy.getFirst(), t.gradient(a), t.gradient(b)), List.of(a, b)));
        return y;
    }

    /// Applies an operation of three arguments.
    ///
    /// @param a shape as the operation wants it
    /// @param b shape as the operation wants it
    /// @param c shape as the operation wants it
    public Tensor apply(Op.Ternary op, Tensor a, Tensor b, Tensor c) {
        check(op, a, b, c);
        Tensor y = op.forward(a, b, c, memory);
        tape.ifPresent(t -> t.record(
                List.of(y),
                dy -> op.pullback(a, b, c, y, dy.getFirst(), t.gradient(a), t.gradient(b), t.gradient(c)),
                List.of(a, b, c)));
        return y;
    }

    /// Whether anybody asks for ∂loss/∂x.
    ///
    /// @param x any shape
    public boolean follows(Tensor x) {
        return tape.isPresent() && tape.get().follows(x);
    }

    /// Notes the pullback of what is no [Op]: a function of many arguments, or one that keeps more than its result.
    ///
    /// @param y        any shape, already computed
    /// @param pullback given the tape and ∂loss/∂y, writes into the [Tape#gradient] of the inputs
    /// @param inputs   everything y was computed from
    /// @return y
    public Tensor note(Tensor y, BiConsumer<Tape, Tensor> pullback, Tensor... inputs) {
        tape.ifPresent(t -> t.record(y, dy -> pullback.accept(t, dy), inputs));
        return y;
    }

    /// Applies an operation of several results.
    ///
    /// @param x shapes as the operation wants them
    public List<Tensor> apply(Op.Joint op, Tensor... x) {
        check(op, x);
        List<Tensor> inputs = List.of(x);
        List<Tensor> y = op.forward(inputs, memory);
        tape.ifPresent(t -> t.record(
                y,
                dy -> op.pullback(
                        inputs, y, dy, inputs.stream().map(t::gradient).toList()),
                inputs));
        return y;
    }

    private void check(Op op, Tensor... inputs) {
        for (Tensor input : inputs) {
            if (input.device() != memory.device()) {
                throw new IllegalArgumentException(
                        op.name() + ": argument on another device; argument=" + input + ", device=" + memory.device());
            }
        }
    }

    /// A tensor of one number throughout.
    public Tensor constant(Shape shape, float value) {
        Tensor y = memory.empty(shape);
        Fill.bind(y, value);
        return y;
    }

    // --- products ---

    /// activation(x · weight + bias).
    ///
    /// @param x      (n, k)
    /// @param weight (k, m)
    /// @param bias   (m)
    /// @return (n, m)
    public Tensor linear(Tensor x, Tensor weight, Tensor bias, Activation activation) {
        return apply(new Linear(activation), x, weight, bias);
    }

    /// activation(x · weightᵀ + bias): the layer that runs a weight backwards.
    ///
    /// @param x      (n, k)
    /// @param weight (m, k)
    /// @param bias   (m)
    /// @return (n, m)
    public Tensor linearTransposed(Tensor x, Tensor weight, Tensor bias, Activation activation) {
        return apply(new Linear(activation, true), x, weight, bias);
    }

    /// x · weight + bias.
    ///
    /// @param x      (n, k)
    /// @param weight (k, m)
    /// @param bias   (m)
    /// @return (n, m)
    public Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        return linear(x, weight, bias, Activation.NONE);
    }

    /// a · b.
    ///
    /// @param a (n, k) or (q, n, k)
    /// @param b (k, m) or (q, k, m)
    /// @return (n, m) or (q, n, m)
    public Tensor product(Tensor a, Tensor b) {
        return product(a, false, b, false);
    }

    /// op(a) · op(b).
    ///
    /// @param a (n, k), or (k, n) if `transposeA`; a batch of them likewise
    /// @param b (k, m), or (m, k) if `transposeB`; a batch of them likewise
    /// @return (n, m) or (q, n, m)
    public Tensor product(Tensor a, boolean transposeA, Tensor b, boolean transposeB) {
        return apply(new MatrixProduct(transposeA, transposeB), a, b);
    }

    // --- images, channels innermost ---

    /// activation(x ∗ weight + bias).
    ///
    /// @param x      (n, height, width, c)
    /// @param weight (k, kernel height, kernel width, c)
    /// @param bias   (k)
    /// @return (n, out height, out width, k)
    public Tensor convolution(Tensor x, Tensor weight, Tensor bias, Window window, Activation activation) {
        return apply(new Convolution(window, activation), x, weight, bias);
    }

    /// x ∗ weight.
    ///
    /// @param x      (n, height, width, c)
    /// @param weight (k, kernel height, kernel width, c)
    /// @return (n, out height, out width, k)
    public Tensor convolution(Tensor x, Tensor weight, Window window) {
        return apply(new Convolution(window, Activation.NONE), x, weight);
    }

    /// activation(weightᵀ ∗ x + bias): the smallest images that a convolution by `window` takes to the
    /// extents of x.
    ///
    /// @param x      (n, rows, columns, k)
    /// @param weight (k, kernel height, kernel width, c)
    /// @param bias   (c)
    /// @return (n, height, width, c)
    public Tensor transposedConvolution(Tensor x, Tensor weight, Tensor bias, Window window, Activation activation) {
        return apply(TransposedConvolution.smallest(x, window, activation), x, weight, bias);
    }

    /// weightᵀ ∗ x.
    ///
    /// @param x      (n, rows, columns, k)
    /// @param weight (k, kernel height, kernel width, c)
    /// @return (n, height, width, c)
    public Tensor transposedConvolution(Tensor x, Tensor weight, Window window) {
        return apply(TransposedConvolution.smallest(x, window, Activation.NONE), x, weight);
    }

    /// activation(scale · x̂ + shift), x̂ of each channel normalised by the moments of this batch, which the
    /// running ones follow.
    ///
    /// @param x        (…, channels)
    /// @param scale    (channels)
    /// @param shift    (channels)
    /// @param running  updated
    /// @param momentum weight of this batch in the running moments
    /// @param epsilon  added to the variance
    /// @return (…, channels)
    public Tensor batchNormalise(
            Tensor x,
            Tensor scale,
            Tensor shift,
            Moments running,
            float momentum,
            float epsilon,
            Activation activation) {
        return apply(BatchNormalise.training(x, running, momentum, epsilon, activation, memory), x, scale, shift);
    }

    /// activation(scale · x̂ + shift), x̂ of each channel normalised by the running moments.
    ///
    /// @param x       (…, channels)
    /// @param scale   (channels)
    /// @param shift   (channels)
    /// @param running read
    /// @param epsilon added to the variance
    /// @return (…, channels)
    public Tensor normalise(
            Tensor x, Tensor scale, Tensor shift, Moments running, float epsilon, Activation activation) {
        return apply(BatchNormalise.inference(x, running, epsilon, activation, memory), x, scale, shift);
    }

    // --- functions of each element; any shape ---

    /// f of each element.
    ///
    /// @param x any shape
    public Tensor map(Function f, Tensor x) {
        return apply(new Pointwise(f), x);
    }

    /// exp x.
    ///
    /// @param x any shape
    public Tensor exp(Tensor x) {
        return map(Function.EXP, x);
    }

    /// log x, natural.
    ///
    /// @param x any shape
    public Tensor log(Tensor x) {
        return map(Function.LOG, x);
    }

    /// √x.
    ///
    /// @param x any shape
    public Tensor sqrt(Tensor x) {
        return map(Function.SQRT, x);
    }

    /// x².
    ///
    /// @param x any shape
    public Tensor square(Tensor x) {
        return map(Function.SQUARE, x);
    }

    /// |x|.
    ///
    /// @param x any shape
    public Tensor abs(Tensor x) {
        return map(Function.ABS, x);
    }

    /// −x.
    ///
    /// @param x any shape
    public Tensor negate(Tensor x) {
        return map(Function.NEGATE, x);
    }

    /// 1 / (1 + exp(−x)).
    ///
    /// @param x any shape
    public Tensor sigmoid(Tensor x) {
        return map(Function.SIGMOID, x);
    }

    /// tanh x.
    ///
    /// @param x any shape
    public Tensor tanh(Tensor x) {
        return map(Function.TANH, x);
    }

    /// log(1 + exp x).
    ///
    /// @param x any shape
    public Tensor softplus(Tensor x) {
        return map(Function.SOFTPLUS, x);
    }

    /// max(x, 0).
    ///
    /// @param x any shape
    public Tensor relu(Tensor x) {
        return map(Function.RELU, x);
    }

    /// x from 0 up, slope · x below.
    ///
    /// @param x any shape
    public Tensor leakyRelu(Tensor x, float slope) {
        return apply(new Pointwise(Function.LEAKY_RELU, slope), x);
    }

    /// factor · x.
    ///
    /// @param x any shape
    public Tensor times(Tensor x, float factor) {
        return apply(new Scale(factor), x);
    }

    // --- arithmetic; one operand may be a row (cols), a column (rows, 1) or one number ---

    /// a + b.
    ///
    /// @param a any shape
    /// @param b a's shape, or broadcast to it
    public Tensor plus(Tensor a, Tensor b) {
        return apply(new Combine(Arithmetic.PLUS), a, b);
    }

    /// a − b.
    ///
    /// @param a any shape
    /// @param b a's shape, or broadcast to it
    public Tensor minus(Tensor a, Tensor b) {
        return apply(new Combine(Arithmetic.MINUS), a, b);
    }

    /// a · b, element by element.
    ///
    /// @param a any shape
    /// @param b a's shape, or broadcast to it
    public Tensor times(Tensor a, Tensor b) {
        return apply(new Combine(Arithmetic.TIMES), a, b);
    }

    /// a / b, element by element.
    ///
    /// @param a any shape
    /// @param b a's shape, or broadcast to it
    public Tensor divide(Tensor a, Tensor b) {
        return apply(new Combine(Arithmetic.DIVIDE), a, b);
    }

    // --- sums and normalisers ---

    /// Sum of everything.
    ///
    /// @param x any shape
    /// @return size 1
    public Tensor sum(Tensor x) {
        return apply(new Sum(Sum.By.ONE), x);
    }

    /// Mean of everything.
    ///
    /// @param x any shape
    /// @return size 1
    public Tensor mean(Tensor x) {
        return apply(new Sum(Sum.By.COUNT), x);
    }

    /// Minus the mean of everything: the loss where the mean is to become large.
    ///
    /// @param x any shape
    /// @return size 1
    public Tensor minusMean(Tensor x) {
        return apply(new Sum(Sum.By.MINUS_COUNT), x);
    }

    /// Sum of each row. A row of one number is its own sum, and nothing is moved.
    ///
    /// @param x (rows, cols)
    /// @return (rows)
    public Tensor sumRows(Tensor x) {
        return x.shape().cols() == 1 ? reshape(x, x.shape().withoutCols()) : apply(new SumRows(false), x);
    }

    /// Mean of each row, of one number that number as well.
    ///
    /// @param x (rows, cols)
    /// @return (rows)
    public Tensor meanRows(Tensor x) {
        return x.shape().cols() == 1 ? reshape(x, x.shape().withoutCols()) : apply(new SumRows(true), x);
    }

    /// Sum of each column.
    ///
    /// @param x (rows, cols)
    /// @return (cols)
    public Tensor sumColumns(Tensor x) {
        return apply(new SumColumns(false), x);
    }

    /// Mean of each column.
    ///
    /// @param x (rows, cols)
    /// @return (cols)
    public Tensor meanColumns(Tensor x) {
        return apply(new SumColumns(true), x);
    }

    /// Largest of each row, and its place.
    ///
    /// @param x (rows, cols)
    public MaxRows.Result maxRows(Tensor x) {
        return MaxRows.of(x, memory);
    }

    /// Σ_j a[i,j] b[i,j].
    ///
    /// @param a (rows, cols)
    /// @param b (rows, cols)
    /// @return (rows)
    public Tensor dotRows(Tensor a, Tensor b) {
        return apply(new DotRows(), a, b);
    }

    /// v · a + Σ_j softplus(logits), of each row: the free energy of bits, negated.
    ///
    /// @param v      (n, visible)
    /// @param a      (visible)
    /// @param logits (n, hidden)
    /// @return (n), nats
    public Tensor negativeFreeEnergy(Tensor v, Tensor a, Tensor logits) {
        return apply(new NegativeFreeEnergy(), v, a, logits);
    }

    /// Mean of [#negativeFreeEnergy] over the lower rows, less that over the upper ones.
    ///
    /// @param v      (n + m, visible)
    /// @param a      (visible)
    /// @param logits (n + m, hidden)
    /// @param upper  n
    /// @return size 1, nats
    public Tensor freeEnergyContrast(Tensor v, Tensor a, Tensor logits, int upper) {
        return apply(FreeEnergyContrast.of(upper, v.shape().rows(), memory), v, a, logits);
    }

    /// log Σ_j exp x[i,j].
    ///
    /// @param x (rows, cols)
    /// @return (rows)
    public Tensor logSumExpRows(Tensor x) {
        return apply(new LogSumExpRows(false), x);
    }

    /// log (Σ_j exp x[i,j] / cols): the importance-sampling estimate of log p from `cols` log-weights.
    ///
    /// @param x (rows, cols)
    /// @return (rows)
    public Tensor logMeanExpRows(Tensor x) {
        return apply(new LogSumExpRows(true), x);
    }

    /// exp x[i,j] / Σ_k exp x[i,k]; of log-weights, the normalised importance weights.
    ///
    /// @param x (rows, cols)
    /// @return (rows, cols)
    public Tensor softmaxRows(Tensor x) {
        return apply(new SoftmaxRows(), x);
    }

    /// x[i,j] − log Σ_k exp x[i,k].
    ///
    /// @param x (rows, cols)
    /// @return (rows, cols)
    public Tensor logSoftmaxRows(Tensor x) {
        return apply(new LogSoftmaxRows(), x);
    }

    /// Normalised weights, estimate and effective sample size of rows of log-weights, without gradients.
    ///
    /// @param x (rows, cols)
    public ImportanceWeights.Result importanceWeights(Tensor x) {
        return ImportanceWeights.of(x, memory);
    }

    // --- moves ---

    /// x[index[i], :].
    ///
    /// @param x     (rows, cols), f32 or i32; or u8, bytes that are read as byte / 255
    /// @param index (n) i32
    /// @return (n, cols)
    public Tensor gatherRows(Tensor x, Tensor index) {
        return apply(new GatherRows(), x, index);
    }

    /// Σ_k x[index[i,k], :]: a product with a matrix of few ones, given by their places.
    ///
    /// @param x     (rows, cols)
    /// @param index (n, k) i32; what lies outside of the table counts nothing
    /// @return (n, cols)
    public Tensor sumOfRows(Tensor x, Tensor index) {
        return apply(new SumOfRows(), x, index);
    }

    /// x[i, :, index[i,k]].
    ///
    /// @param x     (n, t, s)
    /// @param index (n, m) i32; what lies outside of the columns gives −∞
    /// @return (n, t, m)
    public Tensor gatherColumns(Tensor x, Tensor index) {
        return apply(new GatherColumns(), x, index);
    }

    /// Columns from … to − 1.
    ///
    /// @param x (rows, cols)
    /// @return (rows, to − from)
    public Tensor sliceColumns(Tensor x, int from, int to) {
        return apply(new SliceColumns(from, to), x);
    }

    /// Rows from … to − 1 along the outermost axis.
    ///
    /// @param x (rows, …)
    /// @return (to − from, …)
    public Tensor sliceRows(Tensor x, int from, int to) {
        return apply(new SliceRows(from, to), x);
    }

    /// a and b side by side.
    ///
    /// @param a (rows, p)
    /// @param b (rows, q)
    /// @return (rows, p + q)
    public Tensor concatColumns(Tensor a, Tensor b) {
        return apply(new ConcatColumns(), a, b);
    }

    /// a above b.
    ///
    /// @param a (p, cols)
    /// @param b (q, cols)
    /// @return (p + q, cols)
    public Tensor concatRows(Tensor a, Tensor b) {
        return apply(new ConcatRows(), a, b);
    }

    /// Each row `times` times in a row.
    ///
    /// @param x (n, cols)
    /// @return (n, times, cols)
    public Tensor repeatRows(Tensor x, int times) {
        return apply(new RepeatRows(times), x);
    }

    /// Each number repeated along a row.
    ///
    /// @param x (rows)
    /// @return (rows, cols)
    public Tensor expandRows(Tensor x, int cols) {
        return apply(new ExpandRows(cols), x);
    }

    /// One row repeated.
    ///
    /// @param x (cols)
    /// @return (rows, cols)
    public Tensor expandColumns(Tensor x, int rows) {
        return apply(new ExpandColumns(rows), x);
    }

    /// The same elements under other extents; nothing is moved, and gradients follow.
    ///
    /// @param x any shape
    /// @return `shape`
    public Tensor reshape(Tensor x, Shape shape) {
        return x.as(shape);
    }

    // --- likelihoods, in nats ---

    /// Σ_j log(1 + exp x[i,j]): log Σ_h exp(h · x) over all vectors h of bits.
    ///
    /// @param x (rows, cols)
    /// @return (rows), nats
    public Tensor softplusRows(Tensor x) {
        return apply(new SoftplusRows(), x);
    }

    /// Σ_j log Bernoulli(x[i,j] | sigmoid logits[i,j]).
    ///
    /// @param logits (rows, cols) or (n, samples, cols)
    /// @param x      (rows, cols) or (n, cols), from 0 to 1
    /// @return (rows), nats
    public Tensor bernoulliLogLikelihood(Tensor logits, Tensor x) {
        return apply(new BernoulliLogLikelihood(), logits, x).getFirst();
    }

    /// onto[i] + Σ_j log Bernoulli(x[i,j] | sigmoid logits[i,j]).
    ///
    /// @param logits (rows, cols) or (n, samples, cols)
    /// @param x      (rows, cols) or (n, cols), from 0 to 1
    /// @param onto   (rows) or (n, samples), nats
    /// @return shape of `onto`, nats
    public Tensor bernoulliLogLikelihood(Tensor logits, Tensor x, Tensor onto) {
        return apply(new BernoulliLogLikelihood(), logits, x, onto).getFirst();
    }

    /// Σ_j log N(x[i,j] | mean[i,j], exp logVariance[i,j]).
    ///
    /// @param x           (rows, cols) or (n, samples, cols)
    /// @param mean        (rows, cols) or (n, cols)
    /// @param logVariance shape of mean
    /// @return (rows), nats
    public Tensor gaussianLogLikelihood(Tensor x, Tensor mean, Tensor logVariance) {
        return apply(new GaussianLogLikelihood(), x, mean, logVariance).getFirst();
    }

    /// onto[i] + Σ_j log N(x[i,j] | mean[i,j], exp logVariance[i,j]).
    ///
    /// @param x           (rows, cols) or (n, samples, cols)
    /// @param mean        (rows, cols) or (n, cols)
    /// @param logVariance shape of mean
    /// @param onto        (rows) or (n, samples), nats
    /// @return shape of `onto`, nats
    public Tensor gaussianLogLikelihood(Tensor x, Tensor mean, Tensor logVariance, Tensor onto) {
        return apply(new GaussianLogLikelihood(), x, mean, logVariance, onto).getFirst();
    }

    /// log softmax(logits[i])[label[i]].
    ///
    /// @param logits (rows, cols)
    /// @param label  (rows) i32
    /// @return (rows), nats
    public Tensor categoricalLogLikelihood(Tensor logits, Tensor label) {
        Tensor logSum = memory.empty(logits.shape().withoutCols());
        return apply(new CategoricalLogLikelihood(logSum), logits, label);
    }

    /// KL(N(mean[i], diag exp logVariance[i]) ‖ N(0, I)).
    ///
    /// @param mean        (rows, cols)
    /// @param logVariance (rows, cols)
    /// @return (rows), nats
    public Tensor gaussianKl(Tensor mean, Tensor logVariance) {
        return apply(new GaussianKl(), mean, logVariance);
    }

    /// log N(x[i,s] | mean[i], L Lᵀ), L the lower triangular factor that [CholeskyLogLikelihood] reads.
    ///
    /// @param x      (rows, cols) or (n, samples, cols)
    /// @param mean   (rows, cols) or (n, cols)
    /// @param factor (rows, cols (cols + 1) / 2) or (n, …), packed
    /// @return (rows) or (n, samples), nats
    public Tensor choleskyLogLikelihood(Tensor x, Tensor mean, Tensor factor) {
        return apply(CholeskyLogLikelihood.of(x, memory), x, mean, factor);
    }

    /// KL(N(mean[i], L Lᵀ) ‖ N(0, I)), L the lower triangular factor that [CholeskyLogLikelihood] reads.
    ///
    /// @param mean   (rows, cols)
    /// @param factor (rows, cols (cols + 1) / 2), packed
    /// @return (rows), nats
    public Tensor choleskyKl(Tensor mean, Tensor factor) {
        return apply(new CholeskyKl(), mean, factor);
    }

    // --- draws ---

    /// mean + exp(½ logVariance) ε.
    ///
    /// @param mean        (n, cols)
    /// @param logVariance (n, cols)
    /// @return (n, cols)
    public Tensor reparameterise(Tensor mean, Tensor logVariance, Draw draw) {
        return apply(new Reparameterise(0, draw), mean, logVariance);
    }

    /// `samples` draws of each row.
    ///
    /// @param mean        (n, cols)
    /// @param logVariance (n, cols)
    /// @param samples     at least 1
    /// @return (n, samples, cols)
    public Tensor reparameterise(Tensor mean, Tensor logVariance, int samples, Draw draw) {
        return apply(new Reparameterise(samples, draw), mean, logVariance);
    }

    /// `samples` draws of each row, with their densities and the divergence of their distribution from N(0, I): all
    /// that a bound asks of a diagonal posterior, in one launch.
    ///
    /// @param mean        (n, cols)
    /// @param logVariance (n, cols)
    /// @param samples     at least 1
    public Sample gaussianSample(Tensor mean, Tensor logVariance, int samples, Draw draw) {
        return Sample.of(apply(new GaussianSample(samples, draw), mean, logVariance));
    }

    /// The same of N(mean[i], L Lᵀ), L the lower triangular factor that [CholeskyLogLikelihood] reads.
    ///
    /// @param mean    (n, cols)
    /// @param factor  (n, cols (cols + 1) / 2), packed
    /// @param samples at least 1
    public Sample choleskySample(Tensor mean, Tensor factor, int samples, Draw draw) {
        return Sample.of(apply(new CholeskySample(samples, draw), mean, factor));
    }

    /// Uniform in [0, 1).
    public Tensor uniforms(Shape shape, Draw draw) {
        return Draws.uniforms(shape, draw, memory);
    }

    /// Standard normal.
    public Tensor normals(Shape shape, Draw draw) {
        return Draws.normals(shape, draw, memory);
    }

    /// 1 with probability p, else 0. Nothing flows back to p.
    ///
    /// @param p any shape
    public Tensor bernoullis(Tensor p, Draw draw) {
        return Draws.bernoullis(p, draw, memory);
    }

    /// 1 with probability sigmoid x, else 0. Nothing flows back to x.
    ///
    /// @param logits x, any shape
    public Tensor bernoulliLogits(Tensor logits, Draw draw) {
        return Draws.bernoulliLogits(logits, draw, memory);
    }

    /// 1 with probability sigmoid(x · weight + bias), else 0: half a step of Gibbs sampling. Nothing flows back.
    ///
    /// @param x      (n, k)
    /// @param weight (k, m)
    /// @param bias   (m)
    /// @return (n, m)
    public Tensor bernoulliLinear(Tensor x, Tensor weight, Tensor bias, Draw draw) {
        return Draws.bernoulliLinear(x, weight, bias, false, draw, memory);
    }

    /// 1 with probability sigmoid(x · weightᵀ + bias), else 0: the other half. Nothing flows back.
    ///
    /// @param x      (n, k)
    /// @param weight (m, k)
    /// @param bias   (m)
    /// @return (n, m)
    public Tensor bernoulliLinearTransposed(Tensor x, Tensor weight, Tensor bias, Draw draw) {
        return Draws.bernoulliLinear(x, weight, bias, true, draw, memory);
    }

    /// x, each element kept with probability `keep` and divided by it, else 0.
    ///
    /// @param x any shape
    public Tensor dropout(Tensor x, float keep, Draw draw) {
        return apply(new Dropout(keep, 1 / keep, draw), x);
    }

    /// x, each element kept with probability `keep`, else 0: masking noise.
    ///
    /// @param x any shape
    public Tensor corrupt(Tensor x, float keep, Draw draw) {
        return apply(new Dropout(keep, 1, draw), x);
    }
}
