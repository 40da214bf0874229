package dev.elbo.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// A figure that a paper reports, and the command that is to reach it.
///
/// @param table    that it is in
/// @param name     of the row, for the command line
/// @param label    of the model, as the paper has it
/// @param theirs   mean log p(x) of the test data, nats
/// @param data     `mnist` or `letters`
/// @param examples that are learned from
/// @param batch    examples of a step
/// @param epochs   of the published recipe
/// @param samples  that the figure is of; 0 for those of the whole page
/// @param recipe   options of `elbo train` but data, batch and epochs
record PaperRow(
        Table table,
        String name,
        String label,
        double theirs,
        String data,
        int examples,
        int batch,
        double epochs,
        int samples,
        String recipe) {
    /// A table of the page.
    enum Table {
        /// Table of lecture 004.
        LECTURE,
        /// Table 1 of the IWAE paper.
        IWAE,
        /// Ten epochs on MNIST.
        SHORT
    }

    private static final int MNIST = 60_000;
    private static final int MNIST_LEARNED = 59_600;
    private static final int LETTERS = 32_152;

    /// Every row, in the order of the page.
    static final List<PaperRow> ALL =
            Stream.of(lecture(), paper(), brief()).flatMap(List::stream).toList();

    private static List<PaperRow> lecture() {
        return List.of(
                mnist("mnist-vae", "VAE", -85.69, "vae"),
                mnist("mnist-iwae-5", "IWAE-5", -84.43, "iwae --samples 5"),
                mnist("mnist-iwae-50", "IWAE-50", -83.58, "iwae --samples 50"),
                letters("letters-vae", "VAE", -30.09, "vae"),
                letters("letters-iwae-5", "IWAE-5", -28.69, "iwae --samples 5 --estimator dreg"),
                letters("letters-iwae-50", "IWAE-50", -27.60, "iwae --samples 50 --estimator dreg"));
    }

    private static PaperRow mnist(String name, String label, double theirs, String model) {
        String recipe = model + " --hidden 500,500 --latent 100 --lr 0.001 --schedule cosine --seed 1";
        return new PaperRow(Table.LECTURE, name, label, theirs, "mnist", MNIST, 100, 3000, 0, recipe);
    }

    private static PaperRow letters(String name, String label, double theirs, String model) {
        String recipe = model
                + " --validation 10000 --activation tanh --hidden 200,200 --latent 50 --lr 0.003 --schedule cosine"
                + " --seed 1";
        return new PaperRow(Table.LECTURE, name, label, theirs, "letters", LETTERS, 250, 1000, 0, recipe);
    }

    private static List<PaperRow> paper() {
        List<PaperRow> rows = new ArrayList<>();
        double[][] vae = {{-86.76, -86.47, -86.35}, {-85.33, -85.01, -84.78}};
        double[][] iwae = {{-86.76, -85.54, -84.78}, {-85.33, -83.89, -82.90}};
        int[] samples = {1, 5, 50};
        for (int layers = 1; layers <= 2; layers++) {
            for (int k = 0; k < samples.length; k++) {
                rows.add(paper(layers, "vae", samples[k], vae[layers - 1][k]));
                rows.add(paper(layers, "iwae", samples[k], iwae[layers - 1][k]));
            }
        }
        return rows;
    }

    private static PaperRow paper(int layers, String model, int samples, double theirs) {
        String latent = layers == 1 ? "" : " --latent 100,50 --between 100,100";
        String recipe = model + " --preset iwae-paper --samples " + samples + latent + " --seed 1";
        String name = "paper-%d-%s-%d".formatted(layers, model, samples);
        String label = "%s, %d, k = %d".formatted(model.toUpperCase(Locale.ROOT), layers, samples);
        return new PaperRow(Table.IWAE, name, label, theirs, "mnist", MNIST_LEARNED, 20, 3280, 0, recipe);
    }

    /// Recipes of ten epochs with what a JAX program reached by them.
    private static List<PaperRow> brief() {
        String vae = "vae --hidden 400 --latent 20 --lr 0.001 --seed 1";
        String iwae = "iwae --samples 5 --hidden 200,200 --latent 50 --lr 0.001 --seed 1";
        return List.of(
                new PaperRow(Table.SHORT, "short-vae", "VAE, ELBO", -102.3, "mnist", MNIST, 128, 10, 1, vae),
                new PaperRow(Table.SHORT, "short-iwae", "IWAE-5, L_50", -98.1, "mnist", MNIST, 100, 10, 50, iwae));
    }

    /// The row of a name.
    static PaperRow of(String name) {
        return ALL.stream()
                .filter(row -> row.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such row: " + name + "; there are "
                        + ALL.stream().map(PaperRow::name).toList() + " and all"));
    }

    /// Options of `elbo train`.
    ///
    /// @param folder of the data sets
    List<String> options(String folder, double epochs) {
        String place = data.equals("mnist") ? "mnist:" + folder + "/mnist" : letters(folder);
        List<String> options = new ArrayList<>(Arrays.asList(recipe.split(" ")));
        options.addAll(List.of("--data", place, "--batch", String.valueOf(batch), "--epochs", shown(epochs)));
        return options;
    }

    /// What tells a run of this row from one of the same name by an earlier recipe.
    String manner() {
        return recipe + " --batch " + batch;
    }

    private static String letters(String folder) {
        return "letters:" + folder + "/ocr-letters/letter.data.gz";
    }

    /// Steps of the published recipe.
    double steps() {
        return epochs * examples / batch;
    }

    /// Samples that the figure is of.
    int samples(int usual) {
        return samples == 0 ? usual : samples;
    }

    /// A number of epochs as a person writes it.
    static String shown(double epochs) {
        return epochs == Math.rint(epochs) ? String.valueOf((long) epochs) : String.valueOf(epochs);
    }
}
