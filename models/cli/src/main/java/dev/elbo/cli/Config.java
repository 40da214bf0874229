package dev.elbo.cli;

import dev.elbo.models.recipe.Budget;
import dev.elbo.runtime.MatrixPrecision;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/// What a run was begun with, asked for by name.
///
/// @param members of `config.json`, or what the options say
/// @param source  the name to put into a message
record Config(Json.Members members, String source) {
    /// The same but for one member.
    Config with(String name, Json value) {
        Map<String, Json> changed = new LinkedHashMap<>(members.values());
        changed.put(name, value);
        return new Config(new Json.Members(changed), source);
    }

    private static final double MOST_EPOCHS = 1e9;
    private static final int LARGEST_BATCH = 10_000_000;
    private static final int DIGITS_OF_LONG = 19;

    /// Members that an option sets, where they are not the one of its name.
    private static final Map<String, List<String>> MEMBERS = Map.of(
            "--cd", List.of("steps"),
            "--diagonal", List.of("full"),
            "--batch", List.of("batch", "chains"),
            "--latent", List.of("latent", "between"),
            "--momentum", List.of("momentum", "descent"),
            "--sparsity", List.of("sparsity", "sparsity_cost"));

    /// The configuration that somebody wrote into a file: the `config.json` of a run is one.
    static Config read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(file.toString(), "no such file", "name the config.json of a run");
        }
        try {
            if (Json.parse(Files.readString(file), file.toString()) instanceof Json.Members members) {
                return new Config(members, file.toString());
            }
        } catch (IOException e) {
            throw new BadInputException(file, "cannot be read: " + e, "name the config.json of a run", e);
        }
        throw new BadInputException(file.toString(), "not an object", "name the config.json of a run");
    }

    /// The word for the model.
    String model() {
        if (members.values().get("model") instanceof Json.Text(String text)) {
            return text;
        }
        throw wrong("model", "a text");
    }

    /// This configuration with those members that the options of a command set.
    ///
    /// @param options what the options say in full, defaults included
    /// @param given   names of options that a person wrote down
    Config changedBy(Config options, Collection<String> given) {
        Map<String, Json> changed = new LinkedHashMap<>(members.values());
        changed.remove("began");
        for (String option : given) {
            for (String member : members(option)) {
                Json value = options.members.values().get(member);
                if (value != null && !isOwn(option, member)) {
                    changed.put(member, value);
                }
            }
        }
        return new Config(new Json.Members(changed), source);
    }

    /// Whether this configuration says by itself what an option sets beside its own member.
    private boolean isOwn(String option, String member) {
        Map<String, Json> values = members.values();
        return switch (member) {
            case "chains" -> option.equals("--batch") && !Objects.equals(values.get("chains"), values.get("batch"));
            case "between" -> option.equals("--latent") && values.containsKey("between");
            default -> false;
        };
    }

    /// Whether a member has this value; a number need not be written alike.
    boolean says(String member, Object value) {
        Json said = members.values().get(member);
        return said instanceof Json.Number(BigDecimal number) && value instanceof Double wanted
                ? number.doubleValue() == wanted
                : Json.of(value).equals(said);
    }

    /// Whether what an option says is a part of this configuration.
    ///
    /// @param option its longest name
    boolean has(String option) {
        return members(option).stream().anyMatch(members.values()::containsKey);
    }

    private static List<String> members(String option) {
        return MEMBERS.getOrDefault(option, List.of(option.substring(2).replace('-', '_')));
    }

    /// The data set, as a person writes it.
    String data() {
        if (members.values().get("data") instanceof Json.Text(String text)) {
            return text;
        }
        throw wrong("data", "a text");
    }

    /// What training was granted.
    Budget budget() {
        return new Budget(
                positive("epochs", MOST_EPOCHS),
                (int) whole("batch", 1, LARGEST_BATCH),
                positive("lr", Float.MAX_VALUE),
                whole("seed", Long.MIN_VALUE, Long.MAX_VALUE));
    }

    /// How exactly matrix products and convolutions multiply in training; TF32 where nothing is said.
    MatrixPrecision precision() {
        Json said = members.values().getOrDefault("precision", Json.of("tf32"));
        for (MatrixPrecision each : MatrixPrecision.values()) {
            if (said.equals(Json.of(each.name().toLowerCase(Locale.ROOT)))) {
                return each;
            }
        }
        throw wrong("precision", "fp32, tf32, bf16 or bf16x3");
    }

    /// Folds that are held out, where the data has folds.
    Set<Integer> folds() {
        Set<Integer> folds = new TreeSet<>();
        if (members.values().get("folds") instanceof Json.Elements elements) {
            for (Json element : elements.values()) {
                if (!(element instanceof Json.Number(BigDecimal number))) {
                    throw wrong("folds", "a list of numbers");
                }
                folds.add(number.intValue());
            }
        }
        return folds;
    }

    private double positive(String name, double most) {
        if (members.values().get(name) instanceof Json.Number(BigDecimal number)
                && number.signum() > 0
                && number.doubleValue() > 0
                && number.doubleValue() <= most) {
            return number.doubleValue();
        }
        throw wrong(name, "a number above 0 and up to " + most);
    }

    private long whole(String name, long low, long high) {
        if (members.values().get(name) instanceof Json.Number(BigDecimal number)
                && number.scale() <= 0
                && number.precision() - number.scale() <= DIGITS_OF_LONG
                && number.compareTo(BigDecimal.valueOf(low)) >= 0
                && number.compareTo(BigDecimal.valueOf(high)) <= 0) {
            return number.longValueExact();
        }
        throw wrong(name, "an integer from " + low + " to " + high);
    }

    private BadInputException wrong(String name, String wanted) {
        Json value = members.values().getOrDefault(name, Json.NOTHING);
        return new BadInputException(
                source, "`" + name + "` is not " + wanted + "; value=" + value.compact(), "correct it");
    }
}
