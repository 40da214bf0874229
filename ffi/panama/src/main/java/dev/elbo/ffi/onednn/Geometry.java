package dev.elbo.ffi.onednn;

/// The sizes of a two-dimensional convolution.
///
/// ```
/// x (n, in, height, width)      w (out, in, taps down, taps across)      y (n, out, outHeight, outWidth)
/// y[i,o] = b[o] + Σ_c w[o,c] ∗ x[i,c]
/// ```
///
/// The transposed convolution from y to x has the same geometry: it is the gradient with respect to x, and its weights
/// (channels in, channels out, …), as it sees them, lie in memory as `w` does.
///
/// @param n      images
/// @param in     channels of x
/// @param height rows of x
/// @param width  columns of x
/// @param out    channels of y
/// @param down   window along the rows
/// @param across window along the columns
/// @param order  where the channels of x and y lie, and in w those of x
public record Geometry(
        long n, long in, long height, long width, long out, Window down, Window across, ChannelOrder order) {
    public Geometry {
        if (n < 1 || in < 1 || out < 1 || down.out(height) < 1 || across.out(width) < 1) {
            throw new IllegalArgumentException(
                    "convolution: nothing to compute; " + describe(n, in, height, width, out, down, across));
        }
    }

    /// A square window over channel-first images.
    public static Geometry of(long n, long in, long height, long width, long out, Window window) {
        return new Geometry(n, in, height, width, out, window, window, ChannelOrder.FIRST);
    }

    /// The geometry whose transposed convolution reads images of `height` × `width` and writes the smallest images that
    /// fit.
    ///
    /// @param in  channels the transposed convolution reads
    /// @param out channels it writes
    public static Geometry transposed(long n, long in, long height, long width, long out, Window window) {
        return of(n, out, window.in(height), window.in(width), in, window);
    }

    /// This geometry with channels elsewhere.
    public Geometry with(ChannelOrder other) {
        return new Geometry(n, in, height, width, out, down, across, other);
    }

    /// This geometry for another number of images.
    Geometry images(long count) {
        return new Geometry(count, in, height, width, out, down, across, order);
    }

    /// Rows of y.
    public long outHeight() {
        return down.out(height);
    }

    /// Columns of y.
    public long outWidth() {
        return across.out(width);
    }

    /// Elements of one image of x.
    public long sizeX() {
        return in * height * width;
    }

    /// Elements of one image of y.
    public long sizeY() {
        return out * outHeight() * outWidth();
    }

    /// Elements of w.
    public long sizeW() {
        return out * in * down.taps() * across.taps();
    }

    /// Floating-point operations for one image, the same in all three directions.
    public long flopsEach() {
        return 2 * in * down.taps() * across.taps() * sizeY();
    }

    /// As messages have it: `n=8, in=3, height=32, …`.
    @Override
    public String toString() {
        return describe(n, in, height, width, out, down, across) + ", order=" + order;
    }

    private static String describe(long n, long in, long height, long width, long out, Window down, Window across) {
        return "n=" + n + ", in=" + in + ", height=" + height + ", width=" + width + ", out=" + out + ", down=" + down
                + ", across=" + across;
    }
}
