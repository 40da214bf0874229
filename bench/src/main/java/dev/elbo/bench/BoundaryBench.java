package dev.elbo.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.elbo.ffi.Blas;
import dev.elbo.ffi.Cuda;
import dev.elbo.ffi.CudaBinding;
import dev.elbo.ffi.CudaFunction;
import dev.elbo.ffi.CudaStream;
import dev.elbo.ffi.LaunchBlock;
import dev.elbo.ffi.LaunchShape;
import dev.elbo.ffi.ProductLayout;
import dev.elbo.ffi.UnpackedLibrary;
import dev.elbo.ffi.jcuda.JcudaBinding;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// Question: what does it cost to get from Java to a CUDA library and back, through Panama and through JCuda?
///
/// The libraries have empty bodies, so the time is the boundary's: the binding, and what Elbo or a user of JCuda must
/// do around it. Arguments change with each call where they would in a training step.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 30, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
@State(Scope.Thread)
public class BoundaryBench {
    private static final String RESULTS = "boundary.jsonl";

    private static final String BODIES = """
            #include <stddef.h>
            int cuDriverGetVersion(int *version) { *version = 12060; return 0; }
            int cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                               unsigned shared, void *stream, void **parameters, void **extra) { return 0; }
            int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t bytes, void *stream) { return 0; }

            int cublasGetProperty(int type, int *value) { *value = type == 0 ? 12 : 0; return 0; }
            int cublasCreate_v2(void **handle) { *handle = (void *)64; return 0; }
            int cublasDestroy_v2(void *handle) { return 0; }
            int cublasSetStream_v2(void *handle, void *stream) { return 0; }
            int cublasSetWorkspace_v2(void *handle, void *workspace, size_t bytes) { return 0; }
            int cublasSetPointerMode_v2(void *handle, int mode) { return 0; }
            int cublasSetAtomicsMode(void *handle, int mode) { return 0; }
            int cublasSetMathMode(void *handle, int mode) { return 0; }
            int cublasSgemm_v2(void *handle, int ta, int tb, int m, int n, int k, const float *alpha, const float *a,
                               int lda, const float *b, int ldb, const float *beta, float *c, int ldc) { return 0; }
            """;

    /// JCuda's binding of the driver, of which Elbo has no other use.
    private static final UnpackedLibrary DRIVER = new UnpackedLibrary(List.of(new UnpackedLibrary.Content(
            "lib/libJCudaDriver-12.6.0-linux-x86_64.so",
            1_201_712,
            "fdc3b4b4fca4f0fab54ff12c0b4d6ad1c5e8d55015b4950834c705e5db301255")));

    @Param({"panama", "jcuda"})
    String binding;

    private Arena owner;
    private MemorySegment x;
    private MemorySegment host;
    private Blas blas;
    private ProductLayout product;
    private CudaFunction kernel;
    private CudaStream stream;
    private LaunchBlock block;
    private LaunchShape shape;
    private CUfunction jcudaKernel;
    private CUstream jcudaStream;
    private CUdeviceptr jcudaX;
    private Pointer jcudaHost;
    private boolean panama;
    private int step;

    /// Opens both sides, and makes sure that the empty libraries answer.
    @Setup
    public void open() throws IOException {
        panama = binding.equals("panama");
        owner = Arena.ofShared();
        x = thing(4096);
        host = owner.allocate(JAVA_FLOAT, 2);
        Cuda.driverVersion();
        blas = (panama ? CudaBinding.panama() : new JcudaBinding()).blas(thing(128), thing(256), 0, owner);
        product = ProductLayout.of(64, 32, 16);
        kernel = new CudaFunction("empty", thing(512));
        stream = new CudaStream(thing(128));
        block = LaunchBlock.of(owner);
        shape = LaunchShape.of(10, 128);
        if (!panama) {
            DRIVER.unpack(BoundaryBench.class.getClassLoader(), Path.of(System.getProperty("elbo.jcuda.natives")));
            jcudaKernel = new CUfunction();
            jcudaStream = new CUstream();
            jcudaX = new CUdeviceptr();
            jcudaHost = new Pointer().withByteOffset(host.address());
        }
        launch();
        copy8Bytes();
        sgemm();
    }

    private MemorySegment thing(long address) {
        return MemorySegment.ofAddress(address);
    }

    /// Ends what [#open] began.
    @TearDown
    public void close() {
        owner.close();
    }

    /// A launch with a pointer, an integer that changes, and a factor.
    @Benchmark
    public void launch() {
        step++;
        if (panama) {
            kernel.launch(shape, block.clear().arg(x).arg(step).arg(0.5f), stream);
            return;
        }
        Pointer parameters =
                Pointer.to(Pointer.to(jcudaX), Pointer.to(new int[] {step}), Pointer.to(new float[] {0.5f}));
        require(JCudaDriver.cuLaunchKernel(jcudaKernel, 10, 1, 1, 128, 1, 1, 0, jcudaStream, parameters, null));
    }

    /// Eight bytes from host to device, on a stream.
    @Benchmark
    public void copy8Bytes() {
        if (panama) {
            stream.upload(host, x);
            return;
        }
        require(JCudaDriver.cuMemcpyHtoDAsync(jcudaX, jcudaHost, 8, jcudaStream));
    }

    /// A product through [Blas], which both bindings serve.
    @Benchmark
    public void sgemm() {
        blas.product(product, 0.5f, x, x, 1, x);
    }

    private static void require(int status) {
        if (status != 0) {
            throw new IllegalStateException("JCuda: status is not success; status=" + status);
        }
    }

    /// Compiles the empty libraries, measures, and appends to `bench/results/boundary.jsonl`.
    ///
    /// @param arguments the folder of the results
    public static void main(String[] arguments) throws IOException, RunnerException, InterruptedException {
        Path folder = Files.createTempDirectory("boundary");
        for (String soname : List.of("libcuda.so.1", "libcublas.so.12")) {
            CLibrary.compile(folder, soname, BODIES);
        }
        var options = new OptionsBuilder()
                .include(BoundaryBench.class.getName() + "\\.")
                .addProfiler(GCProfiler.class)
                .jvmArgsAppend(
                        "--enable-native-access=ALL-UNNAMED",
                        "-Delbo.library.cuda=" + folder.resolve("libcuda.so.1"),
                        "-Delbo.library.cublas=" + folder.resolve("libcublas.so.12"),
                        "-Delbo.jcuda.natives=" + folder.resolve("natives"),
                        "-Djava.library.path=" + folder.resolve("natives"))
                .build();
        Results.append(Path.of(arguments[0]).resolve(RESULTS), new Runner(options).run());
    }
}
