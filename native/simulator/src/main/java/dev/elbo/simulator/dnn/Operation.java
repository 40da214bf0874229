package dev.elbo.simulator.dnn;

import dev.elbo.simulator.dnn.Convolution.Manner;
import dev.elbo.simulator.dnn.Convolution.Pass;
import dev.elbo.simulator.library.NumberType;
import java.util.List;
import java.util.Map;

/// A node of an operation graph.
sealed interface Operation {
    /// What it reads.
    List<BackendTensor> inputs();

    /// What it writes.
    BackendTensor output();

    /// What it adds into, or multiplies by 0 and forgets.
    default float beta() {
        return 0;
    }

    /// Computes the output.
    ///
    /// @param values of each input, in logical order
    float[] apply(Map<BackendTensor, float[]> values, Manner manner);

    /// `output = alpha · pass(first, second) + beta · output`.
    record Convolving(
            Pass pass,
            Convolution convolution,
            BackendTensor x,
            BackendTensor w,
            BackendTensor y,
            float alpha,
            float beta)
            implements Operation {
        /// @param capability of the device, 10 · major + minor
        /// @throws dev.elbo.simulator.shim.Failure NOT_SUPPORTED if no engine multiplies numbers of these types
        void checkTypes(int capability) {
            NumberType type = inputs().getFirst().shape().type();
            if (inputs().getLast().shape().type() != type) {
                throw DnnStatus.NOT_SUPPORTED.because("operands of two types; " + inputs());
            }
            if (!Convolution.takes(type, x.shape(), w.shape(), capability)) {
                throw DnnStatus.NOT_SUPPORTED.because("type=" + type + ", x=" + x + ", w=" + w);
            }
        }

        @Override
        public List<BackendTensor> inputs() {
            return pass == Pass.FORWARD ? List.of(x, w) : pass == Pass.DATA ? List.of(y, w) : List.of(x, y);
        }

        @Override
        public BackendTensor output() {
            return pass == Pass.FORWARD ? y : pass == Pass.DATA ? x : w;
        }

        @Override
        public float[] apply(Map<BackendTensor, float[]> values, Manner manner) {
            float[] result = convolution.run(
                    pass,
                    x.shape(),
                    w.shape(),
                    y.shape(),
                    values.get(inputs().get(0)),
                    values.get(inputs().get(1)),
                    manner);
            for (int i = 0; i < result.length; i++) result[i] *= alpha;
            return result;
        }
    }

    /// A function of one number, or of two.
    ///
    /// @param function which
    /// @param first    its first operand: x, or the argument of the activation whose gradient is wanted
    /// @param second   b or dy; null if there is none
    record Pointwise(PointwiseFunction function, BackendTensor first, BackendTensor second, BackendTensor output)
            implements Operation {
        @Override
        public List<BackendTensor> inputs() {
            return second == null ? List.of(first) : List.of(first, second);
        }

        @Override
        public float[] apply(Map<BackendTensor, float[]> values, Manner manner) {
            float[] x = new Broadcast(first.shape(), output.shape()).apply(values.get(first));
            float[] b = second == null ? x : new Broadcast(second.shape(), output.shape()).apply(values.get(second));
            float[] result = new float[x.length];
            for (int i = 0; i < x.length; i++) result[i] = function.apply(x[i], b[i]);
            return result;
        }
    }
}
