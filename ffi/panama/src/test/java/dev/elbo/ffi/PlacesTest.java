package dev.elbo.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The places of machines made of empty folders.
class PlacesTest {
    private final Map<String, String> variables = new HashMap<>();

    @TempDir
    Path root;

    @BeforeEach
    void realPath() throws IOException {
        root = root.toRealPath();
    }

    private Path folder(String path) throws IOException {
        return Files.createDirectories(root.resolve(path));
    }

    private void python(String prefix) throws IOException {
        Path python = folder(prefix + "/bin").resolve("python3");
        Files.writeString(python, "#!/bin/sh\n").toFile().setExecutable(true);
    }

    /// `origin folder`, without the containers' folders at the end.
    private List<String> places() {
        return Places.of(_ -> null, variables::get, true, root).folders().stream()
                .filter(place -> !place.origin().equals("container"))
                .map(place -> place.origin() + " " + root.relativize(place.path()))
                .toList();
    }

    @Test
    void bareMachineHasOnlyTheContainersFolders() {
        assertEquals(List.of(), places());
        assertEquals(
                List.of("usr/local/nvidia/lib64", "usr/local/nvidia/lib", "usr/lib/wsl/lib"),
                Places.of(_ -> null, variables::get, true, root).folders().stream()
                        .map(place -> root.relativize(place.path()).toString())
                        .toList());
    }

    @Test
    void toolkitOfTheOwnersChoiceComesFirstThenTheNewest() throws IOException {
        for (String name : List.of("cuda-9.2", "cuda-12.8", "cuda", "cuda-13.0", "cmake")) {
            folder("usr/local/" + name + "/lib64");
        }
        folder("usr/local/cuda-11.0/bin");
        assertEquals(
                List.of(
                        "toolkit usr/local/cuda/lib64",
                        "toolkit usr/local/cuda-13.0/lib64",
                        "toolkit usr/local/cuda-12.8/lib64",
                        "toolkit usr/local/cuda-9.2/lib64"),
                places());
    }

    @Test
    void condaHasItsOwnLibrariesAndItsPythons() throws IOException {
        variables.put("CONDA_PREFIX", root.resolve("conda").toString());
        folder("conda/lib/python3.12/site-packages/nvidia/cudnn/lib");
        assertEquals(
                List.of("conda conda/lib", "pip wheel conda/lib/python3.12/site-packages/nvidia/cudnn/lib"), places());
    }

    @Test
    void virtualEnvironmentComesBeforeThePythonOnThePath() throws IOException {
        variables.put("VIRTUAL_ENV", root.resolve("venv").toString());
        variables.put("PATH", root.resolve("bin") + ":" + root.resolve("usr/bin"));
        python("usr");
        folder("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
        folder("venv/lib/python3.12/site-packages/nvidia/cudnn/lib");
        folder("usr/lib/python3/dist-packages");
        assertEquals(
                List.of(
                        "pip wheel venv/lib/python3.12/site-packages/nvidia/cudnn/lib",
                        "pip wheel venv/lib/python3.12/site-packages/nvidia/cu13/lib",
                        "pip wheel usr/lib/python3/dist-packages/nvidia"),
                places());
    }

    /// A virtual environment that is only on the path: `bin/python3` is a link to the system's.
    @Test
    void linkedPythonIsLookedUpOnBothSides() throws IOException {
        variables.put("PATH", root.resolve("venv/bin").toString());
        python("usr");
        Files.createSymbolicLink(folder("venv/bin").resolve("python3"), root.resolve("usr/bin/python3"));
        folder("venv/lib/python3.12/site-packages");
        folder("usr/local/lib/python3.12/dist-packages/nvidia/cublas/lib");
        assertEquals(
                List.of(
                        "pip wheel venv/lib/python3.12/site-packages/nvidia",
                        "pip wheel usr/local/lib/python3.12/dist-packages/nvidia/cublas/lib"),
                places());
    }

    @Test
    void pyenvsVersionIsReadAndNotRun() throws IOException {
        variables.put("PATH", root.resolve("pyenv/shims").toString());
        Path shim = folder("pyenv/shims").resolve("python3");
        Files.writeString(shim, "#!/bin/sh\n").toFile().setExecutable(true);
        folder("pyenv/versions/3.11.7/lib/python3.11/site-packages");
        folder("pyenv/versions/3.12.1/lib/python3.12/site-packages");
        Files.writeString(root.resolve("pyenv/version"), "3.11.7\n");
        assertEquals(List.of("pip wheel pyenv/versions/3.11.7/lib/python3.11/site-packages/nvidia"), places());
        variables.put("PYENV_VERSION", "3.12.1");
        assertEquals(List.of("pip wheel pyenv/versions/3.12.1/lib/python3.12/site-packages/nvidia"), places());
    }

    @Test
    void packagesOfTheUserComeLast() throws IOException {
        variables.put("HOME", root.resolve("home").toString());
        folder("home/.local/lib/python3.12/site-packages/nvidia/cudnn/lib");
        assertEquals(List.of("pip wheel home/.local/lib/python3.12/site-packages/nvidia/cudnn/lib"), places());
    }
}
