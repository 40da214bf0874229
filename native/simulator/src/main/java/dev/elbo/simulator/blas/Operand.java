package dev.elbo.simulator.blas;

import dev.elbo.simulator.library.NumberType;
import dev.elbo.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;

/// A matrix in device memory, column by column unless it says otherwise.
///
/// @param address of the first number
/// @param type    of its numbers
/// @param rows    as stored
/// @param columns as stored
/// @param leading numbers from one column (row, if `rowMajor`) to the next
/// @param rowMajor whether rows are contiguous
record Operand(long address, NumberType type, int rows, int columns, long leading, boolean rowMajor) {
    /// The same matrix, so many numbers further on.
    Operand plus(long numbers) {
        return new Operand(address + numbers * type.bytes(), type, rows, columns, leading, rowMajor);
    }

    private int lines() {
        return rowMajor ? rows : columns;
    }

    private int lineLength() {
        return rowMajor ? columns : rows;
    }

    private long line(int index) {
        return address + index * leading * type.bytes();
    }

    /// The matrix as rows · columns numbers, column by column; what lies between columns is not looked at.
    ///
    /// @param what as in "operand A of cublasSgemm_v2"
    double[] read(DeviceMemory memory, String what) {
        double[] values = new double[Math.multiplyExact(rows, columns)];
        for (int i = 0; i < lines() && lineLength() > 0; i++) {
            MemorySegment line = memory.readable(line(i), (long) lineLength() * type.bytes(), what);
            for (int j = 0; j < lineLength(); j++) {
                values[rowMajor ? i + j * rows : j + i * rows] = type.get(line, j);
            }
        }
        return values;
    }

    /// Overwrites the matrix.
    void write(DeviceMemory memory, double[] values, String what) {
        for (int i = 0; i < lines() && lineLength() > 0; i++) {
            MemorySegment line = memory.writable(line(i), (long) lineLength() * type.bytes(), what);
            for (int j = 0; j < lineLength(); j++) {
                type.put(line, j, values[rowMajor ? i + j * rows : j + i * rows]);
            }
        }
    }
}
