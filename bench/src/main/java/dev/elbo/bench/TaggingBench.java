package dev.elbo.bench;

import dev.elbo.models.data.Letters;
import dev.elbo.models.data.SequenceSet;
import dev.elbo.models.data.SequenceSets;
import dev.elbo.models.data.Sequences;
import dev.elbo.models.recipe.CrfRecipe;
import dev.elbo.models.recipe.SequenceRecipe;
import dev.elbo.models.sequence.Crf;
import dev.elbo.models.training.Training;
import dev.elbo.runtime.CpuDevice;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Question: how many letters of handwritten words, and chunks of sentences, does a conditional random field find, a
/// network, and both as one?
///
/// ```
/// ci/bench TaggingBench              writes the page from what was measured
/// ci/bench TaggingBench DIR ROW…     trains each fold of rows that was not measured
/// ci/bench TaggingBench DIR all      every row
/// ```
///
/// DIR has `ocr-letters` and `conll2000`. Each fold leaves a line in `tagging.jsonl`, so that a run that was cut off is
/// gone on with; one core.
public final class TaggingBench {
    /// Where the measurements are.
    static final String FILE = "tagging.jsonl";

    private TaggingBench() {}

    /// @param arguments the folder of results, that of the data, and rows
    public static void main(String[] arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        List<String> named = List.of(arguments).subList(Math.min(2, arguments.length), arguments.length);
        try (Device device = CpuDevice.open(1)) {
            for (TaggingRow row : TaggingRow.values()) {
                boolean wanted = named.contains("all") || named.contains(row.name());
                for (int fold = 0; wanted && fold < row.folds(); fold++) {
                    if (!have(results, row, fold)) {
                        measure(results, Path.of(arguments[1]), row, fold, device);
                        TaggingTable.write(results);
                    }
                }
            }
        }
        TaggingTable.write(results);
    }

    /// What was measured of a row, a line a fold.
    static List<Map<String, Json>> of(Path results, TaggingRow row) throws IOException {
        List<Map<String, Json>> lines = new ArrayList<>();
        Path file = results.resolve(FILE);
        for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
            Map<String, Json> run = ((Json.Members) Json.parse(line, FILE)).values();
            if (run.get("row").equals(Json.of(row.name()))) {
                lines.add(run);
            }
        }
        return lines;
    }

    private static boolean have(Path results, TaggingRow row, int fold) throws IOException {
        return of(results, row).stream().anyMatch(line -> line.get("fold").equals(Json.of(fold)));
    }

    private static void measure(Path results, Path data, TaggingRow row, int fold, Device device) throws IOException {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("benchmark", Results.quoted("TaggingBench"));
        line.put("row", Results.quoted(row.name()));
        line.put("fold", Integer.toString(fold));
        long began = System.nanoTime();
        try (Arena owner = Arena.ofShared()) {
            SequenceSet set = open(data, row, fold, owner);
            CrfRecipe recipe = row.recipe();
            Parameters<Crf> parameters = recipe.build(device, set, row.budget().seed(), owner);
            try (Training training = recipe.training(parameters, set, row.budget(), owner)) {
                line.put("steps", Long.toString(training.run(_ -> true)));
            }
            line.put("seconds", Results.number((System.nanoTime() - began) * 1e-9));
            line.put("trained_on", Integer.toString(set.train().labels().length));
            line.put("tested_on", Integer.toString(set.test().labels().length));
            SequenceRecipe.evaluate(recipe.tagger(parameters.model()), set, device)
                    .forEach((name, value) -> line.put(name, Results.number(value)));
        }
        System.out.println(line);
        Results.append(results.resolve(FILE), line);
    }

    private static SequenceSet open(Path data, TaggingRow row, int fold, Arena owner) {
        Set<Integer> held = switch (row.split) {
            case MOST_TRAIN -> Set.of(fold);
            case ONE_TRAINS ->
                IntStream.range(0, Letters.FOLDS)
                        .filter(other -> other != fold)
                        .boxed()
                        .collect(Collectors.toSet());
            case OWN -> Set.of();
        };
        String place = row.split == TaggingRow.Split.OWN
                ? "conll:" + data.resolve("conll2000")
                : "letters:" + data.resolve("ocr-letters").resolve("letter.data.gz");
        SequenceSet set = SequenceSets.open(place, held, owner);
        return row.alone ? new SequenceSet(set.name(), alone(set.train()), alone(set.test()), set.table()) : set;
    }

    /// Each position a sequence of its own: a chain over it has no transitions, and the network is alone.
    private static Sequences alone(Sequences words) {
        int rows = words.labels().length;
        return new Sequences(
                words.item(),
                words.dtype(),
                words.values(),
                IntStream.rangeClosed(0, rows).toArray(),
                words.labels(),
                words.classes(),
                new int[rows]);
    }
}
