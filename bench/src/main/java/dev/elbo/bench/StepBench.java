package dev.elbo.bench;

import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Workload;
import dev.elbo.bench.work.Workloads;
import dev.elbo.runtime.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Question: how long is a whole training step, beside the same step of other libraries on the same machine?
///
/// JMH runs Elbo alone. [#main] lets Elbo and its peers take turns instead, which is fair on a machine with other
/// work, and writes the tables.
@State(Scope.Thread)
public class StepBench extends WorkloadBench {
    @Param("vae")
    String step;

    @Override
    String workload() {
        return step;
    }

    /// Measures all steps, or those that are named.
    ///
    /// @param arguments folder of the results, then names of workloads
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        List<Sized> steps = arguments.length == 1
                ? Workloads.of(Workload.Kind.STEP)
                : Arrays.stream(arguments).skip(1).map(Workloads::named).toList();
        List<Contender.Library> peers = Libraries.here();
        for (Sized each : steps) {
            try (Device cpu = Devices.open("cpu")) {
                Map<String, String> measured = Turns.measure(each, cpu, peers, Turns.Pace.CAREFUL);
                System.out.println(measured);
                Results.append(results.resolve(StepTables.FILE), measured);
            }
        }
        StepTables.write(results);
    }
}
