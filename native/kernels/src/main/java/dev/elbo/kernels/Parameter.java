package dev.elbo.kernels;

/// One argument of a kernel.
///
/// @param name    as in the source
/// @param element type of the argument, or of what it points to
/// @param pointer whether it is a device address
/// @param written whether it is a device address that the kernel stores to
/// @param shape   the shape comment of a pointer, `(rows, cols)`; empty for a number
public record Parameter(String name, Element element, boolean pointer, boolean written, String shape) {
    /// The types that kernels use, and nothing else.
    public enum Element {
        BYTE("unsigned char", "u8", 1),
        INT("int", "u32", Integer.BYTES),
        UNSIGNED("unsigned", "u32", Integer.BYTES),
        LONG("long long", "u64", Long.BYTES),
        FLOAT("float", "f32", Float.BYTES),
        DOUBLE("double", "f64", Double.BYTES);

        private final String c;
        private final String ptx;
        private final int bytes;

        Element(String c, String ptx, int bytes) {
            this.c = c;
            this.ptx = ptx;
            this.bytes = bytes;
        }

        /// The type in CUDA C++.
        public String c() {
            return c;
        }

        /// Bytes of one.
        public int bytes() {
            return bytes;
        }

        static Element ofC(String c) {
            for (Element element : values()) {
                if (element.c.equals(c)) {
                    return element;
                }
            }
            throw new IllegalArgumentException("kernel parameter: unknown type; type=" + c);
        }
    }

    /// Bytes in the block of arguments: 8 for a pointer, else those of the number. Also its alignment there.
    public int bytes() {
        return pointer ? Long.BYTES : element.bytes;
    }

    /// How PTX declares it: `u64` for a pointer.
    public String ptxType() {
        return pointer ? "u64" : element.ptx;
    }
}
