package dev.elbo.runtime.chain;

/// How the sum-product recursion of a chain represents its numbers. Reported per sequence by its [#ordinal()].
public enum Form {
    /// The fastest form that is certain to be right for the scores at hand, chosen anew at every run.
    ///
    /// Where the transitions bear a certificate it is [#SCALED_F32], and for long sequences of few states that
    /// share one matrix [#SCAN]; else [#SCALED_F64] while no number has left its range, else [#LOG]. A matrix that
    /// all sequences share bears it for all; matrices of single steps for their own sequence. [#TILES] or
    /// [#CLUSTERS] stands in for [#SCALED_F32] where the device's [dev.elbo.runtime.CudaTuning] has found it to be
    /// faster.
    AUTO,
    /// f32, every step scaled by an exact power of two. States more than 2¹⁴⁹ below the step's largest are lost.
    SCALED_F32,
    /// f64, scaled likewise. States more than 2¹⁰⁰⁰ below the step's largest are lost.
    SCALED_F64,
    /// f64 logarithms: nothing is ever lost, and a transition of −∞ costs nothing.
    LOG,
    /// [#SCALED_F32], with one sequence cut into chunks whose transfer matrices are found side by side: for long
    /// sequences of few states that share one matrix. On a GPU for up to 32 states; [#SCALED_F32] serves the
    /// others, and sequences too short to be cut.
    SCAN,
    /// [#SCALED_F32], sixteen sequences at a time on a GPU's matrix units: for many sequences of up to 32 states
    /// that share one matrix, on GPUs of compute capability 8.0 and later. A product of two f32 is three of TF32.
    /// [#SCALED_F32] serves everything else, and on a CPU all.
    TILES,
    /// [#SCALED_F32], each sequence by a cluster of a GPU's multiprocessors that hold the matrix between them: for
    /// 129 to 512 states that share one matrix, on GPUs of compute capability 9.0 and later. [#SCALED_F32] serves
    /// everything else, and on a CPU all.
    CLUSTERS;

    private static final Form[] ALL = values();

    /// The form a sequence reports.
    ///
    /// @param code its [#ordinal()]
    public static Form of(int code) {
        return ALL[code];
    }
}
