package dev.elbo.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Dependencies point one way through the house: read from the class files, so that neither an import nor a type that
/// the compiler infers slips by.
class DependencyTest {
    private static final List<String> JDK = List.of("java/", "javax/", "jdk/incubator/vector/", "jdk/net/", "com/sun/");
    private static final Pattern DESCRIPTOR_TYPE = Pattern.compile("L((?:\\w+/)+[\\w$]+);");

    static Stream<House.Module> modules() {
        return House.MODULES.stream();
    }

    @ParameterizedTest
    @MethodSource("modules")
    void mainClassesMentionOnlyWhatLiesBelow(House.Module module) throws IOException {
        List<String> broken = new ArrayList<>();
        for (Path file : classFiles(module)) {
            for (String type : mentioned(file)) {
                if (!allowed(module, type)) {
                    broken.add(module.classes().relativize(file) + " → " + type);
                }
            }
        }
        assertEquals(List.of(), broken, module.folder() + " looks up or sideways");
    }

    @ParameterizedTest
    @MethodSource("modules")
    void classesLiveInTheirModulesPackage(House.Module module) {
        List<String> strays = classFiles(module).stream()
                .map(file -> module.classes().relativize(file).toString())
                .filter(name -> !name.equals("module-info.class") && !name.startsWith(module.prefix()))
                .filter(name -> !name.contains("jmh_generated"))
                .toList();
        assertEquals(List.of(), strays);
    }

    /// The test above would pass over an empty folder; this one would not.
    @ParameterizedTest
    @MethodSource("modules")
    void everyModuleHasClasses(House.Module module) {
        assertFalse(classFiles(module).isEmpty(), "build first: nothing in " + module.classes());
    }

    /// The checker itself: a class of this module that mentions JUnit is refused in the runtime's place.
    @Test
    void aWrongDirectionIsSeen() throws IOException {
        House.Module runtime = House.MODULES.stream()
                .filter(module -> module.folder().equals("runtime"))
                .findFirst()
                .orElseThrow();
        Path self = House.ROOT.resolve("ci/checks/target/test-classes/dev/elbo/checks/DependencyTest.class");
        List<String> refused =
                mentioned(self).stream().filter(type -> !allowed(runtime, type)).toList();
        assertFalse(refused.stream().noneMatch(type -> type.startsWith("org/junit/")), refused.toString());
    }

    private static boolean allowed(House.Module module, String type) {
        Stream<String> above = module.prefix().equals("dev/elbo/ffi/") ? Stream.of("dev/elbo/ffi/jcuda/") : Stream.of();
        if (above.anyMatch(type::startsWith)) {
            return false;
        }
        return Stream.of(JDK, List.of(module.prefix()), module.mayUse(), module.foreign())
                .flatMap(List::stream)
                .anyMatch(type::startsWith);
    }

    private static List<Path> classFiles(House.Module module) {
        try (Stream<Path> files = java.nio.file.Files.walk(module.classes())) {
            return files.filter(file -> file.toString().endsWith(".class"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// Every type a class file names: class entries and the types inside descriptors and signatures.
    private static Set<String> mentioned(Path file) throws IOException {
        ClassModel model = ClassFile.of().parse(file);
        Set<String> types = new TreeSet<>();
        for (PoolEntry entry : model.constantPool()) {
            if (entry instanceof ClassEntry type) {
                String name = type.asInternalName();
                if (name.startsWith("[")) {
                    addDescriptorTypes(name, types);
                } else if (name.contains("/")) {
                    types.add(name);
                }
            } else if (entry instanceof Utf8Entry text && isDescriptor(text.stringValue())) {
                addDescriptorTypes(text.stringValue(), types);
            }
        }
        types.removeIf(type -> type.endsWith("module-info"));
        return types;
    }

    private static boolean isDescriptor(String text) {
        return text.startsWith("(") || (text.startsWith("L") && text.endsWith(";")) || text.startsWith("[");
    }

    private static void addDescriptorTypes(String descriptor, Set<String> types) {
        Matcher matcher = DESCRIPTOR_TYPE.matcher(descriptor);
        while (matcher.find()) {
            types.add(matcher.group(1));
        }
    }
}
