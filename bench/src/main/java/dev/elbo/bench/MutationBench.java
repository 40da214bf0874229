package dev.elbo.bench;

import dev.elbo.bench.mutation.MutationCampaign;
import dev.elbo.bench.trust.ScratchFolder;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Question: do the tests notice a slip of the pen in a kernel, a gradient, a loop?
/// Read `killed`: at least 95 of 100 that change a result, and every survivor explained.
///
/// Started again it goes on where it was cut off, and asks all tests about the survivors that nobody has explained.
final class MutationBench {
    private static final String FILE = "mutation.jsonl";
    private static final String EXPLANATIONS = "mutation-survivors.properties";
    private static final String UNCHANGED = "unchanged";
    private static final int MUTANTS = 100;
    private static final double WANTED = 0.95;

    private static final String HEAD = """
            # One line wrong

            Written by `ci/mutate` from the last line of `mutation.jsonl` for each slip that the sources still allow;
            not edited by hand. Each is one line of a kernel, an operation or a loop of the CPU, changed as people
            mistake themselves, and given to the tests that guard it. Killed: one of them failed. A slip that compiles
            to the same code is none. Survivors are explained in `mutation-survivors.properties`; one that changes no
            result, by an explanation that begins with "The same", counts as harmless, and no test can kill it.

            """;

    private MutationBench() {}

    /// Tries slips and writes the page.
    ///
    /// @param arguments folder of the results, class path of the tests, how many slips, in how many seconds
    public static void main(String[] arguments) throws IOException, ReflectiveOperationException, InterruptedException {
        Path results = Path.of(arguments[0]);
        int most = arguments.length > 2 ? Integer.parseInt(arguments[2]) : MUTANTS;
        long seconds = arguments.length > 3 ? Long.parseLong(arguments[3]) : Integer.MAX_VALUE;
        long seed = Long.getLong("elbo.seed", 1);
        boolean fine;
        try (ScratchFolder scratch = ScratchFolder.create("elbo-mutation");
                MutationCampaign campaign = new MutationCampaign(scratch.path(), arguments[1])) {
            if (!campaign.hasCompilerOfKernels()) {
                System.out.println("nvcc is not on the path: operations and loops alone are tried");
            }
            checkUnchanged(campaign, results);
            long began = System.nanoTime();
            campaign.run(most, seed, seconds, keys(results, _ -> true), outcome -> append(results, outcome, seed));
            long left = seconds - TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
            Set<String> survivors = new HashSet<>(keys(results, line -> !killed(line)));
            survivors.removeAll(explanations(results).stringPropertyNames());
            campaign.again(survivors, left, outcome -> append(results, outcome, seed));
            fine = write(results, campaign.keys());
        }
        System.exit(fine ? 0 : 1);
    }

    /// Once for each commit: tests that fail on the code as it is say nothing of slips.
    private static void checkUnchanged(MutationCampaign campaign, Path results)
            throws IOException, InterruptedException {
        Map<String, Json> known = latest(results).get(UNCHANGED);
        if (known != null && Results.quoted(text(known, "commit")).equals(Results.commit())) {
            return;
        }
        String wrong = campaign.unchanged();
        if (!wrong.isEmpty()) {
            throw new IllegalStateException("MutationBench: a test fails on the code as it is; test=" + wrong);
        }
        Map<String, String> line = new LinkedHashMap<>();
        line.put("benchmark", Results.quoted("MutationBench"));
        line.put("key", Results.quoted(UNCHANGED));
        Results.append(results.resolve(FILE), line);
    }

    private static void append(Path results, MutationCampaign.Outcome outcome, long seed) throws IOException {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("benchmark", Results.quoted("MutationBench"));
        line.put("key", Results.quoted(outcome.key()));
        line.put("rule", Results.quoted(outcome.rule()));
        line.put("kernel", String.valueOf(outcome.kernel()));
        line.put("place", Results.quoted(outcome.place()));
        line.put("before", Results.quoted(outcome.before()));
        line.put("after", Results.quoted(outcome.after()));
        line.put("killed", String.valueOf(outcome.killed()));
        line.put("test", Results.quoted(outcome.test()));
        line.put("message", Results.quoted(outcome.message()));
        line.put("seed", String.valueOf(seed));
        System.out.println(line);
        Results.append(results.resolve(FILE), line);
    }

    private static Set<String> keys(Path results, Predicate<Map<String, Json>> wanted) throws IOException {
        return latest(results).values().stream()
                .filter(line -> line.containsKey("killed") && wanted.test(line))
                .map(line -> text(line, "key"))
                .collect(Collectors.toSet());
    }

    private static Map<String, Map<String, Json>> latest(Path results) throws IOException {
        Map<String, Map<String, Json>> latest = new LinkedHashMap<>();
        if (Files.exists(results.resolve(FILE))) {
            for (String text : Files.readAllLines(results.resolve(FILE))) {
                Map<String, Json> line = ((Json.Members) Json.parse(text, FILE)).values();
                latest.put(text(line, "key"), line);
            }
        }
        return latest;
    }

    /// @return whether enough were killed, and the others explained
    private static boolean write(Path results, Set<String> keys) throws IOException {
        Properties explanations = explanations(results);
        Map<String, Map<String, Json>> latest = latest(results);
        latest.keySet().retainAll(keys);
        StringBuilder page = new StringBuilder(HEAD);
        totals(page, latest.values(), explanations);
        page.append("\n## Survivors\n\n| slip | before | after | why |\n| --- | --- | --- | --- |\n");
        boolean explained = true;
        for (Map<String, Json> line : latest.values()) {
            if (!killed(line)) {
                String why = explanations.getProperty(text(line, "key"), "");
                explained &= !why.isEmpty();
                page.append("| %s %s | `%s` | `%s` | %s |%n"
                        .formatted(
                                text(line, "key"),
                                text(line, "place"),
                                cell(line, "before"),
                                cell(line, "after"),
                                why.isEmpty() ? "**not explained**" : why));
            }
        }
        page.append("\n## Killed\n\n| slip | before | after | by |\n| --- | --- | --- | --- |\n");
        for (Map<String, Json> line : latest.values()) {
            if (killed(line)) {
                page.append("| %s | `%s` | `%s` | %s |%n"
                        .formatted(text(line, "place"), cell(line, "before"), cell(line, "after"), cell(line, "test")));
            }
        }
        Files.writeString(results.resolve("mutation.md"), page);
        long killed = latest.values().stream().filter(MutationBench::killed).count();
        long harmless = latest.values().stream()
                .filter(line -> harmless(line, explanations))
                .count();
        System.out.println("killed " + killed + " of " + latest.size() + ", harmless: " + harmless
                + ", survivors explained: " + explained);
        return explained && killed >= WANTED * (latest.size() - harmless);
    }

    private static boolean harmless(Map<String, Json> line, Properties explanations) {
        return !killed(line) && explanations.getProperty(text(line, "key"), "").startsWith("The same");
    }

    private static Properties explanations(Path results) throws IOException {
        Properties explanations = new Properties();
        if (Files.exists(results.resolve(EXPLANATIONS))) {
            try (Reader reader = Files.newBufferedReader(results.resolve(EXPLANATIONS))) {
                explanations.load(reader);
            }
        }
        return explanations;
    }

    private static void totals(StringBuilder page, Collection<Map<String, Json>> lines, Properties explanations) {
        Map<String, int[]> totals = new TreeMap<>();
        for (Map<String, Json> line : lines) {
            String group = text(line, "rule") + " | " + (text(line, "kernel").equals("true") ? "kernels" : "Java");
            for (String each : new String[] {group, "all | "}) {
                totals.putIfAbsent(each, new int[3]);
                int[] counts = totals.get(each);
                counts[0]++;
                counts[1] += killed(line) ? 1 : 0;
                counts[2] += harmless(line, explanations) ? 1 : 0;
            }
        }
        page.append("| rule | in | slips | killed | harmless |\n| --- | --- | --- | --- | --- |\n");
        totals.forEach((group, counts) ->
                page.append("| %s | %d | %d | %d |%n".formatted(group, counts[0], counts[1], counts[2])));
    }

    private static boolean killed(Map<String, Json> line) {
        return text(line, "killed").equals("true");
    }

    private static String cell(Map<String, Json> line, String name) {
        return text(line, name).replace("|", "\\|");
    }

    private static String text(Map<String, Json> line, String name) {
        return line.get(name) instanceof Json.Text(String text)
                ? text
                : line.get(name).compact();
    }
}
