package dev.elbo.bench;

import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Workload;
import dev.elbo.bench.work.Workloads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/// The benchmarks' jar: JMH's own command line, for all workloads and devices that are here unless told otherwise.
///
/// ```
/// java -jar elbo-benchmarks.jar -rf json                            every operation and step; JMH's own JSON
/// java -jar elbo-benchmarks.jar StepBench -p step=vae,iwae          two steps
/// java -jar elbo-benchmarks.jar OperationBench -p device=cuda       every operation, on the GPU
/// java -cp elbo-benchmarks.jar:own.jar dev.elbo.bench.Main          one's own workloads as well
/// ```
public final class Main {
    private Main() {}

    /// Runs what is asked for.
    ///
    /// @param arguments JMH's; `-h` lists them
    public static void main(String[] arguments) throws IOException, CommandLineOptionException {
        org.openjdk.jmh.Main.main(completed(arguments));
    }

    /// The arguments, and what they leave open: devices, workloads and benchmarks.
    static String[] completed(String... arguments) throws CommandLineOptionException {
        CommandLineOptions options = new CommandLineOptions(arguments);
        List<String> completed = new ArrayList<>(List.of(arguments));
        if (options.getIncludes().isEmpty()) {
            completed.addAll(0, List.of("StepBench", "OperationBench"));
        }
        if (!options.getParameter("device").hasValue()) {
            completed.addAll(List.of("-p", "device=" + String.join(",", Devices.here())));
        }
        if (!options.getParameter("step").hasValue()) {
            completed.addAll(List.of("-p", "step=" + names(Workload.Kind.STEP)));
        }
        if (!options.getParameter("operation").hasValue()) {
            completed.addAll(List.of("-p", "operation=" + names(Workload.Kind.OPERATION)));
        }
        return completed.toArray(String[]::new);
    }

    private static String names(Workload.Kind kind) {
        return Workloads.of(kind).stream().map(Sized::name).collect(Collectors.joining(","));
    }
}
