package dev.elbo.models.training;

import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.AtomicFile;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The folder of a run, which one process has to itself.
///
/// ```
/// config.json              what was asked for; `elbo train --config` takes it
/// metrics.jsonl            one line for each time something was measured
/// events.out.tfevents.*    the same for TensorBoard
/// checkpoints/             step-000000300.safetensors, …: the latest two, and best.safetensors
/// stopped.safetensors      all that the step computed at which training met a number that is not finite
/// ```
public final class RunFolder implements AutoCloseable {
    private static final Pattern CHECKPOINT = Pattern.compile("step-(\\d{9,})\\.safetensors");
    private static final int KEPT = 2;

    private final Path folder;
    private final FileChannel lockFile;
    private final FileLock lock;
    private FileChannel metrics;
    private EventFile events;

    private RunFolder(Path folder, FileChannel lockFile, FileLock lock, long began) throws IOException {
        this.folder = folder;
        this.lockFile = lockFile;
        this.lock = lock;
        this.events = EventFile.create(folder, began);
        try {
            this.metrics = open(folder.resolve("metrics.jsonl"));
        } catch (Throwable t) {
            try (EventFile _ = events) {
                throw t;
            }
        }
    }

    /// Begins a run.
    ///
    /// @param folder made if it does not exist; must hold no run
    /// @param config what was asked for
    public static RunFolder create(Path folder, Json.Members config) throws IOException {
        if (Files.exists(folder.resolve("config.json"))) {
            throw new BadInputException(
                    folder.toString(), "holds a run already", "name another folder, or go on with --resume");
        }
        Files.createDirectories(folder.resolve("checkpoints"));
        long began = System.currentTimeMillis() / 1000;
        Map<String, Json> all = new LinkedHashMap<>(config.values());
        all.put("began", Json.of(began));
        RunFolder run = locked(folder, began);
        try {
            reconfigure(folder, new Json.Members(all));
            return run;
        } catch (Throwable t) {
            try (run) {
                throw t;
            }
        }
    }

    /// Goes on with a run.
    public static RunFolder resume(Path folder) throws IOException {
        Json.Members config = config(folder);
        Json began = config.values().get("began");
        if (!(began instanceof Json.Number(var seconds))) {
            throw new BadInputException(
                    folder.resolve("config.json").toString(), "no number `began`", "restore the file, or begin anew");
        }
        return locked(folder, seconds.longValue());
    }

    /// Overwrites the configuration of a run that is to go on otherwise.
    ///
    /// @param config all of it, as [#config] gave it but for what changes
    public static void reconfigure(Path folder, Json.Members config) throws IOException {
        byte[] text = (config.pretty() + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(folder.resolve("config.json"), out -> out.write(ByteBuffer.wrap(text)));
    }

    /// The configuration that a run was begun with.
    public static Json.Members config(Path folder) throws IOException {
        Path file = folder.resolve("config.json");
        if (!Files.exists(file)) {
            throw new BadInputException(folder.toString(), "holds no run: no config.json", "check the folder");
        }
        if (Json.parse(Files.readString(file), file.toString()) instanceof Json.Members members) {
            return members;
        }
        throw new BadInputException(file.toString(), "not an object", "restore the file, or begin anew");
    }

    /// Where it is.
    public Path folder() {
        return folder;
    }

    /// Where a training that stops leaves its last step, see [Training#dumpsTo].
    public Path dump() {
        return folder.resolve("stopped.safetensors");
    }

    /// Notes what was measured; what is not finite is noted as null.
    ///
    /// @param step    of the training loop
    /// @param numbers by name
    public void measured(long step, Map<String, Double> numbers) throws IOException {
        double now = System.currentTimeMillis() / 1000.0;
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", step);
        line.put("time", now);
        for (Map.Entry<String, Double> number : numbers.entrySet()) {
            boolean finite = Double.isFinite(number.getValue());
            line.put(number.getKey(), finite ? number.getValue() : null);
            events.scalar(number.getKey(), step, now, number.getValue());
        }
        ByteBuffer bytes = ByteBuffer.wrap((Json.of(line).compact() + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            metrics.write(bytes);
        }
    }

    /// Writes a checkpoint, then removes all but the latest two. Whenever the process dies, one whole checkpoint is
    /// there.
    public void save(long step, Map<String, String> facts, Map<String, Tensor> state) throws IOException {
        Map<String, String> all = new LinkedHashMap<>(facts);
        all.put("step", String.valueOf(step));
        Path file = checkpoints().resolve("step-%09d.safetensors".formatted(step));
        Checkpoint.write(file, all, state);
        List<Path> saved = checkpoints(folder);
        for (Path old : saved.subList(0, Math.max(0, saved.size() - KEPT))) {
            Files.deleteIfExists(old);
        }
    }

    /// Writes the checkpoint of the best state so far, beside the others.
    public void saveBest(Map<String, String> facts, Map<String, Tensor> state) throws IOException {
        Checkpoint.write(checkpoints().resolve("best.safetensors"), facts, state);
    }

    /// Whether a run has saved anything to go on from.
    public static boolean hasCheckpoint(Path folder) throws IOException {
        return !checkpoints(folder).isEmpty();
    }

    /// The checkpoint to use a run's model by: the best, where one was kept, else the latest.
    ///
    /// @param owner unmaps it when it closes
    public static Checkpoint best(Path folder, Arena owner) throws IOException {
        Path best = folder.resolve("checkpoints").resolve("best.safetensors");
        return Files.exists(best) ? Checkpoint.read(best, owner) : latest(folder, owner);
    }

    /// The checkpoint that a run goes on from: the latest. A damaged file is named, and with it the one
    /// before it.
    ///
    /// @param owner unmaps it when it closes
    public static Checkpoint latest(Path folder, Arena owner) throws IOException {
        List<Path> saved = checkpoints(folder);
        if (saved.isEmpty()) {
            throw new BadInputException(folder.toString(), "holds no checkpoint yet", "train first");
        }
        try {
            return Checkpoint.read(saved.getLast(), owner);
        } catch (BadInputException e) {
            String remedy = saved.size() == 1
                    ? "no other is left; begin anew"
                    : "remove it to go on from " + saved.get(saved.size() - 2).getFileName();
            throw new BadInputException(saved.getLast(), "damaged checkpoint: " + e.getMessage(), remedy, e);
        }
    }

    /// Forgets what was measured after `step`: those steps are about to run again.
    public void rewind(long step) throws IOException {
        Path file = folder.resolve("metrics.jsonl");
        metrics.close();
        List<String> kept = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (stepOf(line) <= step) {
                kept.add(line + "\n");
            }
        }
        byte[] text = String.join("", kept).getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(file, out -> out.write(ByteBuffer.wrap(text)));
        metrics = open(file);
    }

    @Override
    public void close() throws IOException {
        try (FileChannel _ = lockFile;
                FileLock _ = lock;
                FileChannel _ = metrics;
                EventFile _ = events) {
            metrics.force(true);
        }
    }

    /// A last line that a killed process left unfinished counts as never written.
    private static long stepOf(String line) {
        try {
            if (Json.parse(line, "metrics.jsonl") instanceof Json.Members members
                    && members.values().get("step") instanceof Json.Number(var step)) {
                return step.longValue();
            }
        } catch (BadInputException _) {
            return Long.MAX_VALUE;
        }
        return Long.MAX_VALUE;
    }

    private Path checkpoints() {
        return folder.resolve("checkpoints");
    }

    /// Checkpoints that training goes on from, the earliest first.
    public static List<Path> checkpoints(Path folder) throws IOException {
        Path checkpoints = folder.resolve("checkpoints");
        if (!Files.isDirectory(checkpoints)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(checkpoints)) {
            return files.filter(file -> step(file) >= 0)
                    .sorted((a, b) -> Long.compare(step(a), step(b)))
                    .toList();
        }
    }

    /// The step that a checkpoint was saved after; −1 for a file that is none of them.
    public static long step(Path file) {
        Matcher matcher = CHECKPOINT.matcher(file.getFileName().toString());
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    }

    private static RunFolder locked(Path folder, long began) throws IOException {
        FileChannel file = open(folder.resolve(".lock"));
        try {
            return new RunFolder(folder, file, lock(file, folder), began);
        } catch (Throwable t) {
            try (file) {
                throw t;
            }
        }
    }

    private static FileLock lock(FileChannel file, Path folder) throws IOException {
        FileLock lock = null;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException _) {
            // held by this process: said below, as if by another
        }
        if (lock == null) {
            throw new BadInputException(
                    folder.toString(), "in use by another process", "wait for it, or name another folder");
        }
        return lock;
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }
}
