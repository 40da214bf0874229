package dev.elbo.runtime.chain;

import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.Draw;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.ChainMath;

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

    /// f32 where it is certain, logarithms for the rest; or one form for all.
    void logPartition(Form form, Sensitivity sensitivity, Tensor value, Tensor exact, Tensor served) {
        if (form == Form.SCALED_F64 || form == Form.SCAN) {
            throw new IllegalArgumentException("logPartition: a GPU has SCALED_F32 and LOG; form=" + form);
        }
        boolean scaled = form != Form.LOG && !chain.perStep();
        if (scaled) {
            scaled(form == Form.SCALED_F32, sensitivity, value, exact, served);
        }
        if (form != Form.SCALED_F32) {
            logs(scaled, sensitivity, value, exact, served);
        }
    }

    private void scaled(boolean force, Sensitivity sensitivity, Tensor value, Tensor exact, Tensor served) {
        String name = "logPartition";
        int n = chain.n();
        int steps = chain.steps();
        int states = chain.states();
        Tensor matrices = memory.empty(Shape.of(2, states, states));
        Tensor plan = memory.empty(Shape.of(2));
        Tensor forward = memory.empty(chain.unary().shape());
        Tensor backward = sensitivity.unary() != null
                ? sensitivity.unary()
                : memory.empty(chain.unary().shape());
        Tensor w = memory.empty(chain.unary().shape());
        Tensor scales = memory.empty(Shape.of(n, steps));
        Tensor sums = memory.empty(Shape.of(2, n), DType.F64);
        cuda.kernel("chain_plan_f32")
                .args(chain.transitions(), matrices, plan, states, ChainMath.certainSpread(steps, states), force)
                .bind(name);
        cuda.kernel(
                        states <= 8
                                ? "chain_small_f32"
                                : states <= 32
                                        ? "chain_warp_f32"
                                        : states <= 128 ? "chain_block_f32" : "chain_wide_f32")
                .args(chain.unary(), matrices, plan, chain.start(), chain.end(), chain.lengths())
                .args(forward, backward, w, scales, sums, n, steps, states)
                .bind(name);
        cuda.kernel("chain_serve_f32")
                .args(plan, sums, chain.lengths(), value, exact, served, n, steps, force)
                .bind(name);
        if (sensitivity.unary() != null || sensitivity.transitions() != null) {
            cuda.kernel("chain_posterior_f32")
                    .args(forward, backward, w, scales, sums, chain.lengths(), served, n, steps, states)
                    .bind(name);
        }
        if (sensitivity.transitions() != null) {
            cuda.kernel("chain_pairs_f32")
                    .args(matrices, forward, w, chain.lengths(), served, sensitivity.transitions(), n, steps, states)
                    .bind(name);
        }
    }

    /// In logarithms: all sequences, or those that are left.
    private void logs(boolean rest, Sensitivity sensitivity, Tensor value, Tensor exact, Tensor served) {
        Logs logs = logs("logPartition", rest ? served : null);
        cuda.kernel("chain_serve_f64")
                .args(logs.logZ, value, exact, served, chain.n(), !rest)
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
