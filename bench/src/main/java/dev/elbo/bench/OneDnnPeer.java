package dev.elbo.bench;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.elbo.ffi.NativeException;
import dev.elbo.ffi.NativeLibrary;
import dev.elbo.ffi.onednn.Convolution;
import dev.elbo.ffi.onednn.Geometry;
import dev.elbo.ffi.onednn.OneDnn;
import dev.elbo.ffi.onednn.Product;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// C code that calls the same oneDNN as Elbo, in the same process, on the same memory: `onednn_peer.c`.
final class OneDnnPeer {
    private static final NativeLibrary LIB = compiled();

    // struct work* peer_product(int threads, long m, long k, long n, int ta, int tb, int algorithm, float* a, float* b,
    //         float* bias, float* c)
    private static final MethodHandle peer_product = LIB.bind(
            "peer_product",
            of(
                    ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS,
                    ADDRESS, ADDRESS));

    // struct work* peer_convolution(int threads, int direction, long n, long in, long size, long out, long taps,
    //         long stride, long padding, float* x, float* weights, float* y)
    private static final MethodHandle peer_convolution = LIB.bind(
            "peer_convolution",
            of(
                    ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG, ADDRESS, ADDRESS, ADDRESS));

    // int peer_run(struct work* w, long times)
    private static final MethodHandle peer_run = LIB.bind("peer_run", of(JAVA_INT, ADDRESS, JAVA_LONG));

    private final MemorySegment work;

    private OneDnnPeer(MemorySegment work) {
        if (work.address() == 0) {
            throw new IllegalStateException("peer: oneDNN refused what Elbo made it do");
        }
        this.work = work;
    }

    private static NativeLibrary compiled() {
        Path dnnl = Path.of(OneDnn.library().file());
        try (InputStream source = OneDnnPeer.class.getResourceAsStream("onednn_peer.c")) {
            Path folder = Files.createTempDirectory("onednn-peer");
            Path file = folder.resolve("onednn_peer.c");
            Path library = folder.resolve("libonednnpeer.so");
            Files.copy(source, file);
            Process compiler = new ProcessBuilder(
                            "cc",
                            "-O2",
                            "-shared",
                            "-fPIC",
                            file.toString(),
                            "-o",
                            library.toString(),
                            dnnl.toString(),
                            dnnl.resolveSibling("libgomp.so.1").toString(),
                            "-Wl,-rpath," + dnnl.getParent())
                    .inheritIO()
                    .start();
            if (compiler.waitFor() != 0) {
                throw new IllegalStateException("peer: the C compiler failed; source=" + file);
            }
            NativeLibrary loaded = NativeLibrary.at("peer", "compiled", library);
            for (Path left : List.of(file, library, folder)) {
                Files.delete(left);
            }
            return loaded;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("peer: interrupted while compiling", e);
        }
    }

    /// The whole product as one primitive.
    static OneDnnPeer product(
            int threads, Product.Spec s, MemorySegment a, MemorySegment b, MemorySegment bias, MemorySegment c) {
        try {
            return new OneDnnPeer((MemorySegment) peer_product.invokeExact(
                    threads,
                    s.rows(),
                    s.inner(),
                    s.cols(),
                    s.transposeA() ? 1 : 0,
                    s.transposeB() ? 1 : 0,
                    s.activation().algorithm(),
                    a,
                    b,
                    bias,
                    c));
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    /// All images as one primitive.
    static OneDnnPeer convolution(int threads, Convolution.Spec s, MemorySegment x, MemorySegment w, MemorySegment y) {
        Geometry g = s.geometry();
        try {
            return new OneDnnPeer((MemorySegment) peer_convolution.invokeExact(
                    threads,
                    s.direction().ordinal(),
                    g.n(),
                    g.in(),
                    g.height(),
                    g.out(),
                    (long) g.down().taps(),
                    (long) g.down().stride(),
                    (long) g.down().before(),
                    x,
                    w,
                    y));
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
    }

    void run(long times) {
        int status;
        try {
            status = (int) peer_run.invokeExact(work, times);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw new NativeException("peer_run", status, "dnnl_status", "times=" + times);
        }
    }
}
