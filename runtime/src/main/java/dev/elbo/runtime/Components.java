package dev.elbo.runtime;

import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What walking a record's components finds: tensors are parameters, [Statistic]s are saved beside them, records and
/// lists are walked further, and everything else is plain configuration.
///
/// A tensor met twice (tied weights) is one parameter, under the name met first.
///
/// @param parameters by path, `encoder.weight`, in the order of the walk
/// @param statistics by path likewise
record Components(Map<String, Tensor> parameters, Map<String, Tensor> statistics) {
    static Components of(Object model) {
        Components found = new Components(new LinkedHashMap<>(), new LinkedHashMap<>());
        found.walk("", model);
        return new Components(
                Collections.unmodifiableMap(found.parameters), Collections.unmodifiableMap(found.statistics));
    }

    private void walk(String path, Object value) {
        switch (value) {
            case Tensor tensor -> add(parameters, path, tensor);
            case Statistic(Tensor tensor) -> add(statistics, path, tensor);
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    walk(below(path, String.valueOf(i)), list.get(i));
                }
            }
            case Record model -> {
                for (RecordComponent component : model.getClass().getRecordComponents()) {
                    walk(below(path, component.getName()), read(model, component));
                }
            }
            case null, default -> {}
        }
    }

    private static void add(Map<String, Tensor> found, String path, Tensor tensor) {
        boolean tied = found.values().stream()
                .anyMatch(
                        other -> other.data().address() == tensor.data().address() && other.bytes() == tensor.bytes());
        if (!tied) {
            found.put(path, tensor);
        }
    }

    private static String below(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static Object read(Record model, RecordComponent component) {
        Class<?> type = model.getClass();
        Method accessor = component.getAccessor();
        try {
            accessor.setAccessible(true);
            return accessor.invoke(model);
        } catch (InaccessibleObjectException | IllegalAccessException e) {
            throw new IllegalArgumentException(
                    "parameters: a model's record must be open to Elbo; record=" + type.getName() + ", add to module "
                            + type.getModule().getName() + ": opens " + type.getPackageName() + " to dev.elbo.runtime",
                    e);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(
                    "parameters: an accessor failed; record=" + type.getName() + ", component=" + component.getName(),
                    e.getCause());
        }
    }
}
