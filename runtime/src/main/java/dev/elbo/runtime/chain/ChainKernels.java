package dev.elbo.runtime.chain;

import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// The launches of chain inference on a GPU. What serves a sequence is decided there: every kernel of a form leaves
/// alone what another form has served.
///
/// @param memory where room to work in comes from
record ChainKernels(CudaDevice cuda, LinearChain chain, Memory memory) {
    private static final int WIDEST = 1024;

    ChainKernels {
        if (chain.states() > WIDEST) {
            throw new IllegalArgumentException(
                    "chain: a GPU serves up to " + WIDEST + " states; unary=" + chain.unary());
        }
    }

    /// The first form that is certain for a sequence; or one form for all.
    void logPartition(Form form, Sensitivity sensitivity, Tensor value, Tensor exact, Tensor served) {
        boolean single = form != Form.SCALED_F64 && form != Form.LOG;
        boolean exactly = form == Form.AUTO || form == Form.SCALED_F64;
        if (single) {
            new SingleKernels(this, sensitivity, value, exact, served).logPartition(form);
        }
        if (exactly) {
            scaled(form, sensitivity, value, exact, served);
        }
        if (form == Form.AUTO || form == Form.LOG) {
            logs(form, sensitivity, value, exact, served);
        }
    }

    /// In scaled f64: all sequences, or those that are left and lose nothing by it.
    private void scaled(Form form, Sensitivity sensitivity, Tensor value, Tensor exact, Tensor served) {
        String name = "logPartition";
        boolean all = form == Form.SCALED_F64;
        int n = chain.n();
        int steps = chain.steps();
        int states = chain.states();
        int directions = sensitivity.wanted() ? 2 : 1;
        Shape places = Shape.of(n, steps);
        Tensor weights = chain.perStep() ? null : memory.empty(Shape.of(2, states, states), DType.F64);
        Tensor peaks = chain.perStep() ? peaks().largest : memory.empty(Shape.of(1));
        Tensor values = memory.empty(Shape.of(2, n, steps, states), DType.F64);
        Tensor w = memory.empty(chain.unary().shape(), DType.F64);
        Tensor outs = memory.empty(places, DType.I32);
        Tensor joints = memory.empty(places, DType.F64);
        Tensor lost = memory.empty(Shape.of(2, n, steps), DType.I32);
        Tensor logZ = memory.empty(Shape.of(n), DType.F64);
        Tensor earlier = all ? null : served;
        if (!chain.perStep()) {
            cuda.kernel("chain_weights_f64")
                    .args(chain.transitions(), weights, peaks, states)
                    .bind(name);
        }
        cuda.kernel("chain_scaled_f64")
                .args(chain.unary(), chain.transitions(), weights, peaks, chain.start(), chain.end())
                .args(chain.lengths(), earlier, values, w, outs, lost, logZ)
                .args(n, steps, states, chain.perStep(), directions)
                .bind(name);
        if (sensitivity.wanted()) {
            cuda.kernel("chain_watch_f64")
                    .args(chain.unary(), chain.transitions(), chain.start(), chain.end(), chain.lengths())
                    .args(earlier, values, outs, joints, lost, n, steps, states, chain.perStep())
                    .bind(name);
        }
        cuda.kernel("chain_scaled_serve_f64")
                .args(logZ, lost, chain.lengths(), value, exact, served, n, steps, directions, all, all)
                .bind(name);
        if (sensitivity.unary() != null) {
            cuda.kernel("chain_scaled_marginals_f64")
                    .args(chain.lengths(), served, values, joints, logZ, sensitivity.unary(), n, steps, states)
                    .bind(name);
        }
        if (sensitivity.transitions() != null) {
            cuda.kernel("chain_scaled_pairs_f64")
                    .args(chain.transitions(), weights, peaks, chain.lengths(), served, values, w, outs, joints)
                    .args(logZ, sensitivity.transitions(), n, outer(), steps, states, chain.perStep())
                    .bind(name);
        }
    }

    /// Of the matrices of every step.
    ///
    /// @param largest (n, t − 1), their largest scores
    /// @param spreads (n, t − 1), largest less smallest, +∞ where f32 cannot hold a score's weight
    record Peaks(Tensor largest, Tensor spreads) {}

    Peaks peaks() {
        int matrices = chain.n() * Math.max(0, chain.steps() - 1);
        Shape each = Shape.of(chain.n(), Math.max(1, chain.steps() - 1));
        Peaks peaks = new Peaks(memory.empty(each), memory.empty(each));
        cuda.kernel("chain_peaks_f32")
                .args(chain.transitions(), chain.lengths(), peaks.largest, peaks.spreads)
                .args(matrices, chain.steps(), chain.states())
                .bind("logPartition");
        return peaks;
    }

    /// In logarithms: all sequences, or those that are left.
    private void logs(Form form, Sensitivity sensitivity, Tensor value, Tensor exact, Tensor served) {
        boolean all = form == Form.LOG;
        Logs logs = logs("logPartition", all ? null : served);
        cuda.kernel("chain_serve_f64")
                .args(logs.logZ, value, exact, served, chain.n(), all)
                .bind("logPartition");
        slopes("logPartition", logs, null, null, sensitivity, served);
    }

    /// Both passes in logarithms.
    ///
    /// @param alphasAndBetas (2, n, t, s), f64
    /// @param logZ           (n), f64
    private record Logs(Tensor alphasAndBetas, Tensor logZ) {}

    private Logs logs(String name, Tensor served) {
        Logs logs = new Logs(
                memory.empty(Shape.of(2, chain.n(), chain.steps(), chain.states()), DType.F64),
                memory.empty(Shape.of(chain.n()), DType.F64));
        cuda.kernel("chain_logs_f64")
                .args(chain.unary(), chain.transitions(), chain.start(), chain.end(), chain.lengths(), served)
                .args(logs.alphasAndBetas, logs.logZ, chain.n(), chain.steps(), chain.states(), chain.perStep())
                .bind(name);
        return logs;
    }

    /// ∂value/∂scores: marginals, or with codes those of the entropy.
    private void slopes(String name, Logs logs, Tensor codes, Tensor entropy, Sensitivity sensitivity, Tensor served) {
        if (sensitivity.unary() != null) {
            cuda.kernel("chain_marginals_f64")
                    .args(chain.lengths(), served, logs.alphasAndBetas, codes, logs.logZ, entropy)
                    .args(sensitivity.unary(), chain.n(), chain.steps(), chain.states())
                    .bind(name);
        }
        if (sensitivity.transitions() != null) {
            cuda.kernel("chain_pairs_f64")
                    .args(chain.unary(), chain.transitions(), chain.start(), chain.end(), chain.lengths(), served)
                    .args(logs.alphasAndBetas, codes, logs.logZ, entropy, sensitivity.transitions())
                    .args(chain.n(), outer(), chain.steps(), chain.states(), chain.perStep())
                    .bind(name);
        }
    }

    /// Matrices that a sequence has of its own.
    private int outer() {
        return chain.perStep() ? Math.max(0, chain.steps() - 1) : 1;
    }

    void entropy(Sensitivity sensitivity, Tensor value, Tensor served) {
        Logs logs = logs("entropy", null);
        Tensor codes = memory.empty(logs.alphasAndBetas.shape(), DType.F64);
        Tensor exact = memory.empty(value.shape(), DType.F64);
        cuda.kernel("chain_codes_f64")
                .args(chain.unary(), chain.transitions(), chain.start(), chain.end(), chain.lengths())
                .args(logs.alphasAndBetas, codes, chain.n(), chain.steps(), chain.states(), chain.perStep())
                .bind("entropy");
        cuda.kernel("chain_entropy_f64")
                .args(chain.lengths(), logs.alphasAndBetas, codes, logs.logZ, value, exact, served)
                .args(chain.n(), chain.steps(), chain.states())
                .bind("entropy");
        slopes("entropy", logs, codes, exact, sensitivity, served);
    }

    void logLikelihood(Tensor labels, Sensitivity sensitivity, Tensor value, Tensor exact) {
        cuda.kernel("chain_likelihood_f32")
                .args(chain.unary(), chain.transitions(), chain.start(), chain.end(), chain.lengths(), labels, exact)
                .args(value, sensitivity.unary(), sensitivity.transitions(), chain.n(), outer())
                .args(chain.steps(), chain.states(), chain.perStep())
                .bind("logLikelihood");
    }

    void bestPaths(int k, Tensor paths, Tensor scores) {
        int n = chain.n();
        int states = chain.states();
        Tensor ways = memory.empty(Shape.of(n, 2, states, k), DType.F64);
        Tensor links = memory.empty(Shape.of(n, Math.max(1, chain.steps()), states, k), DType.I32);
        Tensor taken = memory.empty(Shape.of(n, states, states), DType.I32);
        cuda.kernel("chain_best_paths_f64")
                .args(chain.unary(), chain.transitions(), chain.start(), chain.end(), chain.lengths())
                .args(ways, links, taken, paths, scores, n, chain.steps(), states, chain.perStep(), k)
                .bind("bestPaths");
    }

    void samples(int draws, Draw draw, Tensor paths) {
        Logs logs = logs("samples", null);
        cuda.kernel("chain_samples_f64")
                .args(logs.alphasAndBetas, chain.transitions(), chain.lengths(), logs.logZ, draw.words(), paths)
                .args(draw.operation(), chain.n(), draws, chain.steps(), chain.states(), chain.perStep())
                .bind("samples");
    }
}
