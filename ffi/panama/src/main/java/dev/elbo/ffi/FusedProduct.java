package dev.elbo.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/// A matrix product with an epilogue, by cuBLASLt, made ready: what a layer's product, bias and ReLU are in one call.
///
/// ```
/// c = epilogue(alpha · op(a) · op(b) + beta · c)
/// ```
///
/// Not every precision, shape and GPU has every epilogue: [#algorithms] is empty then, and the caller falls back to
/// [Blas#product] and a kernel of its own.
public final class FusedProduct {
    /// One way to compute the product.
    ///
    /// @param bits           the library's description in hexadecimal, good for the same version of the library
    /// @param workspaceBytes scratch memory a run needs
    public record Algorithm(String bits, long workspaceBytes) {
        /// @throws IllegalArgumentException if these are not the bits of an algorithm
        private byte[] parse() {
            if (!BITS.matcher(bits).matches()) {
                throw new IllegalArgumentException("product: not an algorithm of cuBLASLt; bits=" + bits);
            }
            return HexFormat.of().parseHex(bits);
        }
    }

    private static final Pattern BITS = Pattern.compile("[0-9a-f]{" + 2 * CuBlasLt.ALGORITHM_BYTES + "}");

    private static final int WORKSPACE_ALIGNMENT = 256;

    private final MemorySegment handle;
    private final MemorySegment descriptor;
    private final Borrowed borrowed;
    private final MemorySegment layoutA;
    private final MemorySegment layoutB;
    private final MemorySegment layoutC;
    private final MemorySegment alpha;
    private final MemorySegment beta;
    // The library's form of the algorithm last run with: a step runs with one, again and again.
    private final MemorySegment chosenBits;
    private Algorithm chosen;

    private FusedProduct(MemorySegment handle, Gemm call, MemorySegment descriptor, Borrowed borrowed, Arena owner) {
        this.handle = handle;
        this.descriptor = descriptor;
        this.borrowed = borrowed;
        layoutA = layout(call.transposedA(), call.m(), call.k(), call.lda(), call.batch(), call.strideA(), owner);
        layoutB = layout(call.transposedB(), call.k(), call.n(), call.ldb(), call.batch(), call.strideB(), owner);
        layoutC = layout(false, call.m(), call.n(), call.ldc(), call.batch(), call.strideC(), owner);
        alpha = owner.allocate(JAVA_FLOAT);
        beta = owner.allocate(JAVA_FLOAT);
        chosenBits = owner.allocate(CuBlasLt.ALGORITHM_BYTES, 8);
    }

    /// Makes a product ready. The library looks at the pointers of bias and aux when it chooses algorithms, so they
    /// are fixed here.
    ///
    /// @param handle     of [CuBlasLt#create], borrowed
    /// @param bias       as the epilogue says, device memory, borrowed; not looked at if it has none
    /// @param aux        likewise
    /// @param auxLeading bits from one row of aux to the next
    /// @param owner      what the descriptors end with
    public static FusedProduct of(
            MemorySegment handle,
            ProductLayout product,
            ProductEpilogue epilogue,
            MemorySegment bias,
            MemorySegment aux,
            long auxLeading,
            Arena owner) {
        Gemm call = product.columnMajor();
        MemorySegment descriptor = CuBlasLt.matmulDescriptor(CuBlas.compute(call.precision()), owner);
        try (Arena frame = Arena.ofConfined()) {
            set(descriptor, CuBlasLt.DESC_TRANSA, CuBlas.op(call.transposedA()), frame);
            set(descriptor, CuBlasLt.DESC_TRANSB, CuBlas.op(call.transposedB()), frame);
            set(descriptor, CuBlasLt.DESC_EPILOGUE, epilogue.value(), frame);
            if (epilogue.usesBias()) {
                set(descriptor, CuBlasLt.DESC_BIAS_POINTER, bias, frame);
            }
            if (epilogue.usesAux()) {
                set(descriptor, CuBlasLt.DESC_EPILOGUE_AUX_POINTER, aux, frame);
                CuBlasLt.setDescriptor(
                        descriptor, CuBlasLt.DESC_EPILOGUE_AUX_LD, frame.allocateFrom(JAVA_LONG, auxLeading));
            }
        }
        return new FusedProduct(
                handle,
                call,
                descriptor,
                Borrowed.of(
                        epilogue.usesBias() ? bias : MemorySegment.NULL, epilogue.usesAux() ? aux : MemorySegment.NULL),
                owner);
    }

    private static void set(MemorySegment descriptor, int attribute, int value, Arena frame) {
        CuBlasLt.setDescriptor(descriptor, attribute, frame.allocateFrom(JAVA_INT, value));
    }

    private static void set(MemorySegment descriptor, int attribute, MemorySegment pointer, Arena frame) {
        CuBlasLt.setDescriptor(descriptor, attribute, frame.allocateFrom(JAVA_LONG, DevicePointer.address(pointer)));
    }

    /// Layout of a column-major matrix whose op is (rows, cols).
    private static MemorySegment layout(
            boolean transposed, int rows, int cols, int leading, int batch, long stride, Arena owner) {
        MemorySegment layout =
                CuBlasLt.matrixLayout(transposed ? cols : rows, transposed ? rows : cols, leading, owner);
        if (batch > 1) {
            try (Arena frame = Arena.ofConfined()) {
                CuBlasLt.setLayout(layout, CuBlasLt.LAYOUT_BATCH_COUNT, frame.allocateFrom(JAVA_INT, batch));
                CuBlasLt.setLayout(layout, CuBlasLt.LAYOUT_STRIDED_BATCH_OFFSET, frame.allocateFrom(JAVA_LONG, stride));
            }
        }
        return layout;
    }

    /// The deterministic algorithms for this product, the library's favourite first.
    ///
    /// @param a              the operands it will run with, or others as well aligned
    /// @param workspaceLimit bytes that an algorithm may need at most
    /// @param count          how many to return at most
    /// @return empty if the library has none
    public List<Algorithm> algorithms(
            MemorySegment a, MemorySegment b, MemorySegment c, long workspaceLimit, int count) {
        List<Algorithm> found = new ArrayList<>();
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment preference = CuBlasLt.preference(frame);
            CuBlasLt.setPreference(
                    preference, CuBlasLt.PREF_MAX_WORKSPACE_BYTES, frame.allocateFrom(JAVA_LONG, workspaceLimit));
            prefer(preference, CuBlasLt.PREF_REDUCTION_SCHEME_MASK, CuBlasLt.REDUCTION_DETERMINISTIC, frame);
            prefer(preference, CuBlasLt.PREF_MIN_ALIGNMENT_A_BYTES, alignment(b), frame);
            prefer(preference, CuBlasLt.PREF_MIN_ALIGNMENT_B_BYTES, alignment(a), frame);
            prefer(preference, CuBlasLt.PREF_MIN_ALIGNMENT_C_BYTES, alignment(c), frame);
            prefer(preference, CuBlasLt.PREF_MIN_ALIGNMENT_D_BYTES, alignment(c), frame);
            MemorySegment results = frame.allocate(count * CuBlasLt.RESULT_BYTES, 8);
            int returned =
                    CuBlasLt.heuristic(handle, descriptor, layoutA, layoutB, layoutC, preference, count, results);
            for (int i = 0; i < returned; i++) {
                MemorySegment result = results.asSlice(i * CuBlasLt.RESULT_BYTES, CuBlasLt.RESULT_BYTES);
                long bytes = result.get(JAVA_LONG, CuBlasLt.RESULT_WORKSPACE);
                if (result.get(JAVA_INT, CuBlasLt.RESULT_STATE) == 0 && bytes <= workspaceLimit) {
                    byte[] bits = result.asSlice(0, CuBlasLt.ALGORITHM_BYTES).toArray(JAVA_BYTE);
                    found.add(new Algorithm(HexFormat.of().formatHex(bits), bytes));
                }
            }
        }
        return found;
    }

    private static void prefer(MemorySegment preference, int attribute, int value, Arena frame) {
        CuBlasLt.setPreference(preference, attribute, frame.allocateFrom(JAVA_INT, value));
    }

    /// What the address is a multiple of, at most [#WORKSPACE_ALIGNMENT] bytes.
    private static int alignment(MemorySegment pointer) {
        return (int) Long.lowestOneBit(pointer.address() | WORKSPACE_ALIGNMENT);
    }

    /// Runs the product.
    ///
    /// @param algorithm one of [#algorithms], now or in an earlier process with the same version of the library
    /// @param a         device memory, borrowed until the stream has come so far; likewise b
    /// @param c         overwritten if `beta` is 0, else added into
    /// @param workspace at least `algorithm.workspaceBytes()` of device memory, aligned to 256 bytes, overwritten
    /// @throws IllegalArgumentException if the algorithm is none, or its workspace is missing or not aligned
    public void run(
            Algorithm algorithm,
            float alpha,
            MemorySegment a,
            MemorySegment b,
            float beta,
            MemorySegment c,
            MemorySegment workspace,
            MemorySegment stream) {
        borrowed.require();
        require(algorithm, workspace);
        this.alpha.set(JAVA_FLOAT, 0, alpha);
        this.beta.set(JAVA_FLOAT, 0, beta);
        if (!algorithm.equals(chosen)) {
            chosenBits.copyFrom(MemorySegment.ofArray(algorithm.parse()));
            chosen = algorithm;
        }
        // a and b change places, as columnMajor() says.
        CuBlasLt.matmul(
                handle,
                descriptor,
                this.alpha,
                b,
                layoutA,
                a,
                layoutB,
                this.beta,
                c,
                layoutC,
                chosenBits,
                workspace,
                algorithm.workspaceBytes(),
                stream);
    }

    private static void require(Algorithm algorithm, MemorySegment workspace) {
        boolean fits = workspace.address() != 0 && alignment(workspace) == WORKSPACE_ALIGNMENT;
        if (algorithm.workspaceBytes() > 0 && !fits) {
            throw new IllegalArgumentException("product: workspace missing or not aligned; address=0x"
                    + Long.toHexString(workspace.address()) + ", alignment=" + WORKSPACE_ALIGNMENT + ", bytes="
                    + algorithm.workspaceBytes());
        }
    }
}
