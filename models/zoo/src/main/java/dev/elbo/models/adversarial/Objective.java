package dev.elbo.models.adversarial;

import dev.elbo.runtime.Ops;
import dev.elbo.runtime.Shape;
import dev.elbo.runtime.Tensor;

/// What discriminator and generator each make small, of the discriminator's outputs l on real and fake batches.
///
/// Real labels may be smoothed to r < 1, on one side only: fake labels above 0 would pull the optimum towards what the
/// generator already makes (Salimans et al. 2016).
public sealed interface Objective {
    /// The discriminator's loss.
    ///
    /// @param real (n), its outputs on data
    /// @param fake (m), its outputs on what the generator made
    /// @return size 1
    Tensor discriminator(Ops f, Tensor real, Tensor fake);

    /// The generator's loss.
    ///
    /// @param fake (m), the discriminator's outputs on what the generator made
    /// @return size 1
    Tensor generator(Ops f, Tensor fake);

    /// The game of the first paper: the generator makes small what the discriminator makes large.
    ///
    /// ```
    /// D:  −r E log σ(l) − (1 − r) E log(1 − σ(l)) − E log(1 − σ(l_fake))
    /// G:  E log(1 − σ(l_fake))
    /// ```
    ///
    /// @param realLabel r
    record Minimax(float realLabel) implements Objective {
        /// Checks the label.
        public Minimax {
            checkLabel(realLabel);
        }

        @Override
        public Tensor discriminator(Ops f, Tensor real, Tensor fake) {
            return crossEntropy(f, real, fake, realLabel);
        }

        @Override
        public Tensor generator(Ops f, Tensor fake) {
            return f.minusMean(f.softplus(fake));
        }
    }

    /// The same for the discriminator; the generator makes large what it should be taken for, and so has a
    /// gradient where it is found out.
    ///
    /// ```
    /// G:  −E log σ(l_fake)
    /// ```
    ///
    /// @param realLabel r
    record NonSaturating(float realLabel) implements Objective {
        /// Checks the label.
        public NonSaturating {
            checkLabel(realLabel);
        }

        @Override
        public Tensor discriminator(Ops f, Tensor real, Tensor fake) {
            return crossEntropy(f, real, fake, realLabel);
        }

        @Override
        public Tensor generator(Ops f, Tensor fake) {
            return f.mean(f.softplus(f.negate(fake)));
        }
    }

    /// Least squares (Mao et al. 2017, arXiv:1611.04076).
    ///
    /// ```
    /// D:  ½ E (l − r)² + ½ E l_fake²
    /// G:  ½ E (l_fake − 1)²
    /// ```
    ///
    /// @param realLabel r
    record LeastSquares(float realLabel) implements Objective {
        /// Checks the label.
        public LeastSquares {
            checkLabel(realLabel);
        }

        @Override
        public Tensor discriminator(Ops f, Tensor real, Tensor fake) {
            Tensor miss = f.minus(real, f.constant(Shape.of(1), realLabel));
            return f.times(f.plus(f.mean(f.square(miss)), f.mean(f.square(fake))), 0.5f);
        }

        @Override
        public Tensor generator(Ops f, Tensor fake) {
            Tensor miss = f.minus(fake, f.constant(Shape.of(1), 1));
            return f.times(f.mean(f.square(miss)), 0.5f);
        }
    }

    /// Hinge (Lim & Ye 2017, arXiv:1705.02894; Tran et al. 2017).
    ///
    /// ```
    /// D:  E max(0, 1 − l) + E max(0, 1 + l_fake)
    /// G:  −E l_fake
    /// ```
    record Hinge() implements Objective {
        @Override
        public Tensor discriminator(Ops f, Tensor real, Tensor fake) {
            Tensor one = f.constant(Shape.of(1), 1);
            return f.plus(f.mean(f.relu(f.minus(one, real))), f.mean(f.relu(f.plus(fake, one))));
        }

        @Override
        public Tensor generator(Ops f, Tensor fake) {
            return f.minusMean(fake);
        }
    }

    /// Wasserstein distance (Arjovsky et al. 2017, arXiv:1701.07875) over discriminators whose slope is bounded, as
    /// [Spectral] norms bound it.
    ///
    /// ```
    /// D:  E l_fake − E l
    /// G:  −E l_fake
    /// ```
    record Wasserstein() implements Objective {
        @Override
        public Tensor discriminator(Ops f, Tensor real, Tensor fake) {
            return f.minus(f.mean(fake), f.mean(real));
        }

        @Override
        public Tensor generator(Ops f, Tensor fake) {
            return f.minusMean(fake);
        }
    }

    /// −r log σ(l) − (1 − r) log(1 − σ(l)) is softplus(l) − r l.
    private static Tensor crossEntropy(Ops f, Tensor real, Tensor fake, float label) {
        Tensor ofReal = f.minus(f.mean(f.softplus(real)), f.times(f.mean(real), label));
        return f.plus(ofReal, f.mean(f.softplus(fake)));
    }

    private static void checkLabel(float label) {
        if (!(label > 0.5f && label <= 1)) {
            throw new IllegalArgumentException("Objective: a real label is in (½, 1]; realLabel=" + label);
        }
    }
}
