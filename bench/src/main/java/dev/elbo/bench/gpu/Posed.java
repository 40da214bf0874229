package dev.elbo.bench.gpu;

import dev.elbo.simulator.SimulatedGpu;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/// Runs another program on the GPU of this machine; in a rehearsal (`-Delbo.simulator.poses=true`) on the simulated
/// one, which it then takes for a real one.
final class Posed {
    private Posed() {}

    /// Makes the simulated GPU the one of this process, if this is a rehearsal.
    static void install() {
        if (Boolean.getBoolean("elbo.simulator.poses")) {
            SimulatedGpu.install();
        }
    }

    /// @param args name of a class with a `main`, and its arguments
    public static void main(String[] args) throws ReflectiveOperationException {
        install();
        try {
            Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                    Arrays.copyOfRange(args, 1, args.length));
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("failed: program=" + args[0], e.getCause());
        }
    }
}
