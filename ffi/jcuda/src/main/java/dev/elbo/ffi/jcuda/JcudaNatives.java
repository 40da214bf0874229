package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.UnpackedLibrary;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// JCuda's native libraries, unpacked where only their owner can write.
///
/// JCuda looks on `java.library.path` first. What it does not find there it copies into the shared temporary folder,
/// where it loads whatever lies under the expected name. So a launcher names a folder of its own in both
///
/// ```
/// -Djava.library.path=FOLDER -Delbo.jcuda.natives=FOLDER
/// ```
///
/// and [#ready] unpacks there and checks what it finds. Without them JCuda is not used.
enum JcudaNatives {
    /// cuBLAS.
    JCUBLAS("JCublas2", 1_614_384, "990b2129e540a7f93d0776799d48659dc85e4f7f5bfb6473d0c8369ef8126c32"),
    /// cuDNN.
    JCUDNN("JCudnn", 313_416, "340a06c5d0241ddc80b576ec2e968e79046dbf5c5c27e5d9525f4cbf97ad7c37");

    /// Names the folder.
    static final String FOLDER = "elbo.jcuda.natives";

    private final UnpackedLibrary.Content content;

    JcudaNatives(String library, long bytes, String sha256) {
        content = new UnpackedLibrary.Content("lib/lib" + library + "-12.6.0-linux-x86_64.so", bytes, sha256);
    }

    /// Name of the shared library's file.
    String file() {
        return content.name();
    }

    /// The library on `java.library.path`, unpacked and checked.
    ///
    /// @throws IOException if the launcher has not named a folder, or the library cannot be unpacked there; the
    ///     message says what to do
    Path ready() throws IOException {
        String folder = System.getProperty(FOLDER);
        if (folder == null) {
            throw new IOException("the launcher named no folder for JCuda's natives; start Java with"
                    + " -Djava.library.path=FOLDER -D" + FOLDER + "=FOLDER");
        }
        Path unpacked = new UnpackedLibrary(List.of(content))
                .unpack(JcudaNatives.class.getClassLoader(), Path.of(folder))
                .resolve(file());
        String path = System.getProperty("java.library.path");
        boolean first = Stream.of(path.split(File.pathSeparator))
                .map(entry -> Path.of(entry, file()))
                .filter(Files::isRegularFile)
                .findFirst()
                .filter(found -> found.toAbsolutePath().equals(unpacked.toAbsolutePath()))
                .isPresent();
        if (!first) {
            throw new IOException("Java would load another file; java.library.path=" + path + ", wanted=" + unpacked);
        }
        return unpacked;
    }
}
