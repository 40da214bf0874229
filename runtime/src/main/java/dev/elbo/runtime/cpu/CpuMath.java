package dev.elbo.runtime.cpu;

/// The inner loops of the CPU: two providers, plain Java and the Vector API, equal in every bit.
///
/// Tensors are f32, row-major, in native memory; element i of a segment is at byte 4 i. Every method does the items
/// `[from, to)` of a launch, writes nothing else and keeps no state, so that a launch can be cut anywhere and its
/// pieces run at once. What is summed across items has one order, whatever the cut, the threads, the vector width
/// or the device:
///
/// ```
/// sum of terms t₀ … tₙ₋₁
///   lanes    s[i] = 0 + t[i] + t[i+16] + t[i+32] + …              16 accumulators, i = 0 … 15, each in this order
///   tree     s[i] += s[i+8], i < 8;  s[i] += s[i+4], i < 4;  s[i] += s[i+2], i < 2;  s[0] += s[1]
///   result   (float) (scale · s[0] / divisor)
/// ```
///
/// Terms are f32; accumulators, tree and division are f64, and the result rounds once to f32. Rows are summed so
/// over their columns, columns over their rows. A sum over everything goes over segments of [RowMath#SEGMENT]
/// elements, and then over the f64 results of the segments, both in this order. Columns of very many rows are summed
/// over segments of [RowMath#SEGMENT_ROWS] rows, each one chain, and then over the results of the segments in this
/// order. `common/rows.cuh` is the same rule
/// on a GPU.
///
/// A product is no sum in this sense: each of its elements is one chain of fused multiply-adds in f32, see
/// [ProductMath].
///
/// Only lane-wise add, multiply, fused multiply-add, divide, square root, comparisons and integer operations are
/// used, and exp, log, sigmoid, softplus and tanh are those of [dev.elbo.runtime.portable.PortableMath]. Methods
/// with `first` overwrite their output if `first`, else add into it. An output may be an input of an elementwise
/// method, at the same index. A NaN equals any NaN.
public interface CpuMath
        extends PointwiseMath,
                RowMath,
                SoftmaxMath,
                NoiseMath,
                FactorMath,
                UpdateMath,
                ProductMath,
                SparseMath,
                ConvolutionMath,
                NormaliseMath,
                ChainMath {
    /// The fastest provider that runs here: the Vector API's where its module is present, as `--add-modules
    /// jdk.incubator.vector` makes it. Each of its loops is a plain one until its vector twin is compiled.
    static CpuMath best() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent() ? LoopedMath.Best.INSTANCE : plain();
    }

    /// Plain Java.
    static CpuMath plain() {
        return LoopedMath.Plain.INSTANCE;
    }
}
