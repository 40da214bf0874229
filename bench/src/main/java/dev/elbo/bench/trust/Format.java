package dev.elbo.bench.trust;

import dev.elbo.models.data.Corpus;
import dev.elbo.models.data.Datasets;
import dev.elbo.models.data.SequenceSets;
import dev.elbo.models.data.Wav;
import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.Course;
import dev.elbo.models.recipe.Recipe;
import dev.elbo.models.recipe.SequenceRecipe;
import dev.elbo.models.recipe.WeightFile;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.file.Json;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;

/// What a person may give Elbo to read: a good file of each kind, how it is changed from the inside, and who
/// reads it.
public enum Format {
    /// MNIST's.
    IDX("data.idx") {
        @Override
        byte[] good() {
            return ByteBuffer.allocate(4 + 12 + 48)
                    .put(new byte[] {0, 0, 8, 3})
                    .putInt(12)
                    .putInt(2)
                    .putInt(2)
                    .array();
        }

        @Override
        void read(Path file, Arena owner) {
            Datasets.open("idx:" + file, owner);
        }
    },
    /// Tables.
    CSV("data.csv") {
        @Override
        byte[] good() {
            return text("a,b,label\n" + "0.5,1,x\n2e-3,-4,\"y\"\n1,1,x\n".repeat(4));
        }

        @Override
        void read(Path file, Arena owner) {
            Datasets.open("csv:" + file, owner);
        }
    },
    /// Arrays of numpy.
    NPZ("data.npz") {
        @Override
        byte[] good() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
                zip.putNextEntry(new ZipEntry("x.npy"));
                zip.write(npy("<f4", "(12, 2)", 12 * 2 * 4));
                zip.putNextEntry(new ZipEntry("y.npy"));
                zip.write(npy("<i8", "(12,)", 12 * 8));
            }
            return bytes.toByteArray();
        }

        /// Changes the arrays and packs them again, so that checksums hold.
        @Override
        byte[] inside(byte[] good, UnaryOperator<byte[]> change) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ZipInputStream from = new ZipInputStream(new ByteArrayInputStream(good));
                    ZipOutputStream zip = new ZipOutputStream(bytes)) {
                for (ZipEntry entry = from.getNextEntry(); entry != null; entry = from.getNextEntry()) {
                    zip.putNextEntry(new ZipEntry(entry.getName()));
                    zip.write(change.apply(from.readAllBytes()));
                }
            }
            return bytes.toByteArray();
        }

        @Override
        void read(Path file, Arena owner) {
            Datasets.open("npz:" + file, owner);
        }
    },
    /// Weights of others.
    WEIGHTS("weights.npz") {
        @Override
        byte[] good() throws IOException {
            return NPZ.good();
        }

        @Override
        byte[] inside(byte[] good, UnaryOperator<byte[]> change) throws IOException {
            return NPZ.inside(good, change);
        }

        @Override
        void read(Path file, Arena owner) {
            WeightFile.read(file, owner);
        }
    },
    /// Checkpoints, Elbo's and others'.
    SAFETENSORS("step.safetensors") {
        @Override
        byte[] good() {
            return safetensors(text("""
                    {"__metadata__":{"step":"3"},"x":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},
                    "y":{"dtype":"F32","shape":[1],"data_offsets":[16,20]}}"""));
        }

        /// Changes the header, whose length still fits.
        @Override
        byte[] inside(byte[] good, UnaryOperator<byte[]> change) {
            byte[] header = new byte[good.length - LENGTH - DATA];
            System.arraycopy(good, LENGTH, header, 0, header.length);
            return safetensors(change.apply(header));
        }

        private byte[] safetensors(byte[] header) {
            return ByteBuffer.allocate(LENGTH + header.length + DATA)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .put(header)
                    .array();
        }

        @Override
        void read(Path file, Arena owner) throws IOException {
            Checkpoint.read(file, owner);
            WeightFile.read(file, owner);
        }
    },
    /// A folder of pictures.
    PNG("folder/picture.png") {
        @Override
        byte[] good() throws IOException {
            BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
            image.setRGB(1, 1, 0x123456);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            ImageIO.write(image, "png", bytes);
            return bytes.toByteArray();
        }

        /// Changes a chunk and its checksum with it.
        @Override
        byte[] inside(byte[] good, UnaryOperator<byte[]> change) {
            ByteBuffer in = ByteBuffer.wrap(good);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(good, 0, LENGTH);
            in.position(LENGTH);
            while (in.hasRemaining()) {
                byte[] chunk = new byte[4 + in.getInt()];
                in.get(chunk);
                in.getInt();
                byte[] kind = Arrays.copyOf(chunk, 4);
                byte[] content = change.apply(Arrays.copyOfRange(chunk, 4, chunk.length));
                CRC32 sum = new CRC32();
                sum.update(kind);
                sum.update(content);
                out.writeBytes(ByteBuffer.allocate(4).putInt(content.length).array());
                out.writeBytes(kind);
                out.writeBytes(content);
                out.writeBytes(
                        ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
            }
            return out.toByteArray();
        }

        @Override
        void read(Path file, Arena owner) throws IOException {
            for (int other = 0; other < 11; other++) {
                Files.write(file.resolveSibling("good-" + other + ".png"), good());
            }
            Datasets.open("png:" + file.getParent(), owner);
        }
    },
    /// CIFAR-10's records.
    CIFAR("data_batch_1.bin") {
        @Override
        byte[] good() {
            return new byte[12 * 3073];
        }

        @Override
        void read(Path file, Arena owner) {
            Datasets.open("cifar10:" + file, owner);
        }
    },
    /// The OCR letters.
    LETTERS("letter.data") {
        @Override
        byte[] good() {
            String pixels = "\t0\t1".repeat(64) + "\t\n";
            StringBuilder lines = new StringBuilder();
            for (int fold = 0; fold < 10; fold++) {
                int first = 2 * fold + 1;
                lines.append("%d\ta\t%d\t%d\t1\t%d".formatted(first, first + 1, fold + 1, fold))
                        .append(pixels)
                        .append("%d\tb\t-1\t%d\t2\t%d".formatted(first + 1, fold + 1, fold))
                        .append(pixels);
            }
            return text(lines.toString());
        }

        @Override
        void read(Path file, Arena owner) {
            SequenceSets.open("letters:" + file, Set.of(0), owner);
        }
    },
    /// Tagged sentences.
    CONLL("folder/train.txt") {
        @Override
        byte[] good() {
            return text("Rates NNS B-NP\nfell VBD B-VP\n. . O\n\nRates NNS B-NP\nrose VBD B-VP\n\n");
        }

        @Override
        void read(Path file, Arena owner) throws IOException {
            Files.copy(file, file.resolveSibling("test.txt"), StandardCopyOption.REPLACE_EXISTING);
            SequenceSets.open("conll:" + file.getParent(), Set.of(), owner);
        }
    },
    /// Recordings in a tar archive.
    SPEECH("digits.tar") {
        @Override
        byte[] good() {
            ByteArrayOutputStream tar = new ByteArrayOutputStream();
            for (String name : new String[] {"0_theo_0.wav", "0_theo_7.wav"}) {
                ByteBuffer header = ByteBuffer.allocate(512);
                header.put(text(name)).position(124);
                header.put(text("%011o".formatted(44 + 2 * SAMPLES)));
                tar.writeBytes(header.array());
                tar.writeBytes(Arrays.copyOf(wav(), Math.ceilDiv(44 + 2 * SAMPLES, 512) * 512));
            }
            tar.writeBytes(new byte[1024]);
            return tar.toByteArray();
        }

        @Override
        void read(Path file, Arena owner) {
            SequenceSets.open("spoken-digits:" + file, Set.of(), owner);
        }
    },
    /// One recording.
    WAV("sound.wav") {
        @Override
        byte[] good() {
            return wav();
        }

        @Override
        void read(Path file, Arena owner) throws IOException {
            Wav.read(file.toString(), Files.readAllBytes(file));
        }
    },
    /// Documents as bags of words, as LDA-C reads them.
    LDA_C("documents.dat") {
        @Override
        byte[] good() {
            return text("2 0:1 3:2\n0\n3 1:1 2:10 0:4\n");
        }

        @Override
        void read(Path file, Arena owner) {
            Corpus.read(file);
        }
    },
    /// What a run was asked for.
    CONFIG("config.json") {
        @Override
        byte[] good() {
            return text("""
                    {"model": "vae", "hidden": 3, "latent": 2, "samples": 5, "output": "bernoulli", "beta": 0.5,
                     "schedule": "cosine", "warm_up": 1.5, "validation": 10, "objective": "hinge", "chains": 2,
                     "persistent": true, "steps": 3, "width": 4, "components": 2, "full": true, "dropout": 10,
                     "corruption": 0.1, "spectral": false, "statistic": "none", "decay": 1e-3}
                    """);
        }

        @Override
        void read(Path file, Arena owner) throws IOException {
            String name = file.toString();
            if (!(Json.parse(Files.readString(file, StandardCharsets.ISO_8859_1), name)
                    instanceof Json.Members config)) {
                return;
            }
            Course.of(config, new Budget(1, 2, 0.1, 1), name);
            Recipe.of(config, name);
            // Any other model, too: the one that the length of the file happens to point at.
            String model = MODELS.get((int) (Files.size(file) % MODELS.size()));
            Map<String, Json> values = new LinkedHashMap<>(config.values());
            values.put("model", Json.of(model));
            Json.Members other = new Json.Members(values);
            if (SequenceRecipe.NAMES.contains(model)) {
                SequenceRecipe.of(other, name);
            } else {
                Recipe.of(other, name);
            }
        }
    };

    private static final int LENGTH = 8;
    private static final int DATA = 20;
    private static final int SAMPLES = 800;
    private static final List<String> MODELS =
            List.of("autoencoder", "denoising", "vae", "iwae", "rbm", "gan", "dcgan", "crf", "nn-crf", "hmm", "nn-hmm");

    private final String fileName;

    Format(String fileName) {
        this.fileName = fileName;
    }

    /// What a good file is called.
    String fileName() {
        return fileName;
    }

    /// A good file.
    abstract byte[] good() throws IOException;

    /// A file changed below its own checks, as far as the format has any.
    byte[] inside(byte[] good, UnaryOperator<byte[]> change) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(change.apply(good));
        }
        return packed.toByteArray();
    }

    /// Reads it as a command would.
    abstract void read(Path file, Arena owner) throws IOException;

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] wav() {
        ByteBuffer wav = ByteBuffer.allocate(44 + 2 * SAMPLES).order(ByteOrder.LITTLE_ENDIAN);
        wav.put(text("RIFF")).putInt(36 + 2 * SAMPLES).put(text("WAVEfmt ")).putInt(16);
        wav.putShort((short) 1).putShort((short) 1).putInt(8000).putInt(16_000);
        wav.putShort((short) 2).putShort((short) 16).put(text("data")).putInt(2 * SAMPLES);
        for (int i = 0; i < SAMPLES; i++) {
            wav.putShort((short) (1000 * Math.sin(i)));
        }
        return wav.array();
    }

    private static byte[] npy(String type, String shape, int bytes) {
        String header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
        String padded = header + " ".repeat(63 - (10 + header.length()) % 64) + "\n";
        return ByteBuffer.allocate(10 + padded.length() + bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
                .putShort((short) padded.length())
                .put(text(padded))
                .array();
    }
}
