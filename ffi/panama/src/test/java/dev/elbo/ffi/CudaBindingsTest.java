package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The decision alone; what real libraries make of it is tested where both bindings are.
class CudaBindingsTest {
    private record Given(String name, Support blas, Support dnn) implements CudaBinding {
        @Override
        public Blas blas(MemorySegment stream, MemorySegment workspace, long workspaceBytes, Arena owner) {
            throw new AssertionError("not asked for");
        }

        @Override
        public Dnn dnn(MemorySegment stream, Arena owner) {
            throw new AssertionError("not asked for");
        }
    }

    private static final CudaBinding.Support YES = new CudaBinding.Support(true, "it loads");
    private static final CudaBinding.Support NO = new CudaBinding.Support(false, "it is missing");
    private static final CudaBinding JCUDA = new Given("jcuda", NO, YES);
    private static final CudaBinding PANAMA = new Given("panama", YES, NO);

    @Test
    void eachInterfaceIsServedByTheFirstThatCan() {
        CudaBindings chosen = CudaBindings.of("auto", List.of(JCUDA, PANAMA));
        assertEquals(new CudaBindings.Choice(PANAMA, true, "not jcuda, it is missing; it loads"), chosen.blas());
        assertEquals(new CudaBindings.Choice(JCUDA, true, "it loads"), chosen.dnn());
    }

    @Test
    void nobodyIsTheLastWithItsReason() {
        CudaBinding neither = new Given("jcuda", NO, NO);
        assertEquals(
                new CudaBindings.Choice(PANAMA, false, "it is missing"),
                CudaBindings.of("auto", List.of(neither, PANAMA)).dnn());
    }

    @Test
    void aNamedBindingServesOrNobodyDoes() {
        CudaBindings chosen = CudaBindings.of("jcuda", List.of(JCUDA, PANAMA));
        assertEquals(new CudaBindings.Choice(JCUDA, false, "elbo.cuda.binding=jcuda, it is missing"), chosen.blas());
        assertEquals(new CudaBindings.Choice(JCUDA, true, "elbo.cuda.binding=jcuda, it loads"), chosen.dnn());
    }

    @Test
    void anUnknownNameIsMisuse() {
        assertEquals(
                "elbo.cuda.binding: no such binding; wanted=jni, found=[jcuda, panama]",
                assertThrows(IllegalArgumentException.class, () -> CudaBindings.of("jni", List.of(JCUDA, PANAMA)))
                        .getMessage());
    }
}
