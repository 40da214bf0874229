package dev.elbo.simulator.machine;

import static dev.elbo.simulator.machine.Lanes.COUNT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.elbo.simulator.SimulatorFault.Kind;
import dev.elbo.simulator.memory.Allocation;
import dev.elbo.simulator.ptx.Operand;
import dev.elbo.simulator.ptx.ScalarType;
import dev.elbo.simulator.ptx.Space;
import java.util.List;
import java.util.Map;

/// Products of small matrices spread over a warp: `mma.sync` and `ldmatrix`.
///
/// ```
/// D = A B + C      A (m, k) row by row, B (k, n) column by column, C and D (m, n)
/// ```
///
/// Products are exact. In which order they are added, and how the sum is rounded, PTX does not say. Here sums of f32
/// are rounded once, to nearest; in a launch with a seed they are cut, as the units of V100, T4 and A100 were found to
/// do (Fasi, Higham, Mikaitis and Pranesh 2021, Numerical behavior of NVIDIA tensor cores): every term at the last
/// bit of a float as large as the largest of them, and then the sum. A test should allow for both.
final class MatrixOperations {
    private MatrixOperations() {}

    static void register(Map<String, InstructionSet.Family> families) {
        families.put("mma", MatrixOperations::multiply);
        families.put("ldmatrix", MatrixOperations::load);
    }

    /// All lanes of a warp take part.
    private abstract static class Whole extends Instruction implements Convergent {
        @Override
        public int expected(Warp warp, int mask) {
            return -1;
        }

        @Override
        final void run(Warp warp, int mask) {
            if (mask != -1) {
                throw warp.fault(
                        Kind.WARP_MASK,
                        "a matrix operation needs all 32 lanes; lanes=0x" + Integer.toHexString(mask),
                        Integer.numberOfTrailingZeros(mask),
                        0);
            }
            run(warp);
        }

        abstract void run(Warp warp);
    }

    private static Instruction multiply(Operation o) {
        o.took("sync");
        o.took("aligned");
        String shape = o.needs("m16n8k4", "m16n8k8", "m16n8k16", "m8n8k4");
        o.needs("row");
        o.needs("col");
        ScalarType d = o.type();
        ScalarType a = o.type();
        ScalarType b = o.type();
        ScalarType c = o.type();
        boolean halves = a == ScalarType.F16 || a == ScalarType.BF16;
        boolean known = a == b
                && d == c
                && switch (shape) {
                    case "m16n8k4" -> a == ScalarType.TF32 && d == ScalarType.F32;
                    case "m16n8k8" -> (a == ScalarType.TF32 || halves) && d == ScalarType.F32;
                    case "m16n8k16" -> halves && d == ScalarType.F32;
                    default -> a == ScalarType.F64 && d == ScalarType.F64;
                };
        if (!known) {
            throw o.unknown();
        }
        int k = Integer.parseInt(shape.substring(shape.indexOf('k') + 1));
        int m = shape.startsWith("m16") ? 16 : 8;
        return new Product(a, m, k, rows(o, 0, d), rows(o, 1, a), rows(o, 2, a), rows(o, 3, d));
    }

    private static int[] rows(Operation o, int operand, ScalarType type) {
        List<Operand> elements = o.elements(operand);
        return elements.stream()
                .mapToInt(e -> type == ScalarType.F64
                        ? o.decoder().wide(e, type, o)
                        : o.decoder().word(e, type, o))
                .toArray();
    }

    private static final class Product extends Whole {
        private static final int N = 8;

        private final ScalarType type;
        private final int m;
        private final int k;
        private final int[] d;
        private final int[] a;
        private final int[] b;
        private final int[] c;

        Product(ScalarType type, int m, int k, int[] d, int[] a, int[] b, int[] c) {
            this.type = type;
            this.m = m;
            this.k = k;
            this.d = d;
            this.a = a;
            this.b = b;
            this.c = c;
        }

        @Override
        void run(Warp warp) {
            double[] left = new double[m * k];
            double[] right = new double[k * N];
            for (int lane = 0; lane < COUNT; lane++) {
                gather(warp, lane, left, right);
            }
            boolean cut = type != ScalarType.F64 && warp.block.options().seed() != 0;
            double[][] results = new double[COUNT][];
            for (int lane = 0; lane < COUNT; lane++) {
                results[lane] = new double[m * N / COUNT];
                for (int i = 0; i < results[lane].length; i++) {
                    int row = lane / 4 + i / 2 * 8;
                    int column = lane % 4 * 2 + i % 2;
                    double start = accumulator(warp, lane, i);
                    results[lane][i] =
                            cut ? cutSum(left, right, row, column, start) : sum(left, right, row, column, start);
                }
            }
            for (int lane = 0; lane < COUNT; lane++) {
                for (int i = 0; i < d.length; i++) {
                    if (type == ScalarType.F64) {
                        warp.longs[d[i]][lane] = FloatLanes.bits(results[lane][i]);
                    } else {
                        warp.words[d[i]][lane] = FloatLanes.bits((float) results[lane][i]);
                    }
                }
            }
        }

        private double sum(double[] left, double[] right, int row, int column, double start) {
            double sum = start;
            for (int s = 0; s < k; s++) {
                sum = Math.fma(left[row * k + s], right[s * N + column], sum);
            }
            return sum;
        }

        private double cutSum(double[] left, double[] right, int row, int column, double start) {
            double largest = Math.abs(start);
            for (int s = 0; s < k; s++) {
                largest = Math.max(largest, Math.abs(left[row * k + s] * right[s * N + column]));
            }
            if (!(largest < Double.POSITIVE_INFINITY)) {
                return sum(left, right, row, column, start);
            }
            double unit = Math.scalb(1.0, Math.max(Math.getExponent(largest), Float.MIN_EXPONENT) - 23);
            double sum = unit * (long) (start / unit);
            for (int s = 0; s < k; s++) {
                sum += unit * (long) (left[row * k + s] * right[s * N + column] / unit);
            }
            float nearest = (float) sum;
            return Math.abs(nearest) > Math.abs(sum) ? Math.nextAfter(nearest, 0) : nearest;
        }

        private double accumulator(Warp warp, int lane, int i) {
            return type == ScalarType.F64 ? FloatLanes.f(warp.longs[c[i]][lane]) : FloatLanes.f(warp.words[c[i]][lane]);
        }

        /// Puts one lane's elements of A and B in their places.
        private void gather(Warp warp, int lane, double[] left, double[] right) {
            int group = lane / 4;
            int position = lane % 4;
            int perRegister = type == ScalarType.F16 || type == ScalarType.BF16 ? 2 : 1;
            for (int r = 0; r < a.length; r++) {
                for (int h = 0; h < perRegister; h++) {
                    int row = group + (m == 16 ? r % 2 * 8 : 0);
                    int column = position * perRegister + h + (m == 16 ? r / 2 : r) * 4 * perRegister;
                    left[row * k + column] = element(warp, a[r], lane, h);
                }
            }
            for (int r = 0; r < b.length; r++) {
                for (int h = 0; h < perRegister; h++) {
                    int row = position * perRegister + h + r * 4 * perRegister;
                    right[row * N + group] = element(warp, b[r], lane, h);
                }
            }
        }

        private double element(Warp warp, int row, int lane, int half) {
            return switch (type) {
                case F64 -> FloatLanes.f(warp.longs[row][lane]);
                // The lower 13 bits of a tf32 operand are not looked at.
                case TF32 -> FloatLanes.f(warp.words[row][lane] & 0xffff_e000);
                default -> NarrowFloat.of(type).toFloat(warp.words[row][lane] >>> 16 * half & 0xffff);
            };
        }
    }

    private static Instruction load(Operation o) {
        o.took("sync");
        o.took("aligned");
        o.needs("m8n8");
        int matrices = o.needs("x1", "x2", "x4").charAt(1) - '0';
        boolean transposed = o.took("trans");
        Space space = MemoryAccess.space(o);
        o.needs("b16");
        int[] rows = rows(o, 0, ScalarType.B32);
        if (rows.length != matrices || space != Space.SHARED) {
            throw o.unknown();
        }
        MatrixRows source = new MatrixRows(
                o.decoder().address(o.operand(1), space, 2, o), o.decoder().memorySlot());
        return new Whole() {
            @Override
            void run(Warp warp) {
                // Lanes 8 i to 8 i + 7 hold the addresses of the rows of matrix i.
                source.run(warp, matrices == 4 ? -1 : (1 << 8 * matrices) - 1);
                short[][] cells = warp.matrixRows;
                for (int i = 0; i < matrices; i++) {
                    int[] target = warp.words[rows[i]];
                    for (int lane = 0; lane < COUNT; lane++) {
                        int across = lane % 4 * 2;
                        int along = lane / 4;
                        int low = transposed ? cells[8 * i + across][along] : cells[8 * i + along][across];
                        int high = transposed ? cells[8 * i + across + 1][along] : cells[8 * i + along][across + 1];
                        target[lane] = high << 16 | low & 0xffff;
                    }
                }
            }
        };
    }

    /// Fetches one row of eight 16-bit elements for each active lane.
    private static final class MatrixRows extends MemoryInstruction {
        MatrixRows(AddressOperand operand, int slot) {
            super(operand, 16, slot, "load of a matrix row");
        }

        @Override
        void access(Warp warp, int mask, Allocation memory, Space space, Pattern pattern) {
            requireWritten(warp, mask, memory, space, Pattern.SCATTERED);
            RaceShadow races = warp.block.races(memory);
            int conflicts = races == null ? 0 : races.read(warp, mask, bytes(), false);
            if (conflicts != 0) {
                throw race(warp, conflicts, memory, "read");
            }
            for (int left = mask; left != 0; left &= left - 1) {
                int lane = Integer.numberOfTrailingZeros(left);
                for (int i = 0; i < 8; i++) {
                    warp.matrixRows[lane][i] = memory.bytes().get(JAVA_SHORT_UNALIGNED, warp.offsets[lane] + 2L * i);
                }
            }
        }
    }
}
