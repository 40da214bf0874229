package dev.elbo.simulator.dnn;

/// A tensor of an operation graph.
///
/// @param id        what it is called when memory is bound to it
/// @param shape     its extents
/// @param alignment of its memory, bytes
/// @param virtual   whether it only passes from one operation to the next and has no memory
record BackendTensor(long id, TensorShape shape, long alignment, boolean virtual) {
    private static final int ALIGNMENT = 900;
    private static final int DATA_TYPE = 901;
    private static final int DIMENSIONS = 902;
    private static final int STRIDES = 903;
    private static final int UNIQUE_ID = 906;
    private static final int IS_VIRTUAL = 907;

    static BackendTensor of(BackendDescriptor d) {
        TensorShape shape =
                new TensorShape(TensorShape.type((int) d.one(DATA_TYPE)), d.all(DIMENSIONS), d.all(STRIDES));
        return new BackendTensor(d.one(UNIQUE_ID), shape, d.one(ALIGNMENT), d.one(IS_VIRTUAL, 0) != 0);
    }

    @Override
    public String toString() {
        return "tensor " + id + " " + shape;
    }
}
