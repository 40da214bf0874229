package dev.elbo.cli;

import dev.elbo.cli.onnx.OnnxGraph;
import dev.elbo.cli.onnx.Part;
import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Device;
import dev.elbo.runtime.Parameters;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.AtomicFile;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.Safetensors;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `elbo export`: a trained model for other programs.
@Command(
        name = "export",
        description = {
            "Writes a trained model for other programs: a part of it as an ONNX graph, or its weights by name.",
            "Parts: encoder (x to mean and log_variance; of an rbm v to h; of nn-crf and nn-hmm x to what the chain",
            "is told), decoder (z to x; of an rbm h to v). Rows of any number go in."
        },
        footer = {
            "",
            "Examples:",
            "  elbo export runs/vae-digits --to onnx --part decoder",
            "  elbo export runs/vae-digits --to safetensors --out weights.safetensors"
        },
        mixinStandardHelpOptions = true)
final class ExportCommand implements Callable<Integer> {
    private static final String MODEL = "model.";

    /// What a file can be.
    enum Format {
        ONNX,
        SAFETENSORS,
        NPZ
    }

    @Spec
    private CommandSpec spec;

    @picocli.CommandLine.Parameters(index = "0", paramLabel = "RUN", description = "Folder of the run.")
    private Path run;

    @Option(names = "--to", required = true, description = "onnx, safetensors or npz.")
    private Format format;

    @Option(names = "--part", description = "encoder or decoder; needed for onnx (default: all weights).")
    private Part part;

    @Option(
            names = "--out",
            description = "The file (default: PART.FORMAT or weights.FORMAT in the folder of the run).")
    private Path out;

    /// For picocli.
    ExportCommand() {}

    @Override
    public Integer call() throws IOException {
        if (format == Format.ONNX && part == null) {
            throw new ParameterException(spec.commandLine(), "Say which --part is to be an ONNX graph.");
        }
        Path file = out == null ? run.resolve(lower(part == null ? "weights" : part) + "." + lower(format)) : out;
        Config config = OpenRun.config(run);
        Map<String, String> facts =
                Map.of("elbo.config", config.members().compact(), "elbo.version", Elbo.Version.text());
        if (part == null) {
            try (Arena mapped = Arena.ofShared()) {
                weights(RunFolder.best(run, mapped), "", facts, file);
            }
        } else {
            part(facts, file);
        }
        spec.commandLine().getOut().println(file);
        return 0;
    }

    private void part(Map<String, String> facts, Path file) throws IOException {
        try (Device cpu = RunOptions.device("cpu");
                Arena owner = Arena.ofShared()) {
            OpenRun opened = OpenRun.of(run, cpu, owner);
            OnnxGraph graph = graph(opened.experiment());
            if (format == Format.ONNX) {
                byte[] bytes = graph.bytes(Elbo.Version.text(), facts);
                AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(bytes)));
            } else {
                Map<String, StoredArray> some = new LinkedHashMap<>();
                Checkpoint all = RunFolder.best(run, owner);
                graph.tensors()
                        .keySet()
                        .forEach(name -> some.put(MODEL + name, all.arrays().get(MODEL + name)));
                weights(new Checkpoint(all.file(), all.facts(), some), lower(part), facts, file);
            }
        }
    }

    private OnnxGraph graph(Experiment experiment) {
        Parameters<?> parameters = experiment.parameters();
        Map<String, Tensor> tensors = new LinkedHashMap<>(parameters.statistics());
        parameters.all().forEach(parameter -> tensors.put(parameter.name(), parameter.value()));
        OnnxGraph graph = new OnnxGraph(experiment.name() + " " + lower(part), tensors);
        if (!part.fill(parameters.model(), graph)) {
            throw new BadInputException(
                    run.toString(),
                    "no such part that is made of dense layers; part=" + lower(part) + ", model=" + experiment.name(),
                    "use --to safetensors for its weights");
        }
        return graph;
    }

    private void weights(Checkpoint checkpoint, String of, Map<String, String> facts, Path file) throws IOException {
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        checkpoint.part(MODEL).arrays().forEach((name, array) -> arrays.put(name.substring(MODEL.length()), array));
        if (format == Format.NPZ) {
            new Npz(arrays).write(file);
            return;
        }
        Map<String, String> metadata = new LinkedHashMap<>(facts);
        if (!of.isEmpty()) {
            metadata.put("elbo.part", of);
        }
        new Safetensors(metadata, arrays).write(file);
    }

    private static String lower(Object name) {
        return name.toString().toLowerCase(Locale.ROOT);
    }
}
