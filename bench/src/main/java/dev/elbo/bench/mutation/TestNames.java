package dev.elbo.bench.mutation;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Which tests of `runtime` guard which code, as selectors of JUnit's console. The tests' own tables say it.
final class TestNames implements AutoCloseable {
    private static final String RUNTIME = "dev.elbo.runtime.";
    private static final String TWINS = RUNTIME + "kernels.KernelTwinsTest";

    /// All kernels that have a twin of equal bits.
    static final List<String> ALL_TWINS = classes("kernels.KernelTwinsTest");
    private static final String ROW = RUNTIME + "ops.OpRow";

    /// Tests of the kernels and loops that have no twin of equal bits.
    static final List<String> CHAINS_ON_CUDA = classes("chain.ChainOnCudaTest", "chain.InferenceOnCudaTest");

    /// Tests of products on units for bf16.
    static final List<String> SPLIT_ON_CUDA = classes("SplitProductsOnCudaTest");

    /// The same on the CPU.
    static final List<String> CHAINS =
            classes("chain.ChainLawsTest", "chain.ChainAccuracyTest", "chain.ChainTrapsTest", "chain.InferenceTest");

    /// Tests of the loops that convolve.
    static final List<String> CONVOLUTIONS = classes("ops.ConvolutionsTest");

    /// All that is asked about a kernel where the nearest test has noticed nothing.
    static final List<String> WIDE_ON_CUDA =
            classes("ops.OperationsOnCudaTest", "ops.DrawsOnCudaTest", "ConvolutionsOnCudaTest", "OptimizerOnCudaTest");

    /// The same about the CPU.
    static final List<String> WIDE = classes(
            "cpu.DocumentedOrderTest",
            "cpu.ProviderParityTest",
            "ops.ProductsTest",
            "ops.ConvolutionsTest",
            "ops.DrawsTest",
            "ops.OperationsTest",
            "OptimizerTest");

    private final URLClassLoader tests;
    private final Map<String, Integer> kernels = new LinkedHashMap<>();
    private final List<Class<?>> operations = new ArrayList<>();

    /// @param classPath of the tests
    TestNames(String classPath) throws ReflectiveOperationException, MalformedURLException {
        List<URL> urls = new ArrayList<>();
        for (String part : classPath.split(File.pathSeparator)) {
            urls.add(Path.of(part).toUri().toURL());
        }
        tests = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
        Object[] cases = ((Stream<?>) call("kernels.KernelTwinsTest", "cases")).toArray();
        for (int i = 0; i < cases.length; i++) {
            for (String kernel : cases[i].toString().replaceAll("[\\[\\] ]", "").split(",")) {
                kernels.put(kernel, i);
            }
        }
        for (Object row : (Collection<?>) call("ops.OpRows", "all")) {
            Method op = row.getClass().getDeclaredMethod("op");
            op.setAccessible(true);
            operations.add((Class<?>) op.invoke(row));
        }
    }

    private Object call(String type, String method) throws ReflectiveOperationException {
        Method found = type(type).getDeclaredMethod(method);
        found.setAccessible(true);
        return found.invoke(null);
    }

    private Class<?> type(String name) {
        try {
            return tests.loadClass(RUNTIME + name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("TestNames: not on the class path of the tests; name=" + name, e);
        }
    }

    /// The case of one kernel; none where its bits are nobody's.
    List<String> ofKernel(String kernel) {
        Integer index = kernels.get(kernel);
        return index == null
                ? List.of()
                : List.of("--select-iteration=method:" + TWINS + "#theBitsAreThoseOfTheTwin(" + TWINS + "$Case)["
                        + index + "]");
    }

    /// What guards a family that has no twins.
    static List<String> withoutTwins(String family) {
        return family.startsWith("matmul") ? SPLIT_ON_CUDA : CHAINS_ON_CUDA;
    }

    /// The rows of one operation, and the test that bears its name if there is one.
    ///
    /// @param name of a class of `ops`, which may be what several operations share
    List<String> ofOperation(String name) {
        Class<?> type = type("ops." + name);
        List<String> selected = new ArrayList<>();
        for (int row = 0; row < operations.size(); row++) {
            if (operations.get(row) != null && type.isAssignableFrom(operations.get(row))) {
                for (String method : List.of(
                        "OperationsTest#cpuMatchesOracle",
                        "OperationsTest#gradientMatchesFiniteDifference",
                        "OperationsTest#lawHolds",
                        "OperationsTest#edgeIsAsDocumented",
                        "OperationsOnCudaTest#gpuMatchesCpu")) {
                    selected.add(
                            "--select-iteration=method:" + RUNTIME + "ops." + method + "(" + ROW + ")[" + row + "]");
                }
            }
        }
        for (String own : List.of("Test", "OnCudaTest", "sTest")) {
            if (tests.getResource((RUNTIME + "ops." + name + own).replace('.', '/') + ".class") != null) {
                selected.addAll(classes("ops." + name + own));
            }
        }
        return selected;
    }

    private static List<String> classes(String... names) {
        return Arrays.stream(names)
                .map(name -> "--select-class=" + RUNTIME + name)
                .toList();
    }

    @Override
    public void close() throws IOException {
        tests.close();
    }
}
