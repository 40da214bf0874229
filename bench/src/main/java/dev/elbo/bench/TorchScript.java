package dev.elbo.bench;

import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Start;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// PyTorch, eager, in a Python of its own: `bench/peers/torch_steps.py`, which takes orders on its standard input.
///
/// The Python is the one that `ELBO_BENCH_PYTHON` names, or `python3`.
final class TorchScript implements Contender.Library {
    private static final Path SCRIPT = Path.of("bench", "peers", "torch_steps.py");

    private final String python = System.getenv().getOrDefault("ELBO_BENCH_PYTHON", "python3");
    private final String version = version();

    private String version() {
        try {
            Process process = new ProcessBuilder(python, "-W", "ignore", "-c", "import torch; print(torch.__version__)")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(process.getInputStream().readAllBytes()).strip();
            return process.waitFor() == 0 ? said : "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    @Override
    public String name() {
        return "pytorch";
    }

    @Override
    public String description() {
        return present() ? "PyTorch " + version + " (eager)" : "PyTorch: not in " + python;
    }

    @Override
    public boolean present() {
        return !version.isEmpty();
    }

    @Override
    public boolean knows(Sized workload) {
        return List.of("vae", "iwae", "rbm", "dcgan")
                .contains(workload.workload().name());
    }

    @Override
    public Contender open(Start start, int threads) {
        try {
            return new Running(start, threads);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + SCRIPT, e);
        }
    }

    /// The process, and the folder of arrays it reads.
    private final class Running implements Contender {
        private final Path folder = Files.createTempDirectory("elbo-bench");
        private final Process process;
        private final BufferedReader said;
        private final BufferedWriter orders;
        private final double loss;

        Running(Start start, int threads) throws IOException {
            List<String> command = new ArrayList<>(List.of(python, "-W", "ignore", SCRIPT.toString()));
            command.add(start.workload().workload().name());
            command.add(Integer.toString(threads));
            command.add(folder.toString());
            for (Map.Entry<String, Start.Array> each : start.arrays().entrySet()) {
                Start.Array array = each.getValue();
                ByteBuffer bytes =
                        ByteBuffer.allocate(4 * array.values().length).order(ByteOrder.nativeOrder());
                bytes.asFloatBuffer().put(array.values());
                Files.write(folder.resolve(each.getKey()), bytes.array());
                command.add(each.getKey() + "="
                        + IntStream.of(array.extents())
                                .mapToObj(Integer::toString)
                                .collect(Collectors.joining(",")));
            }
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            said = process.inputReader();
            orders = process.outputWriter();
            loss = Double.parseDouble(answer());
        }

        private String answer() throws IOException {
            String line = said.readLine();
            if (line == null) {
                throw new IOException("the script has ended; script=" + SCRIPT);
            }
            return line;
        }

        @Override
        public double loss() {
            return loss;
        }

        @Override
        public long run(int steps) {
            try {
                orders.write(steps + "\n");
                orders.flush();
                return Long.parseLong(answer());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            try (Stream<Path> files = Files.list(folder)) {
                orders.close();
                process.waitFor();
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
                Files.delete(folder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                process.destroy();
                Thread.currentThread().interrupt();
            }
        }
    }
}
