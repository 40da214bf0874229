package dev.elbo.models.data;

import java.util.Arrays;

/// Features of speech: log energies of mel bands, or their cepstrum, frame by frame.
///
/// ```
/// y[n]      = x[n] − 0.97 x[n−1]                                        pre-emphasis
/// P[t,k]    = |FFT(window ⊙ y[t·hop … t·hop + size))[k]|² / fft        frame t, bin k
/// E[t,b]    = log(Σ_k filter[b,k] P[t,k] + 1e-10)                      bands b, triangles on the mel scale
/// c[t,q]    = √(2 / bands) Σ_b E[t,b] cos(π q (b + ½) / bands)         cepstrum, q = 0 … (q = 0 times √½)
/// mel(f)    = 2595 log₁₀(1 + f / 700)                                  f in Hz
/// ```
///
/// Frames are 25 ms long, 10 ms apart, under a Hamming window; a signal shorter than one frame is padded with silence.
///
/// @param rate     samples a second
/// @param bands    number of mel bands
/// @param cepstral number of cepstral coefficients, or 0 for the bands themselves
/// @param deltas   whether to append the slope over ±2 frames of each feature
public record SpeechFeatures(int rate, int bands, int cepstral, boolean deltas) {
    private static final float EMPHASIS = 0.97f;
    private static final double FRAME_SECONDS = 0.025;
    private static final double HOP_SECONDS = 0.010;
    private static final double FLOOR = 1e-10;
    private static final int REACH = 2;

    /// Checks the numbers.
    public SpeechFeatures {
        if (rate < 1000 || bands < 2 || cepstral < 0 || cepstral > bands) {
            throw new IllegalArgumentException("SpeechFeatures: numbers out of range; rate=" + rate + ", bands=" + bands
                    + ", cepstral=" + cepstral);
        }
    }

    /// Numbers of one frame.
    public int size() {
        return (cepstral == 0 ? bands : cepstral) * (deltas ? 2 : 1);
    }

    /// The features of a sound.
    ///
    /// @param samples at [#rate]
    /// @return (frames, size), at least one frame
    public float[][] of(float[] samples) {
        int size = (int) Math.round(FRAME_SECONDS * rate);
        int hop = (int) Math.round(HOP_SECONDS * rate);
        int fft = Integer.highestOneBit(2 * size - 1);
        double[] window = window(size);
        double[][] filters = filters(fft);
        int frames = Math.max(1, 1 + Math.floorDiv(samples.length - size, hop));
        double[][] features = new double[frames][];
        for (int t = 0; t < frames; t++) {
            double[] real = new double[fft];
            for (int i = 0; i < size && t * hop + i < samples.length; i++) {
                int at = t * hop + i;
                real[i] = window[i] * (samples[at] - (at == 0 ? 0 : EMPHASIS * samples[at - 1]));
            }
            double[] energies = energies(power(real), filters);
            features[t] = cepstral == 0 ? energies : cepstrum(energies);
        }
        return withDeltas(features);
    }

    private double[] energies(double[] power, double[][] filters) {
        double[] energies = new double[bands];
        for (int b = 0; b < bands; b++) {
            double energy = FLOOR;
            for (int k = 0; k < power.length; k++) {
                energy += filters[b][k] * power[k];
            }
            energies[b] = Math.log(energy);
        }
        return energies;
    }

    private double[] cepstrum(double[] energies) {
        double[] cepstrum = new double[cepstral];
        for (int q = 0; q < cepstral; q++) {
            for (int b = 0; b < bands; b++) {
                cepstrum[q] += energies[b] * Math.cos(Math.PI * q * (b + 0.5) / bands);
            }
            cepstrum[q] *= Math.sqrt((q == 0 ? 1.0 : 2.0) / bands);
        }
        return cepstrum;
    }

    /// The slope of the line through the frames t − 2 … t + 2, the first and last frame repeated beyond the ends.
    private float[][] withDeltas(double[][] features) {
        int frames = features.length;
        int plain = features[0].length;
        float[][] all = new float[frames][size()];
        for (int t = 0; t < frames; t++) {
            for (int i = 0; i < plain; i++) {
                all[t][i] = (float) features[t][i];
            }
            for (int i = 0; deltas && i < plain; i++) {
                double slope = 0;
                double weight = 0;
                for (int d = 1; d <= REACH; d++) {
                    slope += d * (features[Math.min(frames - 1, t + d)][i] - features[Math.max(0, t - d)][i]);
                    weight += 2 * d * d;
                }
                all[t][plain + i] = (float) (slope / weight);
            }
        }
        return all;
    }

    private static double[] window(int size) {
        double[] window = new double[size];
        Arrays.setAll(window, i -> 0.54 - 0.46 * Math.cos(2 * Math.PI * i / (size - 1)));
        return window;
    }

    /// Triangles with their corners at equal distances on the mel scale, from 0 Hz to half the rate.
    private double[][] filters(int fft) {
        double top = mel(rate / 2.0);
        double[][] filters = new double[bands][fft / 2 + 1];
        for (int b = 0; b < bands; b++) {
            double low = hertz(top * b / (bands + 1));
            double middle = hertz(top * (b + 1) / (bands + 1));
            double high = hertz(top * (b + 2) / (bands + 1));
            for (int k = 0; k <= fft / 2; k++) {
                double f = (double) k * rate / fft;
                filters[b][k] = Math.max(0, Math.min((f - low) / (middle - low), (high - f) / (high - middle)));
            }
        }
        return filters;
    }

    static double mel(double hertz) {
        return 2595 * Math.log10(1 + hertz / 700);
    }

    static double hertz(double mel) {
        return 700 * (Math.pow(10, mel / 2595) - 1);
    }

    /// |FFT(x)[k]|² / n for k = 0 … n/2.
    ///
    /// @param real (n), n a power of two; overwritten
    static double[] power(double[] real) {
        int n = real.length;
        double[] imaginary = new double[n];
        transform(real, imaginary);
        double[] power = new double[n / 2 + 1];
        Arrays.setAll(power, k -> (real[k] * real[k] + imaginary[k] * imaginary[k]) / n);
        return power;
    }

    /// The discrete Fourier transform in place, by halves.
    private static void transform(double[] real, double[] imaginary) {
        int n = real.length;
        int shift = Integer.numberOfLeadingZeros(n) + 1;
        for (int i = 0; i < n; i++) {
            int j = n == 1 ? 0 : Integer.reverse(i) >>> shift;
            if (j > i) {
                swap(real, i, j);
                swap(imaginary, i, j);
            }
        }
        for (int half = 1; half < n; half *= 2) {
            for (int k = 0; k < half; k++) {
                double cos = Math.cos(Math.PI * k / half);
                double sin = -Math.sin(Math.PI * k / half);
                for (int even = k; even < n; even += 2 * half) {
                    int odd = even + half;
                    double re = cos * real[odd] - sin * imaginary[odd];
                    double im = cos * imaginary[odd] + sin * real[odd];
                    real[odd] = real[even] - re;
                    imaginary[odd] = imaginary[even] - im;
                    real[even] += re;
                    imaginary[even] += im;
                }
            }
        }
    }

    private static void swap(double[] x, int i, int j) {
        double keep = x[i];
        x[i] = x[j];
        x[j] = keep;
    }
}
