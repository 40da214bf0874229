package dev.elbo.cli;

import dev.elbo.models.recipe.Budget;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
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

    /// The data set, as a person writes it.
    String data() {
        if (members.values().get("data") instanceof Json.Text(String text)) {
            return text;
        }
        throw wrong("data", "a text");
    }

    /// What training was granted.
    Budget budget() {
        return new Budget(number("epochs"), (int) number("batch"), number("lr"), (long) number("seed"));
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

    private double number(String name) {
        if (members.values().get(name) instanceof Json.Number(BigDecimal number)) {
            return number.doubleValue();
        }
        throw wrong(name, "a number");
    }

    private BadInputException wrong(String name, String wanted) {
        return new BadInputException(source, "`" + name + "` is not " + wanted, "correct it");
    }
}
