package dev.elbo.bench;

/// How y grows with x, fitted by least squares in logarithms.
///
/// ```
/// log y ≈ log factor + exponent · log x
/// ```
///
/// @param factor   y at x = 1
/// @param exponent 1 for what doubles with x
/// @param residual root of the mean squared difference of the logarithms: 0.1 is about a tenth of y
record Growth(double factor, double exponent, double residual) {
    /// Fits at least two points.
    ///
    /// @param x positive, not all equal
    /// @param y positive, as many
    static Growth of(double[] x, double[] y) {
        int n = x.length;
        double meanX = 0;
        double meanY = 0;
        for (int i = 0; i < n; i++) {
            meanX += Math.log(x[i]) / n;
            meanY += Math.log(y[i]) / n;
        }
        double xx = 0;
        double xy = 0;
        for (int i = 0; i < n; i++) {
            double dx = Math.log(x[i]) - meanX;
            xx += dx * dx;
            xy += dx * (Math.log(y[i]) - meanY);
        }
        double exponent = xy / xx;
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double e = Math.log(y[i]) - meanY - exponent * (Math.log(x[i]) - meanX);
            squares += e * e;
        }
        return new Growth(Math.exp(meanY - exponent * meanX), exponent, Math.sqrt(squares / n));
    }
}
