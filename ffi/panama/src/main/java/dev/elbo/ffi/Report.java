package dev.elbo.ffi;

import dev.elbo.ffi.onednn.OneDnn;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// What native code this machine offers and what it lacks: each place looked at, each version found, the command that
/// brings what is missing, and which provider serves which interface.
///
/// @param libraries what was looked for, found or not
/// @param devices   GPUs the driver shows
/// @param trouble   why there is no device; empty when there is one
/// @param providers who serves the interfaces that have more than one provider
public record Report(List<Library> libraries, List<Gpu> devices, String trouble, List<Provider> providers) {
    public Report {
        libraries = List.copyOf(libraries);
        devices = List.copyOf(devices);
        providers = List.copyOf(providers);
    }

    /// One shared library.
    ///
    /// @param title   what people call it
    /// @param library what was found and every try
    /// @param without what is so when it is absent: what is lost, or who stands in
    /// @param install the command that brings it
    public record Library(String title, NativeLibrary library, String without, String install) {}

    /// One GPU.
    ///
    /// @param ordinal         its number, from 0
    /// @param capability      compute capability
    /// @param multiprocessors how many
    /// @param bytes           device memory
    public record Gpu(int ordinal, String name, Version capability, int multiprocessors, long bytes) {
        static Gpu of(int ordinal) {
            int device = Cuda.device(ordinal);
            return new Gpu(
                    ordinal,
                    Cuda.deviceName(device),
                    Cuda.capability(device),
                    Cuda.attribute(DeviceAttribute.MULTIPROCESSORS, device),
                    Cuda.deviceBytes(device));
        }
    }

    /// Who serves one interface.
    ///
    /// @param serves   the interface: `Blas`, `Dnn`
    /// @param provider `panama`, `jcuda` or `none`
    /// @param why      what decided
    public record Provider(String serves, String provider, String why) {
        static Provider of(String serves, CudaBindings.Choice choice) {
            return new Provider(serves, choice.available() ? choice.binding().name() : "none", choice.why());
        }
    }

    /// What this process finds. Loads every library there is; a program that uses some of them loads those alone.
    public static Report ofProcess() {
        List<Library> libraries = new ArrayList<>(CudaLibraries.ofProcess().report());
        libraries.add(OneDnn.report());
        CudaBindings bindings = CudaBindings.ofProcess();
        List<Provider> providers = List.of(Provider.of("Blas", bindings.blas()), Provider.of("Dnn", bindings.dnn()));
        try {
            Cuda.init();
            List<Gpu> devices =
                    IntStream.range(0, Cuda.deviceCount()).mapToObj(Gpu::of).toList();
            return new Report(libraries, devices, devices.isEmpty() ? "the driver shows none" : "", providers);
        } catch (NativeException e) {
            String trouble = Cuda.library().present() ? e.getMessage() : "there is no usable CUDA driver";
            return new Report(libraries, List.of(), trouble, providers);
        }
    }

    /// The report as plain text, lines at most as wide as paths force them to be.
    ///
    /// @param everyPlace whether each try at finding a library is listed, the vain ones included
    public String text(boolean everyPlace) {
        StringBuilder text = new StringBuilder("libraries\n");
        for (Library library : libraries) {
            append(text, library);
            if (everyPlace) {
                library.library.attempts().forEach(attempt -> line(text, "", "- " + attempt));
            }
        }
        text.append("devices\n");
        devices.forEach(gpu -> line(
                text,
                String.valueOf(gpu.ordinal),
                "%s, compute capability %s, %d multiprocessors, %.1f GiB"
                        .formatted(gpu.name, gpu.capability, gpu.multiprocessors, gpu.bytes / 0x1p30)));
        if (!trouble.isEmpty()) {
            line(text, "none", trouble);
        }
        if (!providers.isEmpty()) {
            text.append("providers\n");
            providers.forEach(chosen -> line(text, chosen.serves, chosen.provider + "; " + chosen.why));
        }
        return text.toString();
    }

    private static void append(StringBuilder text, Library entry) {
        NativeLibrary library = entry.library;
        if (library.present()) {
            line(text, entry.title, library.version() + ", " + library.file());
        } else {
            line(text, entry.title, library.shortReason());
            line(text, "", "without it: " + entry.without);
            line(text, "", "to install: " + entry.install);
        }
    }

    private static void line(StringBuilder text, String what, String said) {
        text.append("  %-11s  %s%n".formatted(what, said));
    }
}
