package dev.elbo.simulator.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.elbo.simulator.Report;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

class SimulatedGpuExtensionTest {
    /// What a program's test looks like from inside; run by the tests below alone.
    @ExtendWith(SimulatedGpuExtension.class)
    static class Sample {
        @Test
        void isFine() {
            assertNotNull(SimulatedGpu.installed());
        }

        @Test
        void usesAStreamThatNeverWas() throws Throwable {
            Path library = Path.of(System.getProperty("elbo.library.cuda"));
            var symbols = SymbolLookup.libraryLookup(library, Arena.global());
            int ignored = (int) Linker.nativeLinker()
                    .downcallHandle(
                            symbols.findOrThrow("cuStreamDestroy_v2"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG))
                    .invokeExact(12345L);
            assertEquals(400, ignored);
        }
    }

    private static SummaryGeneratingListener run() {
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectClass(Sample.class))
                                .build(),
                        summary);
        return summary;
    }

    @AfterEach
    void forget() {
        SimulatedGpu.installed().takeReports();
    }

    @Test
    void aTestFailsForWhatTheDeviceNoticed() {
        SimulatedGpu.install();
        var summary = run().getSummary();
        assertEquals(1, summary.getTestsSucceededCount());
        assertEquals(1, summary.getTestsFailedCount());
        String said = summary.getFailures().getFirst().getException().getMessage();
        assertTrue(said.contains(Report.Kind.HANDLE + ": not a live stream; handle=0x3039, never given out"), said);
    }

    @Test
    void theSessionInstallsTheDeviceItIsAskedFor() {
        assertEquals("simulated", System.getProperty("elbo.test.device"));
        assertTrue(SimulatedGpuSession.wanted());
        assertNotNull(SimulatedGpu.installed(), "installed before the first test class");
    }
}
