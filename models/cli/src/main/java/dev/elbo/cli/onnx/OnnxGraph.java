package dev.elbo.cli.onnx;

import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.ops.Activation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// A computation on rows as ONNX has it: operators of the standard set, version 13, over f32.
///
/// Built from the input on: each call adds an operator and gives the name of its result. Rows are as many as the input
/// has (`n`).
public final class OnnxGraph {
    private static final int IR_VERSION = 7;
    private static final int OPERATORS = 13;
    private static final int F32 = 1;
    private static final int ATTRIBUTE_IS_FLOAT = 1;
    private static final int ATTRIBUTE_IS_INTEGER = 2;
    // A protocol buffer's own limit.
    private static final long LARGEST = Integer.MAX_VALUE;

    private final String name;
    private final Map<Long, String> names;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final ProtobufWriter graph = new ProtobufWriter();
    private int operators;

    /// An empty graph.
    ///
    /// @param name    of the graph
    /// @param tensors of the model, by name: what operators may use
    public OnnxGraph(String name, Map<String, Tensor> tensors) {
        this.name = name;
        this.names = new LinkedHashMap<>();
        tensors.forEach((path, tensor) -> names.put(tensor.data().address(), path));
    }

    /// An input.
    ///
    /// @param width of its rows
    public String input(String input, int width) {
        graph.message(11, rows(input, width));
        return input;
    }

    /// Gives a result to the outside.
    ///
    /// @param output its name there
    /// @param width  of its rows
    public void output(String result, String output, int width) {
        operator("Identity", output, List.of(result), Map.of());
        graph.message(12, rows(output, width));
    }

    /// activation(x · weight + bias).
    ///
    /// @param weight     (k, m), or (m, k) if `transposed`
    /// @param bias       (m)
    /// @param transposed whether the weight runs backwards
    public String linear(String x, Tensor weight, Tensor bias, boolean transposed, Activation activation) {
        Map<String, Long> way = transposed ? Map.of("transB", 1L) : Map.of();
        String y = operator("Gemm", fresh(), List.of(x, tensor(weight), tensor(bias)), way);
        return switch (activation.f()) {
            case IDENTITY -> y;
            case TANH -> apply("Tanh", y);
            case SIGMOID -> apply("Sigmoid", y);
            case RELU -> apply("Relu", y);
            case EXP -> apply("Exp", y);
            case LEAKY_RELU -> operator("LeakyRelu", fresh(), List.of(y), Map.of("alpha", activation.parameter()));
            default -> throw new IllegalStateException("no activation; f=" + activation.f());
        };
    }

    /// An operator of one argument, by ONNX's name.
    public String apply(String operator, String x) {
        return operator(operator, fresh(), List.of(x), Map.of());
    }

    /// An operator of a result and a row of the model's.
    ///
    /// @param row (cols)
    public String apply(String operator, String x, Tensor row) {
        return operator(operator, fresh(), List.of(x, tensor(row)), Map.of());
    }

    /// Tensors that operators use, by their names in the model.
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /// The whole as a file.
    ///
    /// @param version of the command
    /// @param facts   about the model, kept as metadata
    public byte[] bytes(String version, Map<String, String> facts) {
        long size = tensors.values().stream().mapToLong(Tensor::bytes).sum();
        if (size > LARGEST) {
            throw new BadInputException(name, "too large for one ONNX file; bytes=" + size, "use --to safetensors");
        }
        tensors.forEach((path, tensor) -> graph.message(5, initializer(path, tensor)));
        graph.text(2, name);
        ProtobufWriter model = new ProtobufWriter()
                .integer(1, IR_VERSION)
                .text(2, "elbo")
                .text(3, version)
                .message(7, graph)
                .message(8, new ProtobufWriter().text(1, "").integer(2, OPERATORS));
        facts.forEach((fact, value) ->
                model.message(14, new ProtobufWriter().text(1, fact).text(2, value)));
        return model.toBytes();
    }

    private String operator(
            String type, String result, List<String> arguments, Map<String, ? extends Number> settings) {
        ProtobufWriter node = new ProtobufWriter();
        arguments.forEach(argument -> node.text(1, argument));
        node.text(2, result).text(3, type + "." + operators).text(4, type);
        settings.forEach((setting, value) -> node.message(5, attribute(setting, value)));
        graph.message(1, node);
        return result;
    }

    private static ProtobufWriter attribute(String setting, Number value) {
        ProtobufWriter attribute = new ProtobufWriter().text(1, setting);
        return value instanceof Float number
                ? attribute.number(2, number).integer(20, ATTRIBUTE_IS_FLOAT)
                : attribute.integer(3, value.longValue()).integer(20, ATTRIBUTE_IS_INTEGER);
    }

    private String fresh() {
        return "h" + operators++;
    }

    private String tensor(Tensor tensor) {
        String path = names.get(tensor.data().address());
        if (path == null) {
            throw new IllegalArgumentException("OnnxGraph: no tensor of the model; tensor=" + tensor);
        }
        tensors.put(path, tensor);
        return path;
    }

    private static ProtobufWriter initializer(String path, Tensor tensor) {
        float[] values = tensor.device().floats(tensor);
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        ProtobufWriter written = new ProtobufWriter();
        extents(tensor.shape()).forEach(extent -> written.integer(1, extent));
        return written.integer(2, F32).text(8, path).bytes(9, bytes.array());
    }

    private static List<Long> extents(Shape shape) {
        List<Long> extents = new ArrayList<>();
        IntStream.range(0, shape.rank()).forEach(axis -> extents.add((long) shape.extent(axis)));
        return extents;
    }

    /// The type of (n, width), n open.
    private static ProtobufWriter rows(String value, int width) {
        ProtobufWriter shape = new ProtobufWriter()
                .message(1, new ProtobufWriter().text(2, "n"))
                .message(1, new ProtobufWriter().integer(1, width));
        ProtobufWriter type = new ProtobufWriter()
                .message(1, new ProtobufWriter().integer(1, F32).message(2, shape));
        return new ProtobufWriter().text(1, value).message(2, type);
    }
}
