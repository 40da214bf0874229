package dev.elbo.bench.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.elbo.runtime.file.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every reader under Jazzer, one target each: it takes any bytes, or refuses them in one line as bad input.
///
/// As a test, the good file and those kept beside the test are read. `ci/fuzz` looks for more, guided by which
/// branches they take.
class ReadersFuzzTest {
    private static final long MOST_BYTES = 64L << 20;

    @TempDir
    static Path folder;

    private static void reads(Format format, byte[] bytes) throws IOException {
        Path file = folder.resolve(format.name()).resolve(format.fileName());
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        try (Counted owner = new Counted(MOST_BYTES)) {
            format.read(file, owner);
        } catch (BadInputException e) {
            assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        }
    }

    private static Stream<Arguments> good(Format format) throws IOException {
        return Stream.of(Arguments.of((Object) format.good()));
    }

    static Stream<Arguments> goodIdx() throws IOException {
        return good(Format.IDX);
    }

    @MethodSource("goodIdx")
    @FuzzTest
    void idx(byte[] bytes) throws IOException {
        reads(Format.IDX, bytes);
    }

    static Stream<Arguments> goodCsv() throws IOException {
        return good(Format.CSV);
    }

    @MethodSource("goodCsv")
    @FuzzTest
    void csv(byte[] bytes) throws IOException {
        reads(Format.CSV, bytes);
    }

    static Stream<Arguments> goodNpz() throws IOException {
        return good(Format.NPZ);
    }

    @MethodSource("goodNpz")
    @FuzzTest
    void npz(byte[] bytes) throws IOException {
        reads(Format.NPZ, bytes);
    }

    static Stream<Arguments> goodWeights() throws IOException {
        return good(Format.WEIGHTS);
    }

    @MethodSource("goodWeights")
    @FuzzTest
    void weights(byte[] bytes) throws IOException {
        reads(Format.WEIGHTS, bytes);
    }

    static Stream<Arguments> goodSafetensors() throws IOException {
        return good(Format.SAFETENSORS);
    }

    @MethodSource("goodSafetensors")
    @FuzzTest
    void safetensors(byte[] bytes) throws IOException {
        reads(Format.SAFETENSORS, bytes);
    }

    static Stream<Arguments> goodPng() throws IOException {
        return good(Format.PNG);
    }

    @MethodSource("goodPng")
    @FuzzTest
    void png(byte[] bytes) throws IOException {
        reads(Format.PNG, bytes);
    }

    static Stream<Arguments> goodCifar() throws IOException {
        return good(Format.CIFAR);
    }

    @MethodSource("goodCifar")
    @FuzzTest
    void cifar(byte[] bytes) throws IOException {
        reads(Format.CIFAR, bytes);
    }

    static Stream<Arguments> goodLetters() throws IOException {
        return good(Format.LETTERS);
    }

    @MethodSource("goodLetters")
    @FuzzTest
    void letters(byte[] bytes) throws IOException {
        reads(Format.LETTERS, bytes);
    }

    static Stream<Arguments> goodConll() throws IOException {
        return good(Format.CONLL);
    }

    @MethodSource("goodConll")
    @FuzzTest
    void conll(byte[] bytes) throws IOException {
        reads(Format.CONLL, bytes);
    }

    static Stream<Arguments> goodSpeech() throws IOException {
        return good(Format.SPEECH);
    }

    @MethodSource("goodSpeech")
    @FuzzTest
    void speech(byte[] bytes) throws IOException {
        reads(Format.SPEECH, bytes);
    }

    static Stream<Arguments> goodWav() throws IOException {
        return good(Format.WAV);
    }

    @MethodSource("goodWav")
    @FuzzTest
    void wav(byte[] bytes) throws IOException {
        reads(Format.WAV, bytes);
    }

    static Stream<Arguments> goodLdaC() throws IOException {
        return good(Format.LDA_C);
    }

    @MethodSource("goodLdaC")
    @FuzzTest
    void ldaC(byte[] bytes) throws IOException {
        reads(Format.LDA_C, bytes);
    }

    static Stream<Arguments> goodConfig() throws IOException {
        return good(Format.CONFIG);
    }

    @MethodSource("goodConfig")
    @FuzzTest
    void config(byte[] bytes) throws IOException {
        reads(Format.CONFIG, bytes);
    }
}
