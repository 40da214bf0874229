package dev.elbo.bench;

import dev.elbo.models.recipe.Budget;
import dev.elbo.models.recipe.CrfRecipe;
import java.util.List;

/// A model of [TaggingBench], and how it is trained.
enum TaggingRow {
    /// The command's default network and a chain over its scores.
    NN_CRF("network + CRF", "nn-crf", 0.955, Split.MOST_TRAIN, false),
    /// The same with the pixels themselves for scores.
    CRF("CRF on pixels", "crf", 0.875, Split.MOST_TRAIN, false),
    /// The same where little is learned from.
    CRF_FEW("CRF on pixels, one fold trains", "crf", 0.80, Split.ONE_TRAINS, false),
    /// A network of convolutions and a chain.
    CNN_CRF("CNN + CRF", "nn-crf --channels 16,32 --hidden 256 --epochs 20", Double.NaN, Split.MOST_TRAIN, false),
    /// The network alone.
    NN("network alone", "nn-crf", Double.NaN, Split.MOST_TRAIN, true),
    /// The convolutions alone.
    CNN("CNN alone", "nn-crf --channels 16,32 --hidden 256 --epochs 20", Double.NaN, Split.MOST_TRAIN, true),
    /// Chunks of CoNLL-2000, by its own split.
    CHUNKS("CRF on words and their parts of speech", "crf", 0.935, Split.OWN, false);

    private static final double LETTERS_OF_A_WORD = 7.6;
    private static final int WORDS = 50;

    /// What of the data trains, and what tests.
    enum Split {
        /// Each of ten folds tests once, the others train.
        MOST_TRAIN,
        /// Each of ten folds trains once, the others test.
        ONE_TRAINS,
        /// The split the data come with.
        OWN
    }

    final String title;
    final String command;
    final double aim;
    final Split split;
    final boolean alone;

    /// @param title   for the page
    /// @param command after `elbo train`; where the network is alone, of its sibling with a chain
    /// @param aim     of its main figure; NaN: none
    /// @param split   of the data
    /// @param alone   whether each position is a sequence of its own
    TaggingRow(String title, String command, double aim, Split split, boolean alone) {
        this.title = title;
        this.command = command;
        this.aim = aim;
        this.split = split;
        this.alone = alone;
    }

    /// Trainings of this row.
    int folds() {
        return split == Split.OWN ? 1 : 10;
    }

    CrfRecipe recipe() {
        if (command.equals("crf")) {
            return new CrfRecipe("crf", List.of(), List.of(), 0, 1);
        }
        return convolves()
                ? new CrfRecipe("nn-crf", List.of(16, 32), List.of(256), 50, 0)
                : new CrfRecipe("nn-crf", List.of(), List.of(512), 50, 0);
    }

    /// Steps of all rows of a network are as many and of as many letters.
    Budget budget() {
        if (command.equals("crf")) {
            return new Budget(150, 100, 1e-3, 1);
        }
        int batch = alone ? (int) Math.round(WORDS * LETTERS_OF_A_WORD) : WORDS;
        return new Budget(convolves() ? 20 : 40, batch, 2e-3, 1);
    }

    private boolean convolves() {
        return command.contains("--channels");
    }
}
