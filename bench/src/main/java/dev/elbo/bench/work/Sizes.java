package dev.elbo.bench.work;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// How large a workload is, axis by axis: `batch128_hidden400_latent20`.
///
/// @param extents positive, by lower-case name, in order
public record Sizes(Map<String, Integer> extents) {
    private static final Pattern ONE = Pattern.compile("([a-z]+)([1-9]\\d{0,8})");

    public Sizes {
        extents = Collections.unmodifiableMap(new LinkedHashMap<>(extents));
    }

    /// Reads a text like the one above.
    public static Sizes of(String text) {
        Map<String, Integer> extents = new LinkedHashMap<>();
        for (String each : text.split("_")) {
            Matcher one = ONE.matcher(each);
            if (!one.matches()) {
                throw new IllegalArgumentException(
                        "sizes: a name and a number each, like batch128_hidden400; text=" + text);
            }
            extents.put(one.group(1), Integer.valueOf(one.group(2)));
        }
        return new Sizes(extents);
    }

    /// The extent of an axis.
    public int at(String axis) {
        Integer extent = extents.get(axis);
        if (extent == null) {
            throw new IllegalArgumentException("sizes: no such axis; axis=" + axis + ", sizes=" + this);
        }
        return extent;
    }

    /// These, but for some axes.
    ///
    /// @param others axes that these have
    public Sizes with(Sizes others) {
        Map<String, Integer> changed = new LinkedHashMap<>(extents);
        others.extents.forEach((axis, extent) -> {
            at(axis);
            changed.put(axis, extent);
        });
        return new Sizes(changed);
    }

    /// What differs from `others`, as [#of(String)] reads it; empty if nothing does.
    String beside(Sizes others) {
        return extents.entrySet().stream()
                .filter(each -> others.at(each.getKey()) != each.getValue())
                .map(each -> each.getKey() + each.getValue())
                .collect(Collectors.joining("_"));
    }

    /// As [#of(String)] reads it.
    @Override
    public String toString() {
        return extents.entrySet().stream()
                .map(each -> each.getKey() + each.getValue())
                .collect(Collectors.joining("_"));
    }
}
