package dev.elbo.simulator.ptx;

import java.util.List;

/// An operand as it stands in the text, with names resolved to what they name.
public sealed interface Operand {
    /// A virtual register; two are the same only if they are one object.
    final class Register implements Operand {
        private final String name;
        private final ScalarType type;

        public Register(String name, ScalarType type) {
            this.name = name;
            this.type = type;
        }

        public String name() {
            return name;
        }

        public ScalarType type() {
            return type;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /// A variable in memory; as an operand it stands for its address. Two are the same only if they are one object.
    final class Variable implements Operand {
        private final String name;
        private final Space space;
        private final ScalarType type;
        private final long bytes;
        private final int alignment;
        private final boolean external;
        private final List<Initial> initial;

        /// @param bytes    size, 0 for an array without extent
        /// @param external declared `.extern`
        /// @param initial  initial values in order of offset, empty if there are none
        public Variable(
                String name,
                Space space,
                ScalarType type,
                long bytes,
                int alignment,
                boolean external,
                List<Initial> initial) {
            this.name = name;
            this.space = space;
            this.type = type;
            this.bytes = bytes;
            this.alignment = alignment;
            this.external = external;
            this.initial = List.copyOf(initial);
        }

        public String name() {
            return name;
        }

        public Space space() {
            return space;
        }

        public ScalarType type() {
            return type;
        }

        public long bytes() {
            return bytes;
        }

        public int alignment() {
            return alignment;
        }

        public boolean external() {
            return external;
        }

        public List<Initial> initial() {
            return initial;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /// One initial value of a variable.
    ///
    /// @param offset bytes from the variable's start
    /// @param bytes  width
    /// @param value  the bits, or what is added to the symbol's address
    /// @param symbol name of the variable whose address is stored, or null
    record Initial(long offset, int bytes, long value, String symbol) {}

    /// A constant.
    ///
    /// @param bits    an integer, or the bits of a float (`F32`) or double (`F64`)
    /// @param written how it was written: `S64`, `F32` or `F64`
    record Immediate(long bits, ScalarType written) implements Operand {
        /// The bits of this constant read as `type`.
        public long as(ScalarType type) {
            if (written == ScalarType.F64 && type == ScalarType.F32) {
                return Float.floatToRawIntBits((float) Double.longBitsToDouble(bits));
            }
            if (written == ScalarType.F32 && type == ScalarType.F64) {
                return Double.doubleToRawLongBits(Float.intBitsToFloat((int) bits));
            }
            return bits;
        }

        @Override
        public String toString() {
            return switch (written) {
                case F32 -> "0f%08X".formatted((int) bits);
                case F64 -> "0d%016X".formatted(bits);
                default -> Long.toString(bits);
            };
        }
    }

    /// A special register such as `%tid.x`.
    record Special(String name) implements Operand {
        @Override
        public String toString() {
            return name;
        }
    }

    /// A label, a function, or a table of labels, by name.
    record Name(String name) implements Operand {
        @Override
        public String toString() {
            return name;
        }
    }

    /// `base + offset`: an address in brackets, or a variable's address plus a constant.
    ///
    /// @param base a register, a variable, or a constant
    record Address(Operand base, long offset) implements Operand {
        @Override
        public String toString() {
            return "[" + base + (offset == 0 ? "" : "+" + offset) + "]";
        }
    }

    /// `{a, b, …}` of a vector access, or `(a, b, …)` of a call.
    record Tuple(List<Operand> elements) implements Operand {
        @Override
        public String toString() {
            return elements.toString();
        }
    }

    /// `a|b`: two results.
    record Pair(Operand first, Operand second) implements Operand {
        @Override
        public String toString() {
            return first + "|" + second;
        }
    }

    /// `!p`.
    record Negated(Operand operand) implements Operand {
        @Override
        public String toString() {
            return "!" + operand;
        }
    }

    /// `_`: a result that is thrown away.
    record Sink() implements Operand {
        @Override
        public String toString() {
            return "_";
        }
    }
}
