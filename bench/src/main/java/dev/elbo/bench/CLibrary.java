package dev.elbo.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A shared library compiled from C by the system's compiler.
final class CLibrary {
    private CLibrary() {}

    /// Compiles `source` to `folder/soname`, with the symbol version that binaries made for the real library ask for.
    static void compile(Path folder, String soname, String source) throws IOException, InterruptedException {
        Path code = Files.writeString(folder.resolve(soname + ".c"), source);
        Path versions = Files.writeString(folder.resolve(soname + ".map"), soname + " { global: *; };\n");
        int status = new ProcessBuilder(
                        "cc",
                        "-O2",
                        "-shared",
                        "-fPIC",
                        "-Wl,-soname," + soname,
                        "-Wl,--version-script," + versions,
                        "-o",
                        folder.resolve(soname).toString(),
                        code.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("cc: the library does not compile; soname=" + soname + ", status=" + status);
        }
    }
}
