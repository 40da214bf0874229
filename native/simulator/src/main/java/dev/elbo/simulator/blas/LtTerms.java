package dev.elbo.simulator.blas;

import dev.elbo.simulator.library.NumberType;
import dev.elbo.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.DoubleSupplier;

/// A product of cuBLASLt with everything that its epilogue reads and writes.
///
/// @param splits     parts of the sums
/// @param bias       address of the bias or of its gradient, 0 if there is none
/// @param biasStride numbers from one product's bias to the next one's
/// @param aux        address of AUX, 0 if there is none
/// @param auxLeading bits or numbers from one column of AUX to the next
/// @param auxStride  bits or numbers from one product's AUX to the next one's
record LtTerms(
        LtProblem problem,
        int splits,
        DoubleSupplier alpha,
        DoubleSupplier beta,
        long bias,
        long biasStride,
        long aux,
        long auxLeading,
        long auxStride) {
    void run(DeviceMemory memory, long a, long b, long c, long d) {
        for (int i = 0; i < problem.batch(); i++) {
            one(
                    memory,
                    i,
                    problem.operand(problem.a(), a, i),
                    problem.operand(problem.b(), b, i),
                    problem.operand(problem.c(), c, i),
                    problem.operand(problem.d(), d, i));
        }
    }

    private void one(DeviceMemory memory, int index, Operand a, Operand b, Operand c, Operand d) {
        double[] left = a.read(memory, "operand A of cublasLtMatmul");
        double[] right = b.read(memory, "operand B of cublasLtMatmul");
        if (problem.turnA()) left = Product.transpose(left, a.rows(), a.columns());
        if (problem.turnB()) right = Product.transpose(right, b.rows(), b.columns());
        double[] v = product(left, right);
        double factor = beta.getAsDouble();
        double[] old = factor == 0 ? null : c.read(memory, "operand C of cublasLtMatmul");
        for (int i = 0; i < v.length; i++) {
            v[i] = GemmCalls.scaled(alpha.getAsDouble(), v[i], factor, old == null ? 0 : old[i], problem.product());
        }
        epilogue(memory, index, left, right, v, d.type());
        d.write(memory, v, "result of cublasLtMatmul");
    }

    /// op(A) · op(B), its sums cut into parts that are added up in order.
    private double[] product(double[] left, double[] right) {
        int m = problem.m();
        int n = problem.n();
        int k = problem.k();
        double[] sum = new double[m * n];
        for (int part = 0; part < splits; part++) {
            int from = (int) ((long) k * part / splits);
            int to = (int) ((long) k * (part + 1) / splits);
            double[] slice = java.util.Arrays.copyOfRange(left, from * m, to * m);
            double[] rows = rows(right, k, n, from, to);
            double[] partial = problem.product().multiply(slice, rows, m, n, to - from);
            for (int i = 0; i < sum.length; i++) {
                sum[i] = problem.product() == Product.F64 ? sum[i] + partial[i] : (float) sum[i] + (float) partial[i];
            }
        }
        return sum;
    }

    private static double[] rows(double[] matrix, int rows, int columns, int from, int to) {
        double[] slice = new double[(to - from) * columns];
        for (int j = 0; j < columns; j++) {
            System.arraycopy(matrix, from + j * rows, slice, j * (to - from), to - from);
        }
        return slice;
    }

    private void epilogue(DeviceMemory memory, int index, double[] left, double[] right, double[] v, NumberType type) {
        LtEpilogue epilogue = problem.epilogue();
        if (epilogue.addsBias()) {
            double[] added = vector(memory, index, problem.m(), type);
            for (int i = 0; i < v.length; i++) v[i] = (float) v[i] + (float) added[i % problem.m()];
        }
        if (epilogue.aux()) activateWithAux(memory, index, v);
        else if (epilogue.relu()) for (int i = 0; i < v.length; i++) v[i] = Math.max((float) v[i], 0f);

        if (epilogue.rowSums()) write(memory, index, rowSums(v, problem.m()), type);
        if (epilogue.sumsOfA()) write(memory, index, rowSums(left, problem.m()), type);
        if (epilogue.sumsOfB()) {
            write(memory, index, rowSums(Product.transpose(right, problem.k(), problem.n()), problem.n()), type);
        }
    }

    /// Of a matrix that lies column by column.
    private static double[] rowSums(double[] matrix, int rows) {
        float[] sums = new float[rows];
        for (int i = 0; i < matrix.length; i++) sums[i % rows] += (float) matrix[i];
        double[] wide = new double[rows];
        for (int i = 0; i < rows; i++) wide[i] = sums[i];
        return wide;
    }

    private double[] vector(DeviceMemory memory, int index, int length, NumberType type) {
        long at = bias + index * biasStride * type.bytes();
        MemorySegment from = memory.readable(at, (long) length * type.bytes(), "bias of cublasLtMatmul");
        double[] values = new double[length];
        for (int i = 0; i < length; i++) values[i] = type.get(from, i);
        return values;
    }

    private void write(DeviceMemory memory, int index, double[] values, NumberType type) {
        long at = bias + index * biasStride * type.bytes();
        MemorySegment to = memory.writable(at, (long) values.length * type.bytes(), "bias gradient of cublasLtMatmul");
        for (int i = 0; i < values.length; i++) type.put(to, i, values[i]);
    }

    /// AUX is one bit for each number.
    private void activateWithAux(DeviceMemory memory, int index, double[] v) {
        boolean reads = problem.epilogue().reluGradient();
        for (int j = 0; j < problem.n(); j++) {
            long at = aux + (index * auxStride + j * auxLeading) / 8;
            long bytes = (problem.m() + 7) / 8;
            MemorySegment column = reads
                    ? memory.readable(at, bytes, "AUX of cublasLtMatmul")
                    : memory.writable(at, bytes, "AUX of cublasLtMatmul");
            for (int i = 0; i < problem.m(); i++) {
                int here = i + j * problem.m();
                if (reads) {
                    v[here] = bit(column, i) ? (float) v[here] : 0;
                } else {
                    setBit(column, i, (float) v[here] > 0);
                    v[here] = Math.max((float) v[here], 0f);
                }
            }
        }
    }

    private static boolean bit(MemorySegment column, int i) {
        return (column.get(ValueLayout.JAVA_BYTE, i / 8) >>> (i % 8) & 1) != 0;
    }

    private static void setBit(MemorySegment column, int i, boolean on) {
        byte old = column.get(ValueLayout.JAVA_BYTE, i / 8);
        column.set(ValueLayout.JAVA_BYTE, i / 8, (byte) (on ? old | 1 << i % 8 : old & ~(1 << i % 8)));
    }
}
