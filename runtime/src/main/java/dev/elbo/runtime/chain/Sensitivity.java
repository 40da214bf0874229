package dev.elbo.runtime.chain;

import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.Gradient;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Tape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.ChainResults;
import dev.elbo.runtime.cpu.ChainScores;

/// How one value per sequence depends on the scores: kept by the forward call, so that every pullback is a product.
///
/// ```
/// dUnary[q,t,i]       += dValue[q] · unary[q,t,i]
/// dTransitions[i,j]   += Σ_q dValue[q] · transitions[q,i,j]          or, per step, as the unary scores
/// dStart[i]           += Σ_q dValue[q] · unary[q,0,i]                 dEnd likewise at the last step
/// ```
///
/// @param unary       (n, t, s), zero in the padding; or null
/// @param transitions (n, s, s) of a shared matrix, (n, t − 1, s, s) of matrices per step; or null
record Sensitivity(Tensor unary, Tensor transitions) {
    /// Room for what the tape asks for.
    static Sensitivity wanted(Ops f, LinearChain chain) {
        boolean unary = f.follows(chain.unary())
                || chain.start() != null && f.follows(chain.start())
                || chain.end() != null && f.follows(chain.end());
        return of(chain, unary, f.follows(chain.transitions()), f.memory());
    }

    static Sensitivity of(LinearChain chain, boolean unary, boolean transitions, Memory memory) {
        return new Sensitivity(
                unary ? memory.empty(chain.unary().shape()) : null,
                transitions ? memory.empty(chain.transitionsEach()) : null);
    }

    /// Whether any of it is asked for.
    boolean wanted() {
        return unary != null || transitions != null;
    }

    /// Where the CPU writes.
    ///
    /// @param value  (n), or null
    /// @param exact  (n) f64, or null
    /// @param served (n) i32
    ChainResults onCpu(Tensor value, Tensor exact, Tensor served) {
        return new ChainResults(
                LinearChain.dataOf(value),
                LinearChain.dataOf(exact),
                served.data(),
                LinearChain.dataOf(unary),
                LinearChain.dataOf(transitions));
    }

    /// Notes the pullback of `value`.
    ///
    /// @param value (n)
    Tensor note(Ops f, String name, LinearChain chain, Tensor value) {
        return f.note(value, (tape, dValue) -> pullback(name, chain, tape, dValue), chain.scores());
    }

    private void pullback(String name, LinearChain chain, Tape tape, Tensor dValue) {
        Gradient dUnary = tape.gradient(chain.unary());
        if (dUnary.wanted()) {
            scale(name, dValue, unary, dUnary);
        }
        Gradient dTransitions = tape.gradient(chain.transitions());
        if (dTransitions.wanted() && chain.perStep()) {
            scale(name, dValue, transitions, dTransitions);
        } else if (dTransitions.wanted()) {
            sum(name, dValue, dTransitions);
        }
        if (chain.start() != null && tape.gradient(chain.start()).wanted()) {
            sumEdges(name, chain, dValue, tape.gradient(chain.start()), false);
        }
        if (chain.end() != null && tape.gradient(chain.end()).wanted()) {
            sumEdges(name, chain, dValue, tape.gradient(chain.end()), true);
        }
    }

    private static void scale(String name, Tensor dValue, Tensor x, Gradient gradient) {
        Tensor dx = gradient.into();
        boolean first = gradient.first();
        long n = dValue.shape().size();
        long each = n == 0 ? 0 : x.shape().size() / n;
        switch (dx.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) ->
                        cpu.math().scaleSequences(dValue.data(), x.data(), dx.data(), each, from, to, first);
                cpu.bind(name, n, each, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("chain_scale_pullback_f32")
                        .args(dValue, x, dx, n, each, first)
                        .bind(name);
        }
    }

    private void sum(String name, Tensor dValue, Gradient gradient) {
        Tensor dx = gradient.into();
        boolean first = gradient.first();
        int n = dValue.shape().cols();
        long each = dx.shape().size();
        switch (dx.device()) {
            case CpuDevice cpu -> {
                CpuDevice.Block some = (from, to) ->
                        cpu.math().sumSequences(dValue.data(), transitions.data(), dx.data(), n, each, from, to, first);
                cpu.bind(name, each, n, some);
            }
            case CudaDevice cuda ->
                cuda.kernel("chain_sum_pullback_f32")
                        .args(dValue, transitions, dx, n, each, first)
                        .bind(name);
        }
    }

    private void sumEdges(String name, LinearChain chain, Tensor dValue, Gradient gradient, boolean last) {
        Tensor dx = gradient.into();
        boolean first = gradient.first();
        switch (dx.device()) {
            case CpuDevice cpu -> {
                ChainScores scores = chain.onCpu();
                CpuDevice.Block some = (from, to) ->
                        cpu.math().sumEdges(scores, dValue.data(), unary.data(), dx.data(), last, from, to, first);
                cpu.bind(name, chain.states(), chain.n(), some);
            }
            case CudaDevice cuda ->
                cuda.kernel("chain_edges_pullback_f32")
                        .args(chain.lengths(), dValue, unary, dx)
                        .args(chain.n(), chain.steps(), chain.states(), last, first)
                        .bind(name);
        }
    }
}
