package dev.elbo.runtime.file;

import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The header of a safetensors file that is being read: every claim it makes is checked against the data.
record SafetensorsHeader(Path file, byte[] header) {
    private record Place(String name, long begin, long end) {}

    /// The file's arrays, as views of `data`.
    Safetensors withData(MemorySegment data) {
        String text = new String(header, StandardCharsets.UTF_8);
        if (!(Json.parse(text.strip(), file.toString()) instanceof Json.Members(Map<String, Json> members))) {
            throw Safetensors.damaged(file, "the header is not an object");
        }
        Map<String, StoredArray> arrays = new LinkedHashMap<>();
        List<Place> places = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        members.forEach((name, member) -> {
            if (name.equals(Safetensors.METADATA)) {
                object(name, member).forEach((key, value) -> metadata.put(key, text(name, value)));
            } else {
                Place place = place(name, object(name, member), data.byteSize());
                places.add(place);
                arrays.put(name, array(name, object(name, member), data.asSlice(place.begin, place.end - place.begin)));
            }
        });
        requireNoGaps(places, data.byteSize());
        return new Safetensors(metadata, arrays);
    }

    private StoredArray array(String name, Map<String, Json> member, MemorySegment data) {
        String dtype = text(name, member.get("dtype"));
        ElementType type = ElementType.ofSafetensors(dtype)
                .orElseThrow(() -> new BadInputException(
                        file.toString(),
                        "unknown dtype; array=" + name + ", dtype=" + dtype,
                        "convert it to one of F32, F64, I64, I32, U32, U8, BOOL"));
        try {
            return new StoredArray(type, integers(name, member.get("shape")), data);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw Safetensors.damaged(file, "array=" + name + ", " + e.getMessage());
        }
    }

    private Place place(String name, Map<String, Json> member, long bytes) {
        List<Long> offsets = integers(name, member.get("data_offsets"));
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1) || offsets.get(1) > bytes) {
            throw Safetensors.damaged(
                    file,
                    "the data of an array lies outside; array=" + name + ", offsets=" + offsets + ", data=" + bytes);
        }
        return new Place(name, offsets.get(0), offsets.get(1));
    }

    /// The format allows neither holes nor overlaps: each byte belongs to one array.
    private void requireNoGaps(List<Place> places, long bytes) {
        long end = 0;
        for (Place place : places.stream()
                .sorted(Comparator.comparingLong(Place::begin).thenComparingLong(Place::end))
                .toList()) {
            if (place.begin != end) {
                throw Safetensors.damaged(
                        file,
                        "arrays overlap or leave a hole; array=" + place.name + ", expected=" + end + ", begin="
                                + place.begin);
            }
            end = place.end;
        }
        if (end != bytes) {
            throw Safetensors.damaged(file, "the data ends elsewhere; expected=" + end + ", actual=" + bytes);
        }
    }

    private Map<String, Json> object(String name, Json value) {
        if (value instanceof Json.Members(Map<String, Json> members)) {
            return members;
        }
        throw Safetensors.damaged(file, "expected an object; name=" + name);
    }

    private String text(String name, Json value) {
        if (value instanceof Json.Text(String text)) {
            return text;
        }
        throw Safetensors.damaged(file, "expected a text; name=" + name);
    }

    private List<Long> integers(String name, Json value) {
        if (value instanceof Json.Elements(List<Json> elements)) {
            return elements.stream().map(element -> integer(name, element)).toList();
        }
        throw Safetensors.damaged(file, "expected a list of integers; name=" + name);
    }

    private long integer(String name, Json value) {
        if (value instanceof Json.Number(BigDecimal number)
                && number.signum() >= 0
                && number.precision() - number.scale() <= 19
                && number.remainder(BigDecimal.ONE).signum() == 0
                && number.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
            return number.longValue();
        }
        throw Safetensors.damaged(file, "expected an integer of at least 0; name=" + name);
    }
}
