package dev.elbo.ffi;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Function;

/// Which binding serves [Blas] and which serves [Dnn], and why. Each is chosen on its own.
///
/// ```
/// -Delbo.cuda.binding=auto    jcuda where its natives load, else panama (the default)
///                     panama  panama or nothing
///                     jcuda   jcuda or nothing
/// ```
///
/// @param blas who serves [Blas]
/// @param dnn  who serves [Dnn]
public record CudaBindings(Choice blas, Choice dnn) {
    private static final String PROPERTY = "elbo.cuda.binding";
    private static final String AUTO = "auto";

    /// One decision.
    ///
    /// @param binding   who serves the interface, or would if it could
    /// @param available whether it can
    /// @param why       what decided, for people
    public record Choice(CudaBinding binding, boolean available, String why) {}

    /// Decides by the system property and by what this machine has.
    ///
    /// @throws IllegalArgumentException if the property names no binding
    public static CudaBindings ofProcess() {
        List<CudaBinding> bindings = new ArrayList<>();
        ServiceLoader.load(CudaBinding.class).forEach(bindings::add);
        bindings.add(CudaBinding.panama());
        return of(System.getProperty(PROPERTY, AUTO), bindings);
    }

    /// @param wanted   `auto`, or the name of one of `bindings`
    /// @param bindings what there is to choose from, the preferred one first; the last is named where none serves
    static CudaBindings of(String wanted, List<CudaBinding> bindings) {
        return new CudaBindings(
                choose(wanted, bindings, CudaBinding::blas), choose(wanted, bindings, CudaBinding::dnn));
    }

    private static Choice choose(
            String wanted, List<CudaBinding> bindings, Function<CudaBinding, CudaBinding.Support> support) {
        if (!wanted.equals(AUTO)) {
            CudaBinding named = named(wanted, bindings);
            CudaBinding.Support answer = support.apply(named);
            return new Choice(named, answer.available(), PROPERTY + "=" + wanted + ", " + answer.why());
        }
        List<String> passed = new ArrayList<>();
        for (CudaBinding binding : bindings) {
            CudaBinding.Support answer = support.apply(binding);
            if (answer.available()) {
                passed.add(answer.why());
                return new Choice(binding, true, String.join("; ", passed));
            }
            passed.add("not " + binding.name() + ", " + answer.why());
        }
        CudaBinding last = bindings.getLast();
        return new Choice(last, false, support.apply(last).why());
    }

    private static CudaBinding named(String wanted, List<CudaBinding> bindings) {
        return bindings.stream()
                .filter(binding -> binding.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(PROPERTY + ": no such binding; wanted=" + wanted
                        + ", found=" + bindings.stream().map(CudaBinding::name).toList()));
    }
}
