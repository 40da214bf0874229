package dev.elbo.bench.mutation;

import dev.elbo.bench.trust.ScratchFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Kernels, operations and loops with one line wrong, each given to the tests that guard it.
///
/// The slips are drawn by the seed, each rule in turn, in kernels and in Java, so that barriers and accumulation
/// are tried as often as signs, of which there are many more. A slip that the compiler refuses, or makes the same
/// code of, is none. The nearest tests are asked first, and all of them about what these have not noticed.
public final class MutationCampaign implements AutoCloseable {
    /// What became of one slip.
    ///
    /// @param key     its name; see the file of explanations
    /// @param rule    what kind it is
    /// @param kernel  whether it is in CUDA's code
    /// @param place   file and line
    /// @param before  the line as it is
    /// @param after   the line as it was tried
    /// @param killed  whether a test failed
    /// @param test    the first that did; empty for a survivor
    /// @param message what it said
    public record Outcome(
            String key,
            String rule,
            boolean kernel,
            String place,
            String before,
            String after,
            boolean killed,
            String test,
            String message) {}

    /// Told of each.
    @FunctionalInterface
    public interface Listener {
        /// @param outcome of a slip just tried
        void tried(Outcome outcome) throws IOException;
    }

    private final Path temporary;
    private final TestNames tests;
    private final Trial trial;
    private final Workshop java;
    private final Optional<Workshop> kernels;

    /// @param temporary an empty folder
    /// @param classPath of the tests of `runtime`, with JUnit's console
    public MutationCampaign(Path temporary, String classPath) throws IOException, ReflectiveOperationException {
        this.temporary = temporary;
        tests = new TestNames(classPath);
        trial = new Trial(classPath, temporary);
        java = new JavaWorkshop(temporary, tests, classPath);
        kernels = KernelWorkshop.open() ? Optional.of(new KernelWorkshop(temporary, tests)) : Optional.empty();
    }

    /// Whether CUDA's code can be changed here.
    public boolean hasCompilerOfKernels() {
        return kernels.isPresent();
    }

    /// Runs all tests that may be asked, on the code as it is.
    ///
    /// @return what failed; empty as it should be
    public String unchanged() throws IOException, InterruptedException {
        List<String> all = Stream.of(
                        TestNames.ALL_TWINS,
                        TestNames.WIDE,
                        TestNames.WIDE_ON_CUDA,
                        TestNames.CHAINS,
                        TestNames.CHAINS_ON_CUDA,
                        TestNames.SPLIT_ON_CUDA)
                .flatMap(List::stream)
                .toList();
        Trial.Verdict verdict = trial.of(temporary.resolve("nothing"), all);
        return verdict.killed() ? verdict.test() + ": " + verdict.message() : "";
    }

    /// The names of all slips that the sources allow.
    public Set<String> keys() throws IOException {
        Set<String> keys = new HashSet<>();
        for (Workshop workshop : workshops()) {
            mutants(workshop).forEach(mutant -> keys.add(mutant.key()));
        }
        return keys;
    }

    /// Tries slips.
    ///
    /// @param most    how many
    /// @param seconds after which no more is begun
    /// @param known   those that count as tried
    /// @param told    of each that was not
    public void run(int most, long seed, long seconds, Set<String> known, Listener told)
            throws IOException, InterruptedException {
        Map<Workshop, List<List<Mutant>>> drawn = new LinkedHashMap<>();
        int tried = 0;
        for (Workshop workshop : workshops()) {
            List<Mutant> all = mutants(workshop);
            tried += (int)
                    all.stream().filter(each -> known.contains(each.key())).count();
            Map<Rule, List<Mutant>> byRule = all.stream()
                    .filter(each -> !known.contains(each.key()))
                    .sorted(Comparator.comparingLong(each -> each.lot(seed)))
                    .collect(Collectors.groupingBy(Mutant::rule));
            drawn.put(workshop, new ArrayList<>(new TreeMap<>(byRule).values()));
        }
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (tried < most && drawn.values().stream().flatMap(List::stream).anyMatch(each -> !each.isEmpty())) {
            for (Map.Entry<Workshop, List<List<Mutant>>> each : drawn.entrySet()) {
                for (List<Mutant> ofRule : each.getValue()) {
                    if (System.nanoTime() > end) {
                        return;
                    }
                    tried += tried < most && next(each.getKey(), ofRule, told) ? 1 : 0;
                }
            }
        }
    }

    /// Tries the next one of a list that is a mutant indeed.
    private boolean next(Workshop workshop, List<Mutant> left, Listener told) throws IOException, InterruptedException {
        while (!left.isEmpty()) {
            Mutant mutant = left.removeFirst();
            ScratchFolder.delete(temporary.resolve("classes"));
            Optional<Workshop.Made> made = workshop.make(mutant);
            if (made.isPresent()) {
                Trial.Verdict verdict = trial.of(made.get().folder(), made.get().tests());
                told.tried(outcome(mutant, workshop != java, verdict));
                return true;
            }
        }
        return false;
    }

    /// Asks all tests about slips that the nearest have not noticed, or had not when they were weaker.
    ///
    /// @param keys    their names
    /// @param seconds after which no more is begun
    public void again(Set<String> keys, long seconds, Listener told) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (Workshop workshop : workshops()) {
            List<String> wide = workshop == java ? TestNames.WIDE : TestNames.WIDE_ON_CUDA;
            for (Mutant mutant : mutants(workshop)) {
                if (keys.contains(mutant.key()) && System.nanoTime() < end) {
                    ScratchFolder.delete(temporary.resolve("classes"));
                    Workshop.Made made = workshop.make(mutant).orElseThrow();
                    Trial.Verdict near = trial.of(made.folder(), made.tests());
                    told.tried(outcome(mutant, workshop != java, near.killed() ? near : trial.of(made.folder(), wide)));
                }
            }
        }
    }

    private static Outcome outcome(Mutant mutant, boolean kernel, Trial.Verdict verdict) {
        return new Outcome(
                mutant.key(),
                mutant.rule().name(),
                kernel,
                mutant.place(),
                mutant.before().strip(),
                mutant.after().strip(),
                verdict.killed(),
                verdict.test(),
                verdict.message());
    }

    private List<Workshop> workshops() {
        return kernels.map(each -> List.of(each, java)).orElse(List.of(java));
    }

    private static List<Mutant> mutants(Workshop workshop) throws IOException {
        List<Mutant> mutants = new ArrayList<>();
        for (Path source : workshop.sources()) {
            mutants.addAll(Mutant.of(source));
        }
        return mutants;
    }

    @Override
    public void close() throws IOException {
        tests.close();
    }
}
