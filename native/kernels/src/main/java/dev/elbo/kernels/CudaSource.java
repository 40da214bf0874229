package dev.elbo.kernels;

import dev.elbo.kernels.Launch.Dim;
import dev.elbo.kernels.Launch.Extent;
import dev.elbo.kernels.Parameter.Element;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads a kernel file: the header by its fields, the kernels by their signatures. The form is narrow on purpose, and
/// whatever does not follow it is an error with the name of the file.
///
/// @param header    the comment at the head
/// @param kernels   signature of each kernel, in order
/// @param launches  the launch of each kernel, from the header
/// @param constants whole numbers defined in this file
/// @param includes  the files it includes, as written
record CudaSource(
        KernelHeader header,
        Map<String, Signature> kernels,
        Map<String, Launch> launches,
        Map<String, Integer> constants,
        List<String> includes) {
    /// @param parameters in order
    /// @param lines      lines of the kernel, from its signature to its closing brace
    record Signature(List<Parameter> parameters, int lines) {}

    static final List<String> FIELDS = List.of(
            "formula",
            "shapes",
            "types",
            "launch",
            "ownership",
            "edges",
            "determinism",
            "bytes",
            "versions",
            "reference");
    private static final int INDENT = 13; // column of a field's text

    private static final Pattern HEADER = Pattern.compile("\\A/\\*\\n(.*?)\\n\\*/\\n", Pattern.DOTALL);
    private static final Pattern FIELD = Pattern.compile("^([a-z]+) {2,}(\\S.*)$");
    private static final Pattern KERNEL = Pattern.compile(
            "^extern \"C\" __global__ void (?:__cluster_dims__\\([^)]*\\) )?"
                    + "__launch_bounds__\\([^)]*\\)\\s+(\\w+)\\((.*?)\\) \\{(.*?)^\\}",
            Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern PARAMETER =
            Pattern.compile("(const )?((?:unsigned |long )?\\w+) ?(\\*)?" + "( __restrict__)? (\\w+)");
    private static final Pattern SHAPE = Pattern.compile("// (\\(.*)");
    private static final Pattern LAUNCH = Pattern.compile("([\\w, ]+): block (\\d+(?: x \\d+)*), grid (.*)");
    private static final Pattern EXTENT = Pattern.compile("ceil\\((.*) / (\\d+)\\)|(.*)");
    private static final Pattern CONSTANT =
            Pattern.compile("^#define ([A-Z][A-Z0-9_]*) +(\\d+)(?: *//.*)?$", Pattern.MULTILINE);
    private static final Pattern INCLUDE = Pattern.compile("^#include \"(.+)\"$", Pattern.MULTILINE);

    /// A kernel file.
    static CudaSource parse(String file, String text) {
        KernelHeader header = header(file, text);
        return new CudaSource(header, kernels(file, text), launches(file, header), constants(text), includes(text));
    }

    static List<String> includes(String text) {
        return INCLUDE.matcher(text).results().map(include -> include.group(1)).toList();
    }

    static Map<String, Integer> constants(String text) {
        Map<String, Integer> constants = new HashMap<>();
        CONSTANT.matcher(text)
                .results()
                .forEach(constant -> constants.put(constant.group(1), Integer.valueOf(constant.group(2))));
        return constants;
    }

    private static KernelHeader header(String file, String text) {
        Matcher comment = HEADER.matcher(text);
        if (!comment.find()) {
            throw malformed(file, "no header comment at the top");
        }
        List<String> lines = comment.group(1).lines().toList();
        Map<String, StringBuilder> fields = new LinkedHashMap<>();
        StringBuilder open = null;
        for (String line : lines.subList(1, lines.size())) {
            Matcher field = FIELD.matcher(line);
            if (field.matches()) {
                open = new StringBuilder(field.group(2));
                fields.put(field.group(1), open);
            } else if (open != null && !line.isBlank()) {
                open.append('\n').append(line.length() > INDENT ? line.substring(INDENT) : line.strip());
            }
        }
        if (!List.copyOf(fields.keySet()).equals(FIELDS)) {
            throw malformed(file, "header fields are " + fields.keySet() + ", wanted " + FIELDS);
        }
        String[] text11 = fields.values().stream().map(StringBuilder::toString).toArray(String[]::new);
        return new KernelHeader(
                lines.getFirst(),
                text11[0],
                text11[1],
                text11[2],
                text11[3],
                text11[4],
                text11[5],
                text11[6],
                text11[7],
                text11[8],
                text11[9]);
    }

    private static Map<String, Signature> kernels(String file, String text) {
        Map<String, Signature> kernels = new LinkedHashMap<>();
        Matcher kernel = KERNEL.matcher(text);
        while (kernel.find()) {
            List<Parameter> parameters = new ArrayList<>();
            for (String line : kernel.group(2).lines().toList()) {
                addParameters(file, line, parameters);
            }
            int lines = (int) kernel.group().lines().count();
            kernels.put(kernel.group(1), new Signature(List.copyOf(parameters), lines));
        }
        return kernels;
    }

    private static void addParameters(String file, String line, List<Parameter> parameters) {
        int comment = line.indexOf("//");
        String code = comment < 0 ? line : line.substring(0, comment);
        for (String declaration : code.split(",")) {
            if (declaration.isBlank()) {
                continue;
            }
            Matcher parts = PARAMETER.matcher(declaration.strip());
            if (!parts.matches()) {
                throw malformed(file, "parameter '" + declaration.strip() + "'");
            }
            boolean pointer = parts.group(3) != null;
            Matcher shape = SHAPE.matcher(line);
            if (pointer && !shape.find()) {
                throw malformed(file, "no shape comment on pointer '" + parts.group(5) + "'");
            }
            parameters.add(new Parameter(
                    parts.group(5),
                    Element.ofC(parts.group(2)),
                    pointer,
                    pointer && parts.group(1) == null,
                    pointer ? shape.group(1) : ""));
        }
    }

    private static Map<String, Launch> launches(String file, KernelHeader header) {
        Map<String, Launch> launches = new HashMap<>();
        for (String line : header.launch().lines().toList()) {
            Matcher launch = LAUNCH.matcher(line);
            if (!launch.matches()) {
                throw malformed(file, "launch line '" + line + "'");
            }
            long[] block = Arrays.copyOf(
                    Arrays.stream(launch.group(2).split(" x "))
                            .mapToLong(Long::parseLong)
                            .toArray(),
                    3);
            Dim threads = new Dim(block[0], Math.max(block[1], 1), Math.max(block[2], 1));
            List<Extent> grid = Arrays.stream(launch.group(3).split(" x "))
                    .map(CudaSource::extent)
                    .toList();
            for (String kernel : launch.group(1).split(", ")) {
                launches.put(kernel.strip(), new Launch(threads, grid));
            }
        }
        return launches;
    }

    private static Extent extent(String text) {
        Matcher quotient = EXTENT.matcher(text);
        if (!quotient.matches()) {
            throw new IllegalStateException("kernel launch: unreadable extent; extent=" + text);
        }
        boolean whole = quotient.group(1) == null;
        List<String> arguments = new ArrayList<>();
        long factor = 1;
        for (String term : (whole ? quotient.group(3) : quotient.group(1)).split(" \\* ")) {
            if (Character.isDigit(term.charAt(0))) {
                factor *= Long.parseLong(term);
            } else {
                arguments.add(term);
            }
        }
        return new Extent(List.copyOf(arguments), factor, whole ? 1 : Long.parseLong(quotient.group(2)));
    }

    private static IllegalStateException malformed(String file, String what) {
        return new IllegalStateException("kernel source: " + what + "; file=" + file);
    }
}
