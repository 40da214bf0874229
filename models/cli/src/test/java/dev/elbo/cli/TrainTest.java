package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Png;
import dev.elbo.models.training.RunFolder;
import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.file.Json;
import dev.elbo.runtime.file.Npz;
import dev.elbo.runtime.file.StoredArray;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands as a person uses them one after the other, on data small enough to wait for.
class TrainTest {
    @TempDir
    Path folder;

    /// Two kinds of 3×3 pictures in a folder each.
    private Path pictures() throws IOException {
        return pictures("pictures", 255);
    }

    /// @param on the value of the cross and the ring
    private Path pictures(String name, int on) throws IOException {
        Path place = folder.resolve(name);
        for (String kind : List.of("cross", "ring")) {
            Files.createDirectories(place.resolve(kind));
            for (int i = 0; i < 30; i++) {
                byte[] samples = new byte[9];
                for (int p = 0; p < 9; p++) {
                    boolean set = kind.equals("cross") ? p % 2 == 0 : p != 4;
                    samples[p] = (byte) (set ? on : 255 - on);
                }
                Files.write(place.resolve(kind).resolve(i + ".png"), new Png(3, 3, 1, samples).bytes());
            }
        }
        return place;
    }

    /// A rate of 10³⁰ ends in numbers that are none. What is left says which came first.
    @Test
    void aRunThatMeetsANumberThatIsNotFiniteLeavesItsLastStepAndSaysWhere() throws IOException {
        Path run = folder.resolve("run");
        Session.Seen stopped =
                Session.run("train", "vae", "--data", "png:" + pictures(), "--batch", 10, "--lr", 1e30, "--out", run);
        Path dump = run.resolve("stopped.safetensors");
        assertEquals(1, stopped.code(), stopped.err());
        assertTrue(stopped.err().startsWith("elbo: training stopped: a number is not finite; step="), stopped.err());
        assertTrue(stopped.err().contains("all of the step in " + dump), stopped.err());
        try (Arena arena = Arena.ofConfined()) {
            Checkpoint left = Checkpoint.read(dump, arena);
            String first = left.facts().get("first not finite");
            assertTrue(stopped.err().contains("first not finite=" + first), stopped.err());
            assertTrue(left.arrays().keySet().stream().anyMatch(name -> name.startsWith("step.")), first);
            assertTrue(left.arrays().containsKey("clock"));
        }
    }

    @Test
    void aRunIsTrainedJudgedSampledAndReported() throws IOException {
        Path run = folder.resolve("run");
        Session.Seen trained = Session.run(
                "train",
                "vae",
                "--data",
                "png:" + pictures(),
                "--hidden",
                8,
                "--latent",
                2,
                "--batch",
                10,
                "--epochs",
                60,
                "--lr",
                0.02,
                "--out",
                run,
                "--json");
        assertEquals(0, trained.code(), trained.err());
        assertTrue(trained.out().contains("54 to train on, 6 to test on, each 3×3"), trained.out());
        Map<String, Json> figures = trained.lastLine();
        assertEquals(Json.of("vae"), figures.get("model"));
        double elbo = ((Json.Number) figures.get("test_elbo")).value().doubleValue();
        // Two pictures that cannot be confused: log ½ is the best, nine fair coins −6.2.
        assertTrue(elbo > -2.5 && elbo < Math.log(0.5) + 1e-3, trained.out());

        Session.Seen judged = Session.run("evaluate", run, "--nll", 100, "--json");
        assertEquals(0, judged.code(), judged.err());
        double nll = ((Json.Number) judged.lastLine().get("test_nll")).value().doubleValue();
        assertTrue(nll >= Math.log(2) - 0.05 && nll <= -elbo + 0.05, judged.out());

        assertEquals(0, Session.run("sample", run, "--count", 5).code());
        Png grid = Png.read("samples", Files.readAllBytes(run.resolve("samples.png")));
        assertEquals(grid.width(), 3 * (3 * 19 + 1) + 1);

        String page = Files.readString(run.resolve("report.html"));
        assertTrue(page.contains("Reconstructions") && page.contains("Latent plane"), page);
        assertFalse(page.contains("http"), "an address in the page");
        assertEquals(0, Session.run("report", run).code());
    }

    @Test
    void anRbmSaysItsExactLikelihood() throws IOException {
        Path run = folder.resolve("rbm");
        Session.Seen trained = Session.run(
                "train",
                "rbm",
                "--data",
                "png:" + pictures(),
                "--hidden",
                6,
                "--persistent",
                "--batch",
                10,
                "--epochs",
                60,
                "--lr",
                0.02,
                "--out",
                run,
                "--json");
        assertEquals(0, trained.code(), trained.err());
        double mean = ((Json.Number) trained.lastLine().get("test_log_likelihood"))
                .value()
                .doubleValue();
        assertTrue(mean > -4 && mean < Math.log(0.5) + 1e-3, trained.out());
        assertTrue(Files.readString(run.resolve("report.html")).contains("Receptive fields"));
    }

    /// Documents of two kinds, with three words or with two others: each word follows from the rest.
    @Test
    void anRbmLearnsWhichWordsGoTogether() throws IOException {
        Path documents = Files.writeString(folder.resolve("documents.ldac"), "3 0:1 1:4 2:2\n2 3:1 4:9\n".repeat(50));
        Session.Seen seen = Session.run(
                "train",
                "rbm",
                "--data",
                "ldac:" + documents,
                "--hidden",
                4,
                "--batch",
                10,
                "--epochs",
                100,
                "--lr",
                0.05,
                "--device",
                "cpu",
                "--out",
                folder.resolve("words"),
                "--json");
        assertEquals(0, seen.code(), seen.err());
        assertTrue(figure(seen, "test_pseudo_likelihood") > -0.1, seen.out());
    }

    private Session.Seen trained(Path run, Object... options) throws IOException {
        List<Object> words = new ArrayList<>(List.of("train"));
        words.addAll(List.of(options));
        words.addAll(List.of("--data", "png:" + pictures(), "--batch", 10, "--lr", 0.02, "--out", run, "--json"));
        Session.Seen seen = Session.run(words.toArray());
        assertEquals(0, seen.code(), seen.err());
        return seen;
    }

    private static double figure(Session.Seen seen, String name) {
        return ((Json.Number) seen.lastLine().get(name)).value().doubleValue();
    }

    @Test
    void anAutoencoderGivesBackAndADenoisingOneMends() throws IOException {
        Path plain = folder.resolve("plain");
        Session.Seen seen = trained(plain, "autoencoder", "--hidden", 8, "--latent", 2, "--epochs", 60);
        assertTrue(figure(seen, "test_error") < 0.01, seen.out());
        String page = Files.readString(plain.resolve("report.html"));
        assertTrue(
                page.contains("Reconstructions") && page.contains("Latent plane") && !page.contains("Samples"), page);
        Session.Seen sampled = Session.run("sample", plain);
        assertEquals(3, sampled.code());
        assertTrue(sampled.err().contains("train one that can be drawn from"), sampled.err());

        Session.Seen mended =
                trained(folder.resolve("mended"), "denoising", "--corruption", 0.4, "--latent", 2, "--epochs", 60);
        double before = figure(mended, "test_corrupted_error");
        assertTrue(before > 0.1 && figure(mended, "test_denoised_error") < 0.6 * before, mended.out());
    }

    @Test
    void everyKindOfVaeTrainsIsUsedAndOpensAgain() throws IOException {
        Object[][] kinds = {
            {"iwae", "--latent", "2,1", "--between", "4", "--hidden", "8"},
            {"iwae", "--estimator", "dreg", "--samples", 3, "--latent", 1},
            {"iwae", "--estimator", "stl", "--samples", 3, "--latent", 1},
            {"vae", "--posterior", "full", "--latent", 2, "--kl", "sampled"},
            {"vae", "--output", "categorical:3", "--latent", 1, "--beta", 2},
            {"vae", "--output", "gaussian:0.3", "--latent", 1, "--kl-warm-up", 5, "--schedule", "cosine"},
            {"vae", "--output", "gaussian", "--latent", 1, "--clip", 10, "--on-nan", "skip", "--warm-up", 2}
        };
        for (int i = 0; i < kinds.length; i++) {
            Path run = folder.resolve("kind-" + i);
            List<Object> words = new ArrayList<>(List.of(kinds[i]));
            words.addAll(List.of("--epochs", 20));
            Session.Seen seen = trained(run, words.toArray());
            assertTrue(figure(seen, "active_units") >= 0, seen.out());
            double elbo = figure(seen, "test_elbo");
            assertEquals(0, Session.run("sample", run, "--count", 4).code());
            Session.Seen judged = Session.run("evaluate", run, "--nll", 0, "--seed", 1, "--json");
            assertEquals(elbo, figure(judged, "test_elbo"), 1e-6, judged.out());
        }
    }

    @Test
    void aModelIsUsed() throws IOException {
        Path run = folder.resolve("run");
        trained(run, "vae", "--activation", "tanh", "--hidden", 8, "--latent", 2, "--epochs", 60);
        String page = Files.readString(run.resolve("report.html"));
        assertTrue(page.contains("Missing values") && page.contains("Interpolation"), page);

        Session.Seen back = Session.run("reconstruct", run, "--count", 3, "--json");
        assertEquals(0, back.code(), back.err());
        assertTrue(figure(back, "error") < 0.3 * figure(back, "mean_error"), back.out());
        assertSize(run.resolve("reconstruct.png"), 2, 3);

        assertEquals(
                0, Session.run("interpolate", run, "--pairs", 2, "--steps", 5).code());
        assertSize(run.resolve("interpolate.png"), 2, 5);
        assertEquals(
                0,
                Session.run("interpolate", run, "--pairs", 1, "--steps", 4, "--arc", "--out", run.resolve("a.png"))
                        .code());
        assertSize(run.resolve("a.png"), 1, 4);
        assertEquals(2, Session.run("interpolate", run, "--pairs", 4).code());

        assertEquals(
                0,
                Session.run("arithmetic", run, "class:cross", "0,1", "class:ring")
                        .code());
        assertSize(run.resolve("arithmetic.png"), 1, 4);
        Session.Seen nobody = Session.run("arithmetic", run, "class:star", "0", "1");
        assertEquals(3, nobody.code());
        assertTrue(nobody.err().contains("the classes are [cross, ring]"), nobody.err());
        assertEquals(3, Session.run("arithmetic", run, "0", "1", "6").code());

        Session.Seen filled = Session.run("impute", run, "--missing", "random:0.5,right", "--count", 3, "--json");
        assertEquals(0, filled.code(), filled.err());
        Map<String, Json> errors = ((Json.Members) filled.lastLine().get("right")).values();
        double error = ((Json.Number) errors.get("error")).value().doubleValue();
        assertTrue(
                error < 0.3 * ((Json.Number) errors.get("mean_error")).value().doubleValue(), filled.out());
        assertSize(run.resolve("impute.png"), 8, 3);
        assertEquals(3, Session.run("impute", run, "--missing", "middle").code());
    }

    /// @param rows    of 3×3 pictures, each drawn 19 times as large
    /// @param columns likewise
    private static void assertSize(Path png, int rows, int columns) throws IOException {
        Png picture = Png.read("picture", Files.readAllBytes(png));
        assertEquals(rows * (3 * 19 + 1) + 1, picture.height());
        assertEquals(columns * (3 * 19 + 1) + 1, picture.width());
    }

    /// On the digits in the jar, which are 8×8.
    @Test
    void convolutionsTrainAndOpenAgain() {
        Path run = folder.resolve("conv");
        Session.Seen seen = Session.run(
                "train",
                "vae",
                "--architecture",
                "conv",
                "--hidden",
                "4,8",
                "--latent",
                2,
                "--epochs",
                3,
                "--out",
                run,
                "--json");
        assertEquals(0, seen.code(), seen.err());
        Session.Seen judged = Session.run("evaluate", run, "--nll", 0, "--json");
        assertEquals(figure(seen, "test_elbo"), figure(judged, "test_elbo"), 1e-5, judged.out());
        Session.Seen deep =
                Session.run("train", "autoencoder", "--architecture", "conv", "--hidden", "4,4,4,4", "--out", run);
        assertEquals(3, deep.code());
        assertTrue(deep.err().contains("multiples of 16"), deep.err());
    }

    @Test
    void whatDoesNotGoTogetherIsSaid() {
        Path run = folder.resolve("none");
        Session.Seen beta = Session.run("train", "iwae", "--beta", 2, "--out", run);
        assertEquals(3, beta.code());
        assertTrue(beta.err().contains("an iwae's bound has no KL apart"), beta.err());
        assertEquals(
                3,
                Session.run("train", "vae", "--estimator", "dreg", "--out", run).code());
        assertEquals(
                3,
                Session.run("train", "vae", "--output", "poisson", "--out", run).code());
        assertEquals(
                3,
                Session.run("train", "iwae", "--latent", "3,2", "--posterior", "full", "--out", run)
                        .code());
        assertEquals(
                2,
                Session.run("train", "rbm", "--preset", "iwae-paper", "--out", run)
                        .code());
        Session.Seen held = Session.run("train", "rbm", "--validation", 100, "--out", run);
        assertEquals(3, held.code());
        assertTrue(held.err().contains("says nothing about its state"), held.err());
        Session.Seen all = Session.run("train", "vae", "--validation", 1_000_000, "--out", run);
        assertEquals(3, all.code());
        assertTrue(Files.notExists(run), "in the way of what is asked for instead");
    }

    /// The training part is 54 pictures; at this rate it soon gets no better.
    @Test
    void aRunThatGetsNoBetterIsStoppedAndItsBestStateIsUsed() throws IOException {
        Path run = folder.resolve("run");
        Session.Seen seen = trained(
                run, "vae", "--hidden", 8, "--latent", 2, "--epochs", 4000, "--validation", 10, "--patience", 3);
        List<String> lines = Files.readAllLines(run.resolve("metrics.jsonl"));
        assertTrue(lines.size() < 51, seen.out());
        assertTrue(seen.out().contains("best validation_loss"), seen.out());
        Session.Seen judged = Session.run("evaluate", run, "--nll", 0, "--json");
        assertEquals(figure(seen, "test_elbo"), figure(judged, "test_elbo"), 1e-6);

        long reports = reports(run);
        Session.Seen nothing = Session.run("train", "--resume", run);
        assertEquals(0, nothing.code(), nothing.err());
        assertTrue(nothing.out().contains("no step was done: the run had ended after 3 reports"), nothing.out());
        assertEquals(reports, reports(run));
        Session.Seen more = Session.run("train", "--resume", run, "--patience", 4);
        assertEquals(0, more.code(), more.err());
        assertTrue(!more.out().contains("no step") && reports(run) > reports, more.out());
    }

    private static long reports(Path run) throws IOException {
        return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .filter(line -> line.contains("train_loss"))
                .count();
    }

    /// What was best on the data before says nothing about these: each pixel is the opposite of what it was.
    @Test
    void aRunThatGoesOnWithOtherDataIsJudgedByThemAlone() throws IOException {
        Path run = folder.resolve("run");
        trained(run, "vae", "--hidden", 8, "--latent", 2, "--epochs", 4000, "--validation", 10, "--patience", 3);
        long reports = reports(run);
        Session.Seen seen = Session.run("train", "--resume", run, "--data", "png:" + pictures("negatives", 0));
        assertEquals(0, seen.code(), seen.err());
        assertTrue(seen.out().contains("other data than before: judged afresh"), seen.out());
        assertTrue(reports(run) > reports, seen.out());
        try (Arena arena = Arena.ofConfined()) {
            Map<String, String> best = RunFolder.best(run, arena).facts();
            Map<String, String> last = RunFolder.latest(run, arena).facts();
            assertEquals(last.get("validation.best"), best.get("validation_loss"));
            assertEquals(last.get("provenance.data"), best.get("provenance.data"));
        }
    }

    @Test
    void aRunThatHadSavedNothingBeginsAnew() throws IOException {
        Path run = folder.resolve("run");
        Session.Seen once = trained(run, "vae", "--hidden", 8, "--latent", 2, "--epochs", 4);
        try (Stream<Path> saved = Files.list(run.resolve("checkpoints"))) {
            for (Path file : saved.toList()) {
                Files.delete(file);
            }
        }
        Session.Seen again = Session.run("train", "--resume", run, "--json");
        assertEquals(0, again.code(), again.err());
        assertTrue(again.out().contains("before it had saved anything: beginning anew"), again.out());
        assertEquals(figure(once, "test_elbo"), figure(again, "test_elbo"));
    }

    @Test
    void aFolderThatHoldsARunIsNotTrainedInto() throws IOException {
        Path run = folder.resolve("run");
        Object[] words = {
            "train", "iwae", "--data", "png:" + pictures(), "--hidden", 4, "--latent", 1, "--epochs", 2, "--out", run
        };
        assertEquals(0, Session.run(words).code());
        Session.Seen again = Session.run(words);
        assertEquals(3, again.code());
        assertTrue(
                again.err().contains("holds a run already — name another folder, or go on with --resume"), again.err());
    }

    @Test
    void whatAPersonGotWrongIsNamed() {
        Session.Seen data =
                Session.run("train", "vae", "--data", "mnist:" + folder.resolve("none"), "--out", folder.resolve("a"));
        assertEquals(3, data.code());
        assertTrue(data.err().startsWith("elbo: ") && data.err().contains("no such file in it"), data.err());
        assertEquals(2, Session.run("train", "vea").code());
        assertEquals(2, Session.run("train").code());
        assertEquals(
                "elbo: the options: `latent` is not an integer from 1 to 9,999,999; value=0 — correct it",
                Session.run("train", "vae", "--latent", 0).err().strip());
        Session.Seen nowhere = Session.run("train", "--config", folder.resolve("none.json"));
        assertTrue(nowhere.err().contains("none.json: no such file — name the config.json"), nowhere.err());
        Session.Seen device = Session.run("train", "vae", "--device", "tpu", "--out", folder.resolve("b"));
        assertEquals(4, device.code());
        assertTrue(device.err().contains("no such device: tpu"), device.err());
        Session.Seen gpu = Session.run("train", "vae", "--device", "cuda:99", "--out", folder.resolve("c"));
        assertEquals(4, gpu.code());
        assertTrue(gpu.err().contains("no device cuda:99: "), gpu.err());
        Session.Seen run = Session.run("evaluate", folder);
        assertEquals(3, run.code());
        assertTrue(run.err().contains("holds no run: no config.json"), run.err());
        assertEquals(0, Session.run("train", "--list-data").code());
    }

    @Test
    void aMistakeIsToldInAFewLines() {
        assertEquals(
                List.of(
                        "elbo: Unknown options: '--latnet', '2'",
                        "Possible solutions: --latent, --label",
                        "elbo: elbo train --help shows what there is"),
                Session.run("train", "vae", "--latnet", 2).err().lines().toList());
        assertTrue(Session.run("trian").err().contains("Did you mean: elbo train"));
    }

    /// Who writes an option down expects something of it.
    @Test
    void anOptionThatNothingWouldComeOfIsRefused() throws IOException {
        refused("nothing comes of --persistent, --corruption: this vae", "vae", "--persistent", "--corruption", 0.2);
        refused("nothing comes of --latent: this rbm", "rbm", "--latent", 5);
        refused("nothing comes of --between: this vae", "vae", "--latent", 5, "--between", 20);
        refused("nothing comes of --validation: this crf", "crf", "--validation", 10, "--data", "conll:none");
        refused("An rbm has one layer of hidden units", "rbm", "--hidden", "20,30");
        refused("--latent [3, 2]: several layers", "autoencoder", "--latent", "3,2");
        refused("--patience 3: nothing is held back", "vae", "--patience", 3);
        refused("--momentum 1.5: it would never slow down", "rbm", "--momentum", 1.5);
        refused("--sparsity 2.0: no rate", "rbm", "--sparsity", 2);
        refused("--nll takes 0 or more", "vae", "--nll", -1);
        refused("nothing comes of --hidden: a run goes on as it was begun", "--resume", folder, "--hidden", 3);
        refused("nothing comes of --chains: they are kept by --persistent", "rbm", "--chains", 50);
        refused("nothing comes of --sparsity-cost: it is the weight of --sparsity", "rbm", "--sparsity-cost", 5);
        refused("nothing comes of --nll: this rbm has no likelihood", "rbm", "--nll", 10);
        refused("nothing comes of --activation: convolutions", "vae", "--architecture", "conv", "--activation", "tanh");
        refused("nothing comes of --kl: several layers", "vae", "--latent", "6,3", "--kl", "closed");
        refused("--preset iwae-paper is for vae and iwae", "nn-crf", "--preset", "iwae-paper");
        refused("Invalid value for option '--lr': 'NaN' is not finite", "vae", "--lr", "NaN");
        Path run = Files.createDirectory(folder.resolve("run"));
        Files.writeString(run.resolve("config.json"), "{\"model\": \"crf\"}");
        refused("nothing comes of --patience: this crf does without", "--resume", run, "--patience", 3);
    }

    /// What an option sets by the way does not overwrite what the file says itself.
    @Test
    void aFileIsChangedByWhatIsWrittenDownAlone() throws IOException {
        String data = "png:" + pictures();
        Path deep = folder.resolve("deep");
        run("train", "vae", "--data", data, "--latent", "6,3", "--between", "7,7", "--epochs", 1, "--out", deep);
        Path config = deep.resolve("config.json");
        Path other = folder.resolve("other");
        run("train", "--config", config, "--latent", "5,2", "--out", other);
        assertTrue(flat(other).contains("\"latent\":[5,2]") && flat(other).contains("\"between\":[7,7]"), flat(other));
        Path third = folder.resolve("third");
        run("train", "--config", config, "--between", "4,4", "--out", third);
        assertTrue(flat(third).contains("\"between\":[4,4]"), flat(third));

        Path machine = folder.resolve("machine");
        run("train", "rbm", "--data", data, "--persistent", "--chains", 30, "--epochs", 1, "--out", machine);
        Path smaller = folder.resolve("smaller");
        run("train", "--config", machine.resolve("config.json"), "--batch", 5, "--out", smaller);
        assertTrue(flat(smaller).contains("\"chains\":30") && flat(smaller).contains("\"batch\":5"), flat(smaller));
    }

    private static void run(Object... words) {
        Session.Seen seen = Session.run(words);
        assertEquals(0, seen.code(), seen.err());
    }

    /// The configuration of a run without spaces.
    private static String flat(Path run) throws IOException {
        return Files.readString(run.resolve("config.json")).replaceAll("\\s", "");
    }

    @Test
    void dataThatTheModelCannotMeanAreRefused() throws IOException {
        Path file = folder.resolve("wide.npz");
        new Npz(Map.of("x", StoredArray.of(List.of(20L, 2L), new float[] {
                    0, 0.5f, 1, 5.1f, 0, 0.5f, 1, 0, 0, 0.5f, 1, 0, 0, 0.5f, 1, 0, 0, 0.5f, 1, 0, 0, 0.5f, 1, 0, 0,
                    0.5f, 1, 0, 0, 0.5f, 1, 0, 0, 0.5f, 1, 0, 0, 0.5f, 1, 0
                })))
                .write(file);
        for (String output : List.of("bernoulli", "categorical:8")) {
            refused(
                    "data set npz: values are not in [0, 1]",
                    "vae",
                    "--data",
                    "npz:" + file,
                    "--output",
                    output,
                    "--out",
                    folder.resolve("no"));
        }
        run(
                "train",
                "vae",
                "--data",
                "npz:" + file,
                "--output",
                "gaussian",
                "--epochs",
                1,
                "--out",
                folder.resolve("yes"));
    }

    private void refused(String because, Object... options) {
        List<Object> words = new ArrayList<>(List.of("train"));
        words.addAll(List.of(options));
        Session.Seen seen = Session.run(words.toArray());
        assertTrue(seen.code() == 2 || seen.code() == 3, seen.err());
        assertTrue(seen.err().startsWith("elbo: " + because), seen.err());
    }

    @Test
    void usesNameTheNumbersThatTheyCannotTake() throws IOException {
        Path run = folder.resolve("run");
        String data = "png:" + pictures();
        assertEquals(
                0,
                Session.run("train", "vae", "--data", data, "--epochs", 1, "--out", run)
                        .code());
        assertEquals(2, Session.run("sample", run, "--count", 0).code());
        assertEquals(2, Session.run("reconstruct", run, "--count", -1).code());
        assertEquals(2, Session.run("evaluate", run, "--nll", -1).code());
        assertEquals(2, Session.run("evaluate", run, "--betas", 100).code());
        assertEquals(2, Session.run("evaluate", run, "--ais", "--nll", 10).code());
        assertEquals(2, Session.run("evaluate", run, "--samples", 100).code());
        assertEquals(2, Session.run("evaluate", run, "--word-penalty", -1).code());
        assertEquals(2, Session.run("features", run, "--penalty", 1).code());
        assertEquals(
                2, Session.run("features", run, "--classify", "--penalty", -1).code());
        Session.Seen other = Session.run("evaluate", run, "--data", "digits");
        assertEquals(3, other.code());
        assertTrue(other.err().contains("its examples are not as those that the model was trained on"), other.err());
        Path nowhere = folder.resolve("no").resolve("s.png");
        Session.Seen lost = Session.run("sample", run, "--out", nowhere);
        assertEquals(3, lost.code());
        assertEquals(
                "elbo: " + nowhere.getParent() + ": no such file or folder — check the path",
                lost.err().strip());
        Session.Seen said = Session.run("sample", run, "--count", 3, "--device", "cpu", "--json");
        assertEquals(
                Json.of(run.resolve("samples.png").toString()), said.lastLine().get("picture"));
    }
}
