package dev.elbo.runtime.chain;

import dev.elbo.runtime.CudaDevice;
import dev.elbo.runtime.DType;
import dev.elbo.runtime.KernelCall;
import dev.elbo.runtime.Memory;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.cpu.ChainMath;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The launches of log Z and marginals in scaled f32: passes over whole sequences, one by one, sixteen at a time or
/// each by several multiprocessors, or over the chunks of long ones.
///
/// Whether f32 is certain is decided on the device. Sequences for which it is not are left open.
///
/// @param kernels     what they are for
/// @param sensitivity marginals that are wanted
/// @param value       (n), or null
/// @param exact       (n), f64, or null
/// @param served      (n), i32
record SingleKernels(ChainKernels kernels, Sensitivity sensitivity, Tensor value, Tensor exact, Tensor served) {
    private static final String NAME = "logPartition";

    /// Transitions of a chunk, as the kernels have it.
    private static final int CHUNK = 128;

    /// States that a chunk's team of lanes holds. Chains over more are not cut.
    private static final int SCANNED = 32;

    /// States whose transitions fit the registers of a warp, and the first devices with units for TF32.
    private static final int TILED = 32;

    private static final int AMPERE = 80;

    /// States whose transitions fit the registers of a cluster's eight blocks, and the first devices that have
    /// clusters.
    private static final int CLUSTERED = 512;

    private static final int HOPPER = 90;

    /// States of a tile, and the names of the kernels for one to four of them.
    private static final int TILE = 8;

    private static final List<String> TILES = List.of("one", "two", "three", "four");

    private static final int SMALL = 8;
    private static final int WARP = 32;
    private static final int BLOCK = 128;

    /// What the passes leave for those who come after.
    ///
    /// @param forward  (n, t, s), F
    /// @param backward (n, t, s), r; in the end γ
    /// @param w        (n, t, s)
    /// @param sums     (2, n), f64, log Z as both directions see it
    private record Passes(Tensor forward, Tensor backward, Tensor w, Tensor sums) {}

    /// @param form AUTO, SCALED_F32, SCAN, TILES or CLUSTERS; all but AUTO serve all
    void logPartition(Form form) {
        LinearChain chain = chain();
        Tensor unary = sensitivity.unary();
        Shape cells = chain.unary().shape();
        Passes passes = new Passes(
                memory().empty(cells),
                unary != null ? unary : memory().empty(cells),
                memory().empty(cells),
                memory().empty(Shape.of(2, chain.n()), DType.F64));
        boolean force = form != Form.AUTO;
        int scanFrom = chain.states() > SCANNED ? Integer.MAX_VALUE : ChainMath.scanFrom(form, chain.states());
        if (chain.perStep()) {
            ChainKernels.Peaks peaks = kernels.peaks();
            steps(peaks, passes, force);
            finish(passes, Form.SCALED_F32, Integer.MAX_VALUE, force);
            stepPairs(peaks, passes);
        } else {
            Tensor matrices = memory().empty(Shape.of(2, chain.states(), chain.states()));
            Tensor plan = memory().empty(Shape.of(2));
            Form whole = whole(form, scanFrom, way -> {
                // Without a certificate there would be nothing to time.
                plan(matrices, plan, true).run();
                shared(way, matrices, plan, passes, scanFrom).run();
            });
            plan(matrices, plan, force).bind(NAME);
            shared(whole, matrices, plan, passes, scanFrom).bind(NAME);
            if (scanFrom <= chain.steps()) {
                scan(matrices, plan, passes, scanFrom);
            }
            finish(passes, whole, scanFrom, force);
            pairs(matrices, passes);
        }
    }

    /// The weights of the transitions, and whether f32 is certain to be right for them.
    private KernelCall plan(Tensor matrices, Tensor plan, boolean force) {
        return cuda().kernel("chain_plan_f32")
                .args(chain().transitions(), matrices, plan, chain().states(), limit(), force);
    }

    /// How whole sequences are passed over: as was asked, or as was the fastest of what the device can do.
    ///
    /// @param trial passes over them, for the clock alone
    private Form whole(Form form, int scanFrom, Consumer<Form> trial) {
        LinearChain chain = chain();
        List<Form> able = new ArrayList<>(List.of(Form.SCALED_F32));
        if (chain.states() <= TILED && cuda().computeCapability() >= AMPERE) {
            able.add(Form.TILES);
        }
        if (chain.states() > BLOCK && chain.states() <= CLUSTERED && cuda().computeCapability() >= HOPPER) {
            able.add(Form.CLUSTERS);
        }
        if (form != Form.AUTO || able.size() == 1 || scanFrom <= chain.steps()) {
            return able.contains(form) ? form : Form.SCALED_F32;
        }
        String task = "chains of %d x %d x %d".formatted(chain.n(), chain.steps(), chain.states());
        List<String> ways = able.stream().map(Form::name).toList();
        return Form.valueOf(cuda().fastest(task, ways, way -> trial.accept(Form.valueOf(way))));
    }

    /// Over whole sequences that share one matrix.
    private KernelCall shared(Form whole, Tensor matrices, Tensor plan, Passes passes, int scanFrom) {
        LinearChain chain = chain();
        int states = chain.states();
        String team = switch (whole) {
            case TILES -> "tiles_" + TILES.get((states - 1) / TILE);
            case CLUSTERS -> "clusters";
            default -> states <= SMALL ? "small" : states <= WARP ? "warp" : states <= BLOCK ? "block" : "wide";
        };
        return cuda().kernel("chain_" + team + "_f32")
                .args(chain.unary(), matrices, plan, chain.start(), chain.end(), chain.lengths())
                .args(
                        passes.forward,
                        passes.backward,
                        passes.w,
                        passes.sums,
                        chain.n(),
                        chain.steps(),
                        states,
                        scanFrom);
    }

    /// Over whole sequences with a matrix for every step.
    private void steps(ChainKernels.Peaks peaks, Passes passes, boolean force) {
        LinearChain chain = chain();
        int states = chain.states();
        String team = states <= WARP ? "warp" : states <= BLOCK ? "block" : "wide";
        cuda().kernel("chain_steps_" + team + "_f32")
                .args(chain.unary(), chain.transitions(), peaks.largest(), peaks.spreads(), chain.start(), chain.end())
                .args(chain.lengths(), passes.forward, passes.backward, passes.w, passes.sums)
                .args(chain.n(), chain.steps(), states, limit(), force)
                .bind(NAME);
    }

    /// Over the chunks of sequences of at least `scanFrom` steps.
    private void scan(Tensor matrices, Tensor plan, Passes passes, int scanFrom) {
        LinearChain chain = chain();
        int n = chain.n();
        int steps = chain.steps();
        int states = chain.states();
        int chunks = Math.ceilDiv(steps - 1, CHUNK);
        String team = states <= SMALL ? "small_f32" : "warp_f32";
        Tensor products = memory().empty(Shape.of(n, chunks, states, states));
        Tensor exponents = memory().empty(Shape.of(n, chunks, states), DType.I32);
        Tensor maxima = memory().empty(Shape.of(n, chunks), DType.F64);
        Tensor seams = memory().empty(Shape.of(3, n, chunks, states));
        cuda().kernel("chain_scan_products_" + team)
                .args(chain.unary(), matrices, plan, chain.start(), chain.end(), chain.lengths())
                .args(products, exponents, maxima, n, chunks, steps, states, scanFrom)
                .bind(NAME);
        cuda().kernel("chain_scan_seams_f64")
                .args(chain.unary(), plan, chain.start(), chain.end(), chain.lengths(), products, exponents, maxima)
                .args(seams, passes.sums, n, chunks, steps, states, scanFrom)
                .bind(NAME);
        if (!sensitivity.wanted()) {
            return;
        }
        cuda().kernel("chain_scan_back_" + team)
                .args(chain.unary(), matrices, plan, chain.start(), chain.end(), chain.lengths())
                .args(seams, n, chunks, steps, states, scanFrom)
                .bind(NAME);
        cuda().kernel("chain_scan_both_" + team)
                .args(chain.unary(), matrices, plan, chain.start(), chain.end(), chain.lengths())
                .args(seams, passes.forward, passes.backward, passes.w, n, chunks, steps, states, scanFrom)
                .bind(NAME);
    }

    /// log Z, and γ where anything of it is wanted.
    ///
    /// @param whole what sequences that were not cut have been served by
    private void finish(Passes passes, Form whole, int scanFrom, boolean force) {
        LinearChain chain = chain();
        cuda().kernel("chain_serve_f32")
                .args(passes.sums, chain.lengths(), value, exact, served, chain.n(), chain.steps(), scanFrom)
                .args(whole.ordinal(), force)
                .bind(NAME);
        if (sensitivity.wanted()) {
            cuda().kernel("chain_posterior_f32")
                    .args(passes.forward, passes.backward, passes.w, passes.sums, chain.lengths(), served)
                    .args(chain.n(), chain.steps(), chain.states())
                    .bind(NAME);
        }
    }

    private void pairs(Tensor matrices, Passes passes) {
        LinearChain chain = chain();
        if (sensitivity.transitions() != null) {
            cuda().kernel("chain_pairs_f32")
                    .args(matrices, passes.forward, passes.w, passes.sums, chain.lengths(), served)
                    .args(sensitivity.transitions(), chain.n(), chain.steps(), chain.states())
                    .bind(NAME);
        }
    }

    private void stepPairs(ChainKernels.Peaks peaks, Passes passes) {
        LinearChain chain = chain();
        Tensor pairs = sensitivity.transitions();
        if (pairs != null) {
            cuda().kernel("chain_steps_pairs_f32")
                    .args(chain.transitions(), peaks.largest(), passes.forward, passes.w, passes.sums)
                    .args(chain.lengths(), served, pairs, pairs.shape().size(), chain.steps(), chain.states())
                    .bind(NAME);
        }
    }

    private float limit() {
        return ChainMath.certainSpread(chain().steps(), chain().states());
    }

    private LinearChain chain() {
        return kernels.chain();
    }

    private CudaDevice cuda() {
        return kernels.cuda();
    }

    private Memory memory() {
        return kernels.memory();
    }
}
