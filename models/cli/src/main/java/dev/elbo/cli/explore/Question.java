package dev.elbo.cli.explore;

import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/// What the page asked, member by member; whatever it sends is checked here.
///
/// @param members of the JSON object
public record Question(Json.Members members) {
    private static final String SOURCE = "question";
    private static final float LARGEST = 1e6f;

    /// A question in JSON.
    static Question parse(String text) {
        if (Json.parse(text, SOURCE) instanceof Json.Members members) {
            return new Question(members);
        }
        throw wrong("not an object");
    }

    /// An integer of [low, high].
    int integer(String name, int low, int high) {
        if (member(name) instanceof Json.Number(var number)
                && number.scale() <= 0
                && number.precision() <= 10
                && number.longValue() >= low
                && number.longValue() <= high) {
            return number.intValue();
        }
        throw wrong("`" + name + "` is not an integer from " + low + " to " + high);
    }

    /// Exactly `count` numbers.
    float[] numbers(String name, int count) {
        if (!(member(name) instanceof Json.Elements(List<Json> elements)) || elements.size() != count) {
            throw wrong("`" + name + "` is not a list of " + count + " numbers");
        }
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            if (!(elements.get(i) instanceof Json.Number(var number)) || !(Math.abs(number.floatValue()) <= LARGEST)) {
                throw wrong("`" + name + "` holds something that is no number of ±" + LARGEST + "; index=" + i);
            }
            numbers[i] = number.floatValue();
        }
        return numbers;
    }

    /// At most `most` different integers of [0, below); none where the member is missing.
    List<Integer> places(String name, int most, int below) {
        if (!members.values().containsKey(name)) {
            return List.of();
        }
        List<Integer> places = new ArrayList<>();
        if (member(name) instanceof Json.Elements(List<Json> elements) && elements.size() <= most) {
            for (Json element : elements) {
                if (element instanceof Json.Number(var number) && number.scale() <= 0 && number.precision() <= 9) {
                    places.add(number.intValue());
                }
            }
            if (places.size() == elements.size()
                    && places.stream().allMatch(place -> place >= 0 && place < below)
                    && places.stream().distinct().count() == places.size()) {
                return places;
            }
        }
        throw wrong("`" + name + "` is not a list of at most " + most + " places from 0 to " + (below - 1));
    }

    /// A text, where there is one.
    Optional<String> text(String name) {
        return members.values().get(name) instanceof Json.Text(String text) ? Optional.of(text) : Optional.empty();
    }

    /// Exactly `count` values in [0, 1], which travel as bytes.
    float[] pixels(String name, int count) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(text(name).orElseThrow(() -> wrong("`" + name + "` is missing")));
        } catch (IllegalArgumentException _) {
            throw wrong("`" + name + "` is not base64");
        }
        if (bytes.length != count) {
            throw wrong("`" + name + "` has another size; expected=" + count + ", actual=" + bytes.length);
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = Byte.toUnsignedInt(bytes[i]) / 255f;
        }
        return values;
    }

    /// Values as the page takes them: a byte each.
    ///
    /// @param values in [0, 1]; what lies outside is cut off
    static String pixels(float[] values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Math.round(255 * Math.clamp(values[i], 0f, 1f));
        }
        return Base64.getEncoder().encodeToString(bytes);
    }

    static BadInputException wrong(String what) {
        return new BadInputException(SOURCE, what, "load the page again");
    }

    private Json member(String name) {
        return members.values().getOrDefault(name, Json.NOTHING);
    }
}
