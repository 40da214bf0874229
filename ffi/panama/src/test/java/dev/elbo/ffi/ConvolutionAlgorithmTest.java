package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Which of the library's algorithms Elbo accepts, and what it calls them.
class ConvolutionAlgorithmTest {
    @Test
    void namesReadBack() {
        LegacyAlgorithm legacy = new LegacyAlgorithm(6, 0, 512, true, 1);
        assertEquals(legacy, LegacyAlgorithm.parse(legacy.toAlgorithm()));
        Engine engine = new Engine(34, List.of(new Engine.Knob(2, 1), new Engine.Knob(17, -3)), List.of());
        ConvolutionAlgorithm named = new ConvolutionAlgorithm(engine.name(), 0);
        assertEquals("engine 34 knobs 2:1 17:-3", named.name());
        assertTrue(Engine.names(named));
        assertEquals(engine, Engine.parse(named));
        Engine bare = new Engine(0, List.of(), List.of());
        assertEquals(bare, Engine.parse(new ConvolutionAlgorithm(bare.name(), 0)));
    }

    @Test
    void onlyDeterministicAlgorithmsWithinTheWorkspaceAreAccepted() {
        assertTrue(new LegacyAlgorithm(1, 0, 100, true, CuDnn.FMA_MATH).fits(Precision.FP32, 100));
        assertFalse(new LegacyAlgorithm(1, 0, 100, true, CuDnn.FMA_MATH).fits(Precision.FP32, 99));
        assertFalse(new LegacyAlgorithm(0, 0, 0, false, CuDnn.FMA_MATH).fits(Precision.FP32, 100));
        assertFalse(new LegacyAlgorithm(1, 3000, 0, true, CuDnn.FMA_MATH).fits(Precision.FP32, 100));
    }

    @Test
    void mathTypesKeepThePrecision() {
        int conversionToHalf = 2;
        for (Precision precision : Precision.values()) {
            boolean relaxed = precision != Precision.FP32;
            assertTrue(of(CuDnn.FMA_MATH).fits(precision, 0));
            assertEquals(relaxed, of(CuDnn.DEFAULT_MATH).fits(precision, 0));
            assertEquals(relaxed, of(CuDnn.TENSOR_OP_MATH).fits(precision, 0));
            assertFalse(of(conversionToHalf).fits(precision, 0));
        }
    }

    private static LegacyAlgorithm of(int math) {
        return new LegacyAlgorithm(1, 0, 0, true, math);
    }

    @Test
    void notesKeepThePrecision() {
        int tensorCore = 0;
        int downConvertInputs = 1;
        int reducedPrecisionReduction = 2;
        int nondeterministic = 4;
        for (Precision precision : Precision.values()) {
            boolean relaxed = precision != Precision.FP32;
            assertTrue(with().fits(precision));
            assertEquals(relaxed, with(tensorCore, downConvertInputs).fits(precision));
            assertFalse(with(tensorCore, reducedPrecisionReduction).fits(precision));
            assertFalse(with(nondeterministic).fits(precision));
        }
    }

    private static Engine with(Integer... notes) {
        return new Engine(1, List.of(), List.of(notes));
    }
}
