package dev.elbo.runtime;

import dev.elbo.ffi.NativeLibrary;
import dev.elbo.ffi.Report;
import dev.elbo.runtime.file.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What this machine offers Elbo, what it lacks, and how to bring it; with checks that have just been run.
public final class Doctor {
    private final Map<String, String> machine;
    private final Report nativeCode;
    private final List<RandomBits.Check> checks;

    private Doctor(Map<String, String> machine, Report nativeCode, List<RandomBits.Check> checks) {
        this.machine = machine;
        this.nativeCode = nativeCode;
        this.checks = checks;
    }

    /// Looks at this process' machine, which loads every library there is.
    public static Doctor examine() {
        Map<String, String> machine = new LinkedHashMap<>();
        machine.put("java", System.getProperty("java.vm.vendor") + " " + Runtime.version());
        machine.put(
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        machine.put("cores", String.valueOf(Runtime.getRuntime().availableProcessors()));
        return new Doctor(machine, Report.ofProcess(), RandomBits.checkAll());
    }

    /// Whether every check passed. A missing library is no failure: Elbo runs without.
    public boolean healthy() {
        return checks.stream().allMatch(RandomBits.Check::passed);
    }

    /// For a person.
    ///
    /// @param everyPlace whether each place is listed in which a library was looked for
    public String text(boolean everyPlace) {
        StringBuilder text = new StringBuilder();
        machine.forEach((name, value) -> text.append("%-8s %s%n".formatted(name, value)));
        text.append('\n').append(nativeCode.text(everyPlace)).append("\nchecks\n");
        for (RandomBits.Check check : checks) {
            text.append("  %-34s %s%n".formatted(check.what(), check.passed() ? "ok" : "FAILED: " + check.found()));
        }
        return text.toString();
    }

    /// For a program.
    public Json json() {
        Map<String, Object> members = new LinkedHashMap<>(machine);
        members.put(
                "libraries",
                nativeCode.libraries().stream().map(Doctor::library).toList());
        members.put("devices", nativeCode.devices().stream().map(Doctor::gpu).toList());
        members.put("no_device", nativeCode.trouble().isEmpty() ? null : nativeCode.trouble());
        members.put(
                "providers",
                nativeCode.providers().stream()
                        .map(chosen ->
                                Map.of("serves", chosen.serves(), "provider", chosen.provider(), "why", chosen.why()))
                        .toList());
        members.put(
                "checks",
                checks.stream()
                        .map(check -> Map.of("what", check.what(), "passed", check.passed()))
                        .toList());
        return Json.of(members);
    }

    private static Map<String, Object> library(Report.Library entry) {
        Map<String, Object> members = new LinkedHashMap<>();
        boolean present = entry.library().present();
        members.put("title", entry.title());
        members.put("present", present);
        members.put("version", present ? entry.library().version().toString() : null);
        members.put("file", present ? entry.library().file() : null);
        members.put("reason", present ? null : entry.library().reason());
        members.put("without", present ? null : entry.without());
        members.put("install", present ? null : entry.install());
        members.put(
                "tried",
                entry.library().attempts().stream()
                        .map(NativeLibrary.Attempt::toString)
                        .toList());
        return members;
    }

    private static Map<String, Object> gpu(Report.Gpu gpu) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("ordinal", gpu.ordinal());
        members.put("name", gpu.name());
        members.put("compute_capability", gpu.capability().toString());
        members.put("multiprocessors", gpu.multiprocessors());
        members.put("bytes", gpu.bytes());
        return members;
    }
}
