package dev.elbo.bench.gpu;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What a machine with a GPU goes through, in order.
///
/// ```
/// device        there is a GPU that Elbo can use: without it nothing else is begun
/// machine       clocks, power and temperature, by the driver's own tool
/// doctor        libraries, versions, and the hashes of random bits on CPU and GPU
/// probe         rates and latencies of the machine
/// tests-…       every test marked for the device of the run: the boundary with both providers, each kernel against
///               its twin, operations, steps, draws and capture, models
/// memcheck, racecheck   the kernels under NVIDIA's compute-sanitizer, where it is
/// sampling, steps   bandwidth of a draw, and Elbo's training steps with all that may make them faster
/// chains, peers     chains, and the training steps, beside PyTorch and JAX where Python has them
/// reproduction, likelihood  the IWAE paper's schedule on MNIST as far as time allows, and log p of what it learned
/// ```
final class Stages {
    private static final String STATE =
            "name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.draw,temperature.gpu,memory.used";

    /// Folder of what the driver has compiled, in the folder that a second run goes on from.
    static final String COMPILED = "kernels";

    private static final String TESTS = "dev.elbo.runtime.kernels.KernelTwinsTest";
    private static final String CONVOLVING = ".*DnnTest";
    private static final List<String> SANITIZED = List.of(
            TESTS,
            "dev.elbo.runtime.SplitProductsOnCudaTest",
            "dev.elbo.runtime.chain.ChainOnCudaTest",
            "dev.elbo.runtime.chain.ChainTilesTest",
            "dev.elbo.runtime.chain.ChainClustersTest");

    private final Path bundle;
    private final Path out;
    private final Path work;
    private final GpuRun.Mode mode;
    private final List<Stage> stages = new ArrayList<>();

    Stages(Path bundle, Path out, Path work, GpuRun.Mode mode) {
        this.bundle = bundle;
        this.out = out;
        this.work = work;
        this.mode = mode;
    }

    List<Stage> all() {
        stages.clear();
        // Nothing is in the memory of the machine yet: the libraries' first gigabyte comes from its disk.
        add("device", 5, 90, bench("device"));
        stages.set(0, stages.getFirst().first());
        add("machine", 1, 15, List.of("nvidia-smi", "--query-gpu=" + STATE, "--format=csv,noheader"));
        add("doctor", 5, 40, elbo("doctor"));
        add("probe", 10, 40, bench("probe"));
        add("tests-boundary", 15, 60, boundary("--exclude-classname=" + CONVOLVING));
        add("tests-kernels", 20, 60, tests(List.of("--select-class=" + TESTS), "runtime"));
        add("tests-runtime", 30, 90, tests(scan("runtime", "--exclude-classname=" + TESTS), "runtime"));
        add("tests-models", 15, 45, tests(scan("models/zoo"), "models/zoo"));
        // cuDNN may compile each engine of each task that is tested.
        add("tests-cudnn", 10, 60, boundary("--include-classname=" + CONVOLVING));
        add("sampling", 5, 30, bench("sampling"));
        add("steps", 40, 100, bench("steps"));
        add("chains", 30, 80, bench("chains"));
        add("peers", 90, 200, bench("peers"));
        add("memcheck", 10, 60, sanitizer("memcheck"));
        add("racecheck", 10, 60, sanitizer("racecheck"));
        if (Files.isDirectory(bundle.resolve("data/mnist"))) {
            add("reproduction", 20, mode.full() ? 1200 : 60, training("mnist:" + bundle.resolve("data/mnist")));
            add("likelihood", 20, 120, likelihood());
        } else if (mode.rehearse()) {
            add("reproduction", 20, 600, training("digits"));
            add("likelihood", 20, 600, likelihood());
        }
        return List.copyOf(stages);
    }

    /// On the simulated device everything takes its time; where there is time, nothing is cut short.
    private void add(String name, int least, int most, List<String> command) {
        int patience = mode.rehearse() ? 20 : mode.full() ? 5 : 1;
        boolean bounded = name.equals("reproduction");
        stages.add(new Stage(name, least, bounded ? most : most * patience, false, command, environment()));
    }

    private Map<String, String> environment() {
        return Map.of("CUDA_CACHE_PATH", work.resolve(COMPILED).toString(), "PYTHONUNBUFFERED", "1");
    }

    private List<String> jvm() {
        List<String> jvm = new ArrayList<>(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "-Dstdout.encoding=UTF-8",
                "-Dstderr.encoding=UTF-8",
                "-Djava.library.path=" + work.resolve("jcuda"),
                "-Delbo.jcuda.natives=" + work.resolve("jcuda"),
                "-XX:ErrorFile=" + work.resolve("jvm-%p.log")));
        if (mode.rehearse()) {
            jvm.add("-Delbo.simulator.poses=true");
        }
        return jvm;
    }

    private String libraries() {
        return bundle.resolve("lib") + "/*";
    }

    private List<String> main(Class<?> main, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(GpuRun.java()));
        command.addAll(jvm());
        command.addAll(List.of("-cp", libraries(), main.getName()));
        command.addAll(arguments);
        return command;
    }

    private List<String> bench(String what) {
        return main(GpuBench.class, List.of(what, mode.name(), bundle.toString(), out.toString(), work.toString()));
    }

    private List<String> elbo(String... arguments) {
        List<String> all = new ArrayList<>(List.of("dev.elbo.cli.Elbo"));
        all.addAll(List.of(arguments));
        return main(Posed.class, all);
    }

    /// Tests of the boundary and of both providers.
    private List<String> boundary(String option) {
        List<String> folders = List.of("ffi/panama", "ffi/jcuda");
        List<String> selected = new ArrayList<>(List.of(option));
        folders.forEach(folder -> selected.addAll(scan(folder)));
        return tests(selected, folders.toArray(String[]::new));
    }

    private List<String> scan(String folder, String... options) {
        List<String> selected = new ArrayList<>(List.of(options));
        selected.add("--scan-classpath=" + bundle.resolve("tests").resolve(folder));
        return selected;
    }

    private List<String> tests(List<String> selected, String... folders) {
        List<String> arguments = new ArrayList<>(jvm());
        arguments.addAll(List.of("-Delbo.test.device=cuda", "--", classPath(folders)));
        arguments.addAll(selected);
        return main(DeviceTests.class, arguments);
    }

    private String classPath(String... folders) {
        StringBuilder path = new StringBuilder(libraries());
        for (String folder : folders) {
            path.append(File.pathSeparator).append(bundle.resolve("tests").resolve(folder));
        }
        return path.toString();
    }

    private List<String> sanitizer(String tool) {
        List<String> arguments = new ArrayList<>(List.of(tool, GpuRun.java()));
        arguments.addAll(jvm());
        arguments.addAll(List.of("-Delbo.test.device=cuda", "-cp", classPath("runtime")));
        arguments.addAll(List.of("org.junit.platform.console.ConsoleLauncher", "execute", "--details=summary"));
        arguments.addAll(List.of("--disable-banner", "--exclude-tag=slow", "--exclude-tag=simulated"));
        SANITIZED.forEach(test -> arguments.add("--select-class=" + test));
        return main(Sanitizer.class, arguments);
    }

    private List<String> training(String data) {
        Path run = work.resolve("iwae");
        if (Files.exists(run.resolve("config.json"))) {
            return elbo("train", "--resume", run.toString());
        }
        List<String> arguments = new ArrayList<>(List.of("train", "iwae", "--preset", "iwae-paper", "--samples", "50"));
        if (mode.rehearse()) {
            arguments = new ArrayList<>(List.of("train", "iwae", "--samples", "2", "--hidden", "4", "--latent", "2"));
            arguments.addAll(List.of("--epochs", "0.05"));
        }
        arguments.addAll(List.of("--data", data, "--seed", "1", "--device", "cuda", "--out", run.toString()));
        return elbo(arguments.toArray(String[]::new));
    }

    private List<String> likelihood() {
        String samples = mode.rehearse() ? "2" : "5000";
        return elbo("evaluate", work.resolve("iwae").toString(), "--nll", samples, "--device", "cuda");
    }
}
