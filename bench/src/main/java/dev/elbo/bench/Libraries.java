package dev.elbo.bench;

import dev.elbo.bench.work.Contender;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/// Elbo's peers: those of the class path, and PyTorch where Python has it.
final class Libraries {
    private Libraries() {}

    /// Those that can run here; of all it is said.
    static List<Contender.Library> here() {
        List<Contender.Library> all = new ArrayList<>();
        all.add(new TorchScript());
        ServiceLoader.load(Contender.Library.class).forEach(all::add);
        all.forEach(each -> System.out.println(each.description()));
        all.removeIf(each -> !each.present());
        return all;
    }

    /// A table of what each peer took for each workload that it knows.
    ///
    /// @param kind   heading of the workloads
    /// @param latest by workload
    static String table(String kind, Map<String, Line> latest) {
        StringBuilder table = new StringBuilder("""
                | %s | peer | its time | peer / Elbo |
                | --- | --- | --- | --- |
                """.formatted(kind));
        latest.forEach((workload, run) -> run.fields().keySet().stream()
                .filter(key -> key.endsWith("_is"))
                .map(key -> key.substring(0, key.length() - "_is".length()))
                .forEach(peer -> table.append("| %s | %s | %s | %s |%n"
                        .formatted(
                                workload,
                                run.text(peer + "_is"),
                                run.spread(peer + "_ms"),
                                run.spread(peer + "_over_elbo")))));
        return table.toString();
    }
}
