package dev.elbo.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The text of one PTX file, and the facts that it states about itself.
///
/// @param file     name of the file, `reduce.ptx` or `reduce.sm90.ptx`
/// @param text     what the driver loads
/// @param isa      version of the instruction set, such as `7.0`
/// @param target   the least capability that executes it
/// @param compiler the release of the compiler that wrote it
/// @param entries  its kernels, in alphabetical order
public record Ptx(
        String file, String text, String isa, ComputeCapability target, String compiler, List<Entry> entries) {
    /// A kernel as PTX declares it.
    ///
    /// @param name        of the kernel
    /// @param parameters  types of the arguments: `u64`, `f32`
    /// @param threads     the most threads that a block may have
    /// @param sharedBytes static shared memory, bytes
    /// @param body        its instructions
    public record Entry(String name, List<String> parameters, int threads, int sharedBytes, String body) {}

    private static final Pattern ISA = Pattern.compile("^\\.version (\\S+)", Pattern.MULTILINE);
    private static final Pattern TARGET = Pattern.compile("^\\.target sm_(\\d+)", Pattern.MULTILINE);
    private static final Pattern COMPILER = Pattern.compile("^// Cuda compilation tools, (.+)$", Pattern.MULTILINE);
    private static final Pattern ENTRY = Pattern.compile(
            "^\\.visible \\.entry (\\w+)\\((.*?)\\)\\s*((?:\\.\\w+(?: [\\d, ]+)?\\n)*)\\{(.*?)^\\}",
            Pattern.MULTILINE | Pattern.DOTALL);
    // Up to the first line within the braces of an entry.
    private static final Pattern BODY =
            Pattern.compile("^(\\.visible \\.entry .*?^\\{\\n)", Pattern.MULTILINE | Pattern.DOTALL);
    private static final ComputeCapability OVERLAPS = new ComputeCapability(9, 0);
    private static final Pattern PARAMETER = Pattern.compile("\\.param \\.(\\w+)");
    private static final Pattern THREADS = Pattern.compile("\\.maxntid (\\d+), (\\d+), (\\d+)");
    private static final Pattern SHARED =
            Pattern.compile("\\.shared \\.align \\d+ \\.(?:b|u|s|f)(\\d+) \\w+(?:\\[(\\d+)])?");

    /// The text for launches that may begin before their predecessors on the stream have ended.
    ///
    /// Each kernel lets its successor be launched first, and then waits until all that it may read is there.
    /// Launched in the ordinary way it does the same as before, and its numbers are the same. For capability 9.0
    /// and later.
    public String overlapping() {
        String version = Double.parseDouble(isa) < 7.8 ? "7.8" : isa;
        String raised = ISA.matcher(text).replaceFirst(".version " + version);
        if (target.compareTo(OVERLAPS) < 0) {
            raised = TARGET.matcher(raised).replaceFirst(".target sm_90");
        }
        // What nobody changes while a kernel runs, its predecessor may still be writing: no cache for constants.
        return BODY.matcher(raised.replace("ld.global.nc.", "ld.global."))
                .replaceAll("$1\tgriddepcontrol.launch_dependents;\n\tgriddepcontrol.wait;\n");
    }

    static Ptx parse(String file, String text) {
        List<Entry> entries = new ArrayList<>();
        Matcher entry = ENTRY.matcher(text);
        while (entry.find()) {
            List<String> parameters = PARAMETER
                    .matcher(entry.group(2))
                    .results()
                    .map(parameter -> parameter.group(1))
                    .toList();
            entries.add(new Entry(
                    entry.group(1), parameters, threads(file, entry), shared(entry.group(4)), entry.group(4)));
        }
        entries.sort((a, b) -> a.name().compareTo(b.name()));
        return new Ptx(
                file,
                text,
                fact(ISA, file, text),
                ComputeCapability.of(Integer.parseInt(fact(TARGET, file, text))),
                fact(COMPILER, file, text),
                List.copyOf(entries));
    }

    private static int threads(String file, Matcher entry) {
        Matcher threads = THREADS.matcher(entry.group(3));
        if (!threads.find()) {
            throw new IllegalStateException(
                    "ptx: a kernel without launch bounds; file=" + file + ", kernel=" + entry.group(1));
        }
        return Integer.parseInt(threads.group(1))
                * Integer.parseInt(threads.group(2))
                * Integer.parseInt(threads.group(3));
    }

    private static int shared(String body) {
        return SHARED.matcher(body)
                .results()
                .mapToInt(array -> Integer.parseInt(array.group(1))
                        / Byte.SIZE
                        * (array.group(2) == null ? 1 : Integer.parseInt(array.group(2))))
                .sum();
    }

    private static String fact(Pattern pattern, String file, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("ptx: a line is missing; file=" + file + ", wanted=" + pattern);
        }
        return matcher.group(1);
    }
}
