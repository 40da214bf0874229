package dev.elbo.kernels;

import java.util.List;
import java.util.function.ToLongFunction;

/// How a kernel is launched: threads of a block, and blocks of the grid as a function of the arguments.
///
/// @param block threads along x, y, z; what is not named is 1
/// @param grid  blocks along x, y, z; what is not named is 1
public record Launch(Dim block, List<Extent> grid) {
    /// Extents along x, y and z.
    public record Dim(long x, long y, long z) {
        /// Their product.
        public long count() {
            return x * y * z;
        }
    }

    /// Blocks along one axis: the product of the named arguments and of `factor`, divided by `per`, rounded up.
    ///
    /// ```
    /// blocks = ⌈factor · Π arguments / per⌉
    /// ```
    public record Extent(List<String> arguments, long factor, long per) {
        /// The number of blocks.
        ///
        /// @param value the value of an integer argument, by its name
        public long blocks(ToLongFunction<String> value) {
            long product = factor;
            for (String argument : arguments) {
                product = Math.multiplyExact(product, value.applyAsLong(argument));
            }
            return Math.ceilDiv(product, per);
        }
    }

    /// The grid for given arguments. An extent of 0 says that there is nothing to do, and nothing may be launched.
    ///
    /// @param value the value of an integer argument, by its name
    public Dim grid(ToLongFunction<String> value) {
        return new Dim(blocks(0, value), blocks(1, value), blocks(2, value));
    }

    private long blocks(int axis, ToLongFunction<String> value) {
        return axis < grid.size() ? grid.get(axis).blocks(value) : 1;
    }
}
