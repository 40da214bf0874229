package dev.elbo.runtime.file;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A JSON value (RFC 8259): what configurations, metrics and the headers of checkpoints are written in.
///
/// Numbers keep every digit, so that a 64-bit seed survives; members keep their order, so that equal values are equal
/// bytes. NaN and the infinities are not JSON: whoever writes a result that may be one of them writes [#NOTHING].
public sealed interface Json {
    /// `null`.
    Json NOTHING = new Nothing();

    /// An object: members in order.
    record Members(Map<String, Json> values) implements Json {
        /// Copies `values`, keeping their order.
        public Members {
            values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        }
    }

    /// An array.
    record Elements(List<Json> values) implements Json {
        /// Copies `values`.
        public Elements {
            values = List.copyOf(values);
        }
    }

    /// A string.
    record Text(String value) implements Json {}

    /// A number, exactly as written.
    record Number(BigDecimal value) implements Json {}

    /// `true` or `false`.
    record Flag(boolean value) implements Json {}

    /// `null`; use [#NOTHING].
    record Nothing() implements Json {}

    /// Reads one JSON value.
    ///
    /// @param text   the whole document
    /// @param source the name to put into a message, usually the file
    /// @throws BadInputException with line and column when `text` is not one JSON value
    static Json parse(String text, String source) {
        return new JsonParser(text, source).document();
    }

    /// The JSON value for a plain Java value: `null`, text, boolean, number, `Map` with text keys, `List`, or `Json`.
    ///
    /// @throws IllegalArgumentException for NaN, an infinity, or any other type
    static Json of(Object value) {
        return switch (value) {
            case null -> NOTHING;
            case Json json -> json;
            case String text -> new Text(text);
            case Boolean flag -> new Flag(flag);
            case Double number -> number(number);
            // The shortest decimal that is this float, not the double beside it: 0.1, not 0.10000000149.
            case Float number -> number(Double.parseDouble(number.toString()));
            case BigDecimal number -> new Number(number);
            case java.lang.Number number -> new Number(BigDecimal.valueOf(number.longValue()));
            case Map<?, ?> map -> {
                Map<String, Json> members = new LinkedHashMap<>();
                map.forEach((key, member) -> members.put((String) key, of(member)));
                yield new Members(members);
            }
            case List<?> list -> new Elements(list.stream().map(Json::of).toList());
            default ->
                throw new IllegalArgumentException("Json.of: no JSON value for this type; type="
                        + value.getClass().getName());
        };
    }

    private static Json number(double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("Json.of: not a JSON number; value=" + value);
        }
        return new Number(BigDecimal.valueOf(value));
    }

    /// On one line, without spaces.
    default String compact() {
        return new JsonWriter(false).write(this);
    }

    /// On several lines, two spaces a level, for people.
    default String pretty() {
        return new JsonWriter(true).write(this);
    }
}
