package dev.elbo.models.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpeechFeaturesTest {
    private static final int RATE = 8000;

    /// Against the transform's definition.
    @Test
    void powerMatchesTheSum() {
        Random random = new Random(3);
        for (int n : new int[] {1, 2, 8, 256}) {
            double[] x = random.doubles(n, -1, 1).toArray();
            double[] power = SpeechFeatures.power(x.clone());
            for (int k = 0; k <= n / 2; k++) {
                double re = 0;
                double im = 0;
                for (int i = 0; i < n; i++) {
                    re += x[i] * Math.cos(2 * Math.PI * i * k / n);
                    im -= x[i] * Math.sin(2 * Math.PI * i * k / n);
                }
                assertEquals((re * re + im * im) / n, power[k], 1e-12, "n=" + n + ", k=" + k);
            }
        }
    }

    @Test
    void melUndoesHertz() {
        assertEquals(1000, SpeechFeatures.mel(1000), 0.2); // 1000 Hz are 1000 mel by definition of the scale
        assertEquals(3123, SpeechFeatures.hertz(SpeechFeatures.mel(3123)), 1e-9);
    }

    /// A pure tone is loudest in the band whose middle is nearest to it.
    @Test
    void aToneLandsInItsBand() {
        SpeechFeatures bands = new SpeechFeatures(RATE, 20, 0, false);
        double top = SpeechFeatures.mel(RATE / 2.0);
        for (int band : new int[] {4, 9, 15}) {
            double hertz = SpeechFeatures.hertz(top * (band + 1) / 21);
            float[][] features = bands.of(tone(hertz, 4000));
            int loudest = IntStream.range(0, 20)
                    .reduce((a, b) -> features[5][a] >= features[5][b] ? a : b)
                    .orElseThrow();
            assertEquals(band, loudest);
        }
    }

    @Test
    void framesAreTenMillisecondsApart() {
        SpeechFeatures features = new SpeechFeatures(RATE, 26, 13, true);
        assertEquals(26, features.size());
        assertEquals(1, features.of(new float[200]).length);
        assertEquals(1, features.of(new float[279]).length);
        assertEquals(2, features.of(new float[280]).length);
        assertEquals(98, features.of(new float[RATE]).length);
        assertEquals(1, features.of(new float[3]).length);
    }

    /// Twice the amplitude adds 2 log 2 to every band, hence only to cepstral coefficient 0, times √bands.
    @Test
    void loudnessIsTheFirstCoefficient() {
        SpeechFeatures features = new SpeechFeatures(RATE, 26, 13, false);
        float[] noise = new float[RATE];
        Random random = new Random(1);
        for (int i = 0; i < noise.length; i++) {
            noise[i] = (float) random.nextGaussian();
        }
        float[] louder = noise.clone();
        for (int i = 0; i < louder.length; i++) {
            louder[i] *= 2;
        }
        float[][] quiet = features.of(noise);
        float[][] loud = features.of(louder);
        assertEquals(Math.sqrt(26) * 2 * Math.log(2), loud[7][0] - quiet[7][0], 1e-4);
        for (int q = 1; q < 13; q++) {
            assertEquals(quiet[7][q], loud[7][q], 1e-4);
        }
    }

    /// A steady tone has no slope; one that grows by a factor e every ten frames has slope 0.2 in every band.
    @Test
    void deltasAreSlopes() {
        SpeechFeatures features = new SpeechFeatures(RATE, 20, 0, true);
        float[] growing = tone(1000, RATE);
        for (int i = 0; i < growing.length; i++) {
            growing[i] *= (float) Math.exp(i / 800.0 - 5);
        }
        float[][] steady = features.of(tone(1000, RATE));
        float[][] rising = features.of(growing);
        int band = 9; // around 1000 Hz
        assertEquals(0, steady[50][20 + band], 1e-3);
        assertEquals(0.2, rising[50][20 + band], 1e-3);
    }

    @Test
    void silenceIsFinite() {
        for (float[] frame : new SpeechFeatures(RATE, 26, 13, true).of(new float[1000])) {
            for (float value : frame) {
                assertTrue(Float.isFinite(value));
            }
        }
    }

    private static float[] tone(double hertz, int samples) {
        float[] tone = new float[samples];
        for (int i = 0; i < samples; i++) {
            tone[i] = (float) Math.sin(2 * Math.PI * hertz * i / RATE);
        }
        return tone;
    }
}
