package dev.elbo.bench.peers;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// PyTorch's transposed convolution, 4×4 by 2, which DJL reaches only through a TorchScript module: its PyTorch engine
/// refuses a deconvolution. The module is written here, weights are given to it at each call, and gradients pass
/// through it.
final class DjlTransposed implements AutoCloseable {
    private static final String CODE = """
            class Transposed(Module):
              __parameters__ = []
              __buffers__ = []
              def forward(self: __torch__.Transposed, x: Tensor, w: Tensor) -> Tensor:
                return torch.conv_transpose2d(x, w, None, [2, 2], [1, 1])
            """;

    /// An object of that class with no attributes, pickled: protocol 2, class, no arguments, new, no state, built.
    private static final String OBJECT = "\u0080\u0002c__torch__\nTransposed\n)\u0081}b.";

    /// An empty tuple, pickled.
    private static final String NO_CONSTANTS = "\u0080\u0002).";

    private final Model model = Model.newInstance("transposed", "PyTorch");
    private final ParameterStore none;

    DjlTransposed(NDManager manager) {
        this.none = new ParameterStore(manager, false);
        try {
            model.load(new ByteArrayInputStream(archive()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] archive() throws IOException {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(archive)) {
            put(zip, "version", "3\n");
            put(zip, "data.pkl", OBJECT);
            put(zip, "constants.pkl", NO_CONSTANTS);
            put(zip, "code/__torch__.py", CODE);
        }
        return archive.toByteArray();
    }

    /// TorchScript reads entries that are not compressed.
    private static void put(ZipOutputStream zip, String name, String content) throws IOException {
        byte[] bytes = content.getBytes(StandardCharsets.ISO_8859_1);
        CRC32 sum = new CRC32();
        sum.update(bytes);
        ZipEntry entry = new ZipEntry("transposed/" + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }

    /// @param x (n, channels, rows, columns)
    /// @param w (channels, outputs, 4, 4)
    /// @return (n, outputs, 2 · rows, 2 · columns)
    NDArray apply(NDArray x, NDArray w) {
        return model.getBlock().forward(none, new NDList(x, w), true).singletonOrThrow();
    }

    @Override
    public void close() {
        model.close();
    }
}
