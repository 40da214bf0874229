package dev.elbo.bench;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `results/trust.md`: what came of breaking Elbo on purpose, written by the command alone.
final class TrustPage {
    /// Where the outcomes are.
    static final String FILE = "trust.jsonl";

    private static final String HEAD = """
            # Broken on purpose

            Written by `ci/bench TrustBench` from the last line of `trust.jsonl` for each campaign and subject; not
            edited by hand.
            """;

    /// A table of the page.
    ///
    /// @param campaign that its lines are of
    /// @param about    what was done, and how to read it
    /// @param columns  fields of the lines
    private record Section(String campaign, String about, String... columns) {}

    private static final List<Section> SECTIONS = List.of(
            new Section("faults", """
            Faults of the simulated GPU during the smallest training run of each model: a status from a driver's or a
            library's call, a dead context, a lost device, no memory, a kernel that dies; one at a time, drawn by the
            seed from all that are possible. Raised: one exception that names the call. Absorbed: the run ended in the
            same bytes. Every run was then started again on its folder.
            """, "possible", "injected", "raised", "absorbed", "leaked", "problems", "seed"),
            new Section("every", """
            The same, all that are possible, in slices: so many were injected so far.
            """, "possible", "injected", "raised", "absorbed", "leaked", "problems"),
            new Section("kills", """
            Processes killed at random moments of a run on the CPU, and started again. Survived: the run ended in the
            bytes of one that nobody disturbed.
            """, "kills", "survived", "problems", "seed"),
            new Section("folders", """
            What happens to folders: processes killed while they report, evaluate and verify; two processes on one run;
            a folder that is taken away; a disk that becomes read-only or full in the middle of a run. Survived: said
            in one line, no checkpoint lost, and the run that went on ended in the bytes of one that nobody disturbed.
            """, "tried", "survived", "problems", "seed"),
            new Section(
                    "readers",
                    """
            Files that are nearly good. Problems: whatever is not one line that refuses the file, more than 64 MB of
            memory, more than 20 seconds.
            """,
                    "inputs",
                    "taken",
                    "refused",
                    "hangs",
                    "slowest_ms",
                    "largest_mb",
                    "problems",
                    "seed"),
            new Section("requests", """
            Requests to the explore page that are nearly good: heads, paths, tokens, hosts and questions changed,
            bodies that are too long, clients that stop in the middle. Problems: an answer of 500, none in time, a
            page for a stranger, a server that no longer answers.
            """, "inputs", "answered", "refused", "dropped", "slowest_ms", "problems", "seed"),
            new Section("soak", """
            Numbers that training should not meet: data of ±1e30 and of all zeros or ones, weights and log-variances
            far out, learning rates up to 1e30. Finite: the run ended in finite numbers. Stopped: it ended with the
            message that says which number was not finite, at which step. Problems: neither.
            """, "runs", "finite", "stopped", "problems", "seed"),
            new Section(
                    "steps", """
            Many steps, in a process whose heap is as large as it will ever be: what memory grew by from the first
            quarter to the end, native code of the compilers included, and the time of a step in the last quarter over
            that in the second.
            """, "steps", "heap_kb", "ledger_bytes", "resident_kb", "time_ratio", "problems", "seed"));

    private TrustPage() {}

    /// The lines of a campaign, by subject.
    static Map<String, List<Map<String, Json>>> lines(Path results, String campaign) throws IOException {
        Map<String, List<Map<String, Json>>> lines = new LinkedHashMap<>();
        for (String text : Files.readAllLines(results.resolve(FILE))) {
            Map<String, Json> line = ((Json.Members) Json.parse(text, FILE)).values();
            if (text(line, "campaign").equals(campaign)) {
                lines.computeIfAbsent(text(line, "subject"), _ -> new ArrayList<>())
                        .add(line);
            }
        }
        return lines;
    }

    /// Writes the page.
    static void write(Path results) throws IOException {
        StringBuilder page = new StringBuilder(HEAD);
        for (Section section : SECTIONS) {
            Map<String, List<Map<String, Json>>> lines = lines(results, section.campaign);
            if (lines.isEmpty()) {
                continue;
            }
            page.append('\n').append(section.about).append("\n| | ").append(String.join(" | ", section.columns));
            page.append(" | commit |\n|")
                    .append(" --- |".repeat(section.columns.length + 2))
                    .append('\n');
            lines.forEach((subject, ofSubject) -> {
                page.append("| ").append(subject);
                for (String column : section.columns) {
                    page.append(" | ").append(value(ofSubject, column));
                }
                page.append(" | ").append(text(ofSubject.getLast(), "commit")).append(" |\n");
            });
        }
        Files.writeString(results.resolve("trust.md"), page);
    }

    /// Of the last line; of slices, the sum since they began anew.
    private static String value(List<Map<String, Json>> lines, String column) {
        Map<String, Json> last = lines.getLast();
        if (!last.containsKey("from") || column.equals("possible")) {
            return text(last, column);
        }
        long sum = 0;
        for (Map<String, Json> line : lines) {
            sum = (text(line, "from").equals("0") ? 0 : sum) + Long.parseLong(text(line, column));
        }
        return String.valueOf(sum);
    }

    /// A field as a person reads it.
    static String text(Map<String, Json> line, String name) {
        return line.get(name) instanceof Json.Text(String text)
                ? text
                : line.get(name).compact();
    }
}
