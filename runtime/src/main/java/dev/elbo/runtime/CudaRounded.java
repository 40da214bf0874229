package dev.elbo.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Copies in bf16 of what the convolutions of a [CudaDevice] multiply.
///
/// A tensor of a recorded step is rounded once, however many convolutions read it, until something writes there: each
/// launch says where it does. Outside a step every convolution has copies of its own.
final class CudaRounded {
    private final CudaDevice cuda;
    private final List<Copy> copies = new ArrayList<>();
    private Arena recording;

    /// @param of    what was rounded
    /// @param words of two numbers each
    private record Copy(Tensor of, Tensor words) {
        boolean isOf(Tensor x) {
            return of.data().address() == x.data().address() && of.bytes() == x.bytes();
        }
    }

    CudaRounded(CudaDevice cuda) {
        this.cuda = cuda;
    }

    /// The numbers of `x` as bf16, in words of two.
    ///
    /// @param x     any shape, f32
    /// @param frame owns the copy if no step is being recorded
    Tensor of(String operation, Tensor x, Arena frame) {
        Arena step = step();
        for (Copy copy : copies) {
            if (copy.isOf(x)) {
                return copy.words;
            }
        }
        long bytes = bytes(x);
        MemorySegment room =
                step == null ? cuda.reserve(bytes, frame) : cuda.allocate(bytes, "bf16 copies of a step", step);
        Tensor words = words(x, room, cuda);
        cuda.kernel("round_bf16").args(x, words, x.shape().size()).bind(operation);
        if (step != null) {
            copies.add(new Copy(x, words));
        }
        return words;
    }

    /// Forgets the copies of what has changed.
    ///
    /// @param written any shapes
    void written(List<Tensor> written) {
        step();
        copies.removeIf(copy -> CudaBranches.touch(List.of(copy.of), written));
    }

    /// The owner of the step being recorded, or null; another one begins without copies.
    private Arena step() {
        Arena step = cuda.recordingOwner();
        if (recording != step) {
            copies.clear();
            recording = step;
        }
        return step;
    }

    /// What the numbers of `x` take as bf16, in whole words.
    ///
    /// @param x any shape
    static long bytes(Tensor x) {
        return Math.ceilDiv(x.shape().size(), 2L) * Integer.BYTES;
    }

    /// Words for the numbers of `x` as bf16, of any content.
    ///
    /// @param x any shape
    static Tensor words(Tensor x, MemorySegment room, CudaDevice cuda) {
        return new Tensor(Shape.of(Math.toIntExact(bytes(x) / Integer.BYTES)), DType.I32, room, cuda);
    }
}
