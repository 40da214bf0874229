package dev.elbo.bench.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

/// Checks and measures a machine with a GPU: the stages of [Stages], from the folder that `ci/bundle` makes.
///
/// ```
/// GpuRun BUNDLE --quick|--full|--rehearse [STAGE …]
/// ```
///
/// Results go to the folder that `OUT` names, by default `results` in the bundle; what is needed to go on after an
/// interruption, to `WORK`, by default `work` beside them. It ends by itself after `LIMIT` seconds, by default those of
/// its mode.
public final class GpuRun {
    private GpuRun() {}

    /// @param args as above
    public static void main(String[] args) throws IOException, InterruptedException {
        Path bundle = Path.of(args[0]).toAbsolutePath();
        Mode mode = Mode.of(args[1]);
        List<String> named = List.of(args).subList(2, args.length);
        Path out = folder("OUT", bundle.resolve("results"));
        Path work = folder("WORK", out.resolveSibling("work"));
        // JCuda's natives are loaded from there: nobody else may write to it.
        Files.createDirectories(work.getParent());
        if (!Files.isDirectory(work)) {
            Files.createDirectory(
                    work, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        // A driver that finds no folder for what it compiles may do without, and compile in every process.
        Files.createDirectories(work.resolve(Stages.COMPILED));
        List<Stage> stages = new Stages(bundle, out, work, mode).all();
        List<String> names = stages.stream().map(Stage::name).toList();
        for (String name : named) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException("no such stage; name=" + name + ", there are=" + names);
            }
        }
        int seconds = Integer.parseInt(System.getenv().getOrDefault("LIMIT", String.valueOf(mode.seconds())));
        StageRunner runner = new StageRunner(out, work.resolve(mode.name()), seconds, System.out);
        Path measured = work.resolve(Measured.NAME);
        if (Files.exists(measured)) {
            // All that is known is among the results, also where this run has a new folder for them.
            Files.copy(measured, out.resolve(Measured.NAME), StandardCopyOption.REPLACE_EXISTING);
        }
        // Who stops this process wants the GPU back.
        Runtime.getRuntime().addShutdownHook(new Thread(runner::abandon));
        boolean well = runner.run(stages.stream()
                .filter(stage -> named.isEmpty() || named.contains(stage.name()))
                .toList());
        System.exit(well ? 0 : 1);
    }

    private static Path folder(String variable, Path usual) {
        String named = System.getenv(variable);
        return named == null || named.isBlank() ? usual : Path.of(named).toAbsolutePath();
    }

    /// The Java that runs this.
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /// What is asked for.
    ///
    /// @param seconds  for everything
    /// @param rehearse whether the simulated GPU poses as a real one, and sizes are tiny
    record Mode(String name, int seconds, boolean rehearse) {
        private static final Map<String, Mode> ALL = Map.of(
                "--quick", new Mode("quick", 460, false),
                "--full", new Mode("full", 3 * 3600, false),
                "--rehearse", new Mode("rehearse", 2 * 3600, true));

        static Mode of(String text) {
            Mode mode = ALL.get(text);
            if (mode == null) {
                throw new IllegalArgumentException("no such mode; mode=" + text + ", there are=" + ALL.keySet());
            }
            return mode;
        }

        /// Whether to take the time that good figures need.
        boolean full() {
            return name.equals("full");
        }
    }
}
