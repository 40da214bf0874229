package dev.elbo.models.adversarial;

import java.util.List;

/// Extents of square images that are halved again and again, their channels doubled, down to at most 7×7.
///
/// ```
/// 64×64, width 64:   64·64 → 32·32·64 → 16·16·128 → 8·8·256 → 4·4·512
/// 28×28, width 64:   28·28 → 14·14·64 → 7·7·128
/// ```
///
/// @param side     of an image
/// @param channels of an image
/// @param width    channels after the first halving
/// @param halvings how often
record Pyramid(int side, int channels, int width, int halvings) {
    private static final int LARGEST_TOP = 7;

    /// @param item  extents of an image: (side, side) or (side, side, channels)
    /// @param width channels after the first halving
    static Pyramid of(List<Integer> item, int width) {
        if (!fits(item)) {
            throw new IllegalArgumentException(
                    "dcgan: square images whose side is 2, 3, … or 7 times a power of two; item=" + item);
        }
        int side = item.getFirst();
        return new Pyramid(side, item.size() == 2 ? 1 : item.get(2), width, halvings(side));
    }

    /// Whether examples are images that can be halved down.
    static boolean fits(List<Integer> item) {
        boolean square = (item.size() == 2 || item.size() == 3) && item.get(0).equals(item.get(1));
        return square && halvings(item.getFirst()) > 0 && item.getFirst() >> halvings(item.getFirst()) <= LARGEST_TOP;
    }

    private static int halvings(int side) {
        int halvings = 0;
        while (side >> halvings > LARGEST_TOP && (side >> halvings) % 2 == 0) {
            halvings++;
        }
        return halvings;
    }

    /// Side of the smallest maps.
    int top() {
        return side >> halvings;
    }

    /// Channels after so many halvings.
    int channels(int halved) {
        return halved == 0 ? channels : width << (halved - 1);
    }
}
