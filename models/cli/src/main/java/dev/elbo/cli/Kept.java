package dev.elbo.cli;

import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.file.AtomicFile;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// What a judgement left in the folder of a run for its next report, with the step whose weights it was of: a run that
/// was trained on has others.
final class Kept {
    private static final String STEP = "step";

    private Kept() {}

    static void write(Path folder, String name, Map<String, Object> members) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put(STEP, step(folder));
        all.putAll(members);
        byte[] text = (JsonLine.of(all) + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(folder.resolve(name), out -> out.write(ByteBuffer.wrap(text)));
    }

    /// The members but the step, or nothing where none were left, or of other weights.
    static Optional<Map<String, Json>> read(Path folder, String name) throws IOException {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Json.Members kept = (Json.Members) Json.parse(Files.readString(file), file.toString());
        Map<String, Json> members = new LinkedHashMap<>(kept.values());
        boolean current = Json.of(step(folder)).equals(members.remove(STEP));
        return current ? Optional.of(members) : Optional.empty();
    }

    private static String step(Path folder) throws IOException {
        try (Arena file = Arena.ofConfined()) {
            return RunFolder.best(folder, file).facts().get("step");
        }
    }
}
