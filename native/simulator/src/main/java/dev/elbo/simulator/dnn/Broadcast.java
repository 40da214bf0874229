package dev.elbo.simulator.dnn;

/// A tensor repeated along those of its extents that are 1.
record Broadcast(TensorShape from, TensorShape to) {
    Broadcast {
        boolean fits = from.rank() == to.rank();
        for (int i = 0; fits && i < to.rank(); i++) {
            fits = from.extents()[i] == 1 || from.extents()[i] == to.extents()[i];
        }
        if (!fits) throw DnnStatus.BAD_PARAM.because("cannot be repeated; from=" + from + ", to=" + to);
    }

    /// @param values of `from`, in logical order
    /// @return values of `to`, in logical order
    float[] apply(float[] values) {
        float[] all = new float[to.count()];
        for (int i = 0; i < all.length; i++) all[i] = values[source(i)];
        return all;
    }

    private int source(int index) {
        int source = 0;
        int step = 1;
        for (int d = to.rank() - 1; d >= 0; d--) {
            int at = index % to.extent(d);
            index /= to.extent(d);
            if (from.extent(d) > 1) source += at * step;
            step *= from.extent(d);
        }
        return source;
    }
}
