package dev.elbo.ffi.onednn;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/// The products and convolutions a device has prepared, those it used last.
///
/// Preparing takes about a millisecond, running microseconds. What falls out stays good for whoever still holds it, or
/// a stage of it, and is freed with the last of them.
public final class Prepared {
    private final Lately<Product.Spec, Product> products;
    private final Lately<Convolution.Spec, Convolution> convolutions;

    /// @param capacity how many products and how many convolutions are kept, at least 1
    public Prepared(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("prepared: keeps at least one; capacity=" + capacity);
        }
        products = new Lately<>(capacity);
        convolutions = new Lately<>(capacity);
    }

    /// The product of this specification, made if need be.
    public synchronized Product product(Product.Spec spec) {
        return products.get(spec, Product::of);
    }

    /// The convolution of this specification, made if need be.
    public synchronized Convolution convolution(Convolution.Spec spec) {
        return convolutions.get(spec, Convolution::of);
    }

    private static final class Lately<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1;

        private final int capacity;

        Lately(int capacity) {
            super(16, 0.75f, true);
            this.capacity = capacity;
        }

        V get(K key, BiFunction<K, Arena, V> make) {
            V value = get(key);
            if (value == null) {
                value = make.apply(key, Arena.ofAuto());
                put(key, value);
            }
            return value;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > capacity;
        }
    }
}
