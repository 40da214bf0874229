package dev.elbo.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What the runtime lets others use is what `runtime/api.txt` lists: one line for each type, method and field that is
/// public or protected in an exported package, read from the class files; but for what every object has.
///
/// Others build on it ([ConsumerTest] is one of them), so a difference is a decision: it is made by committing the new
/// list.
class PublicSurfaceTest {
    private static final String RUNTIME = "dev.elbo.runtime.";
    private static final Path LIST = House.ROOT.resolve("runtime/api.txt");
    private static final Set<String> EVERYWHERE =
            Set.of("equals(java.lang.Object): boolean", "hashCode(): int", "toString(): java.lang.String");
    private static final Path FOUND = House.ROOT.resolve("ci/checks/target/api.txt");

    @Test
    void theRuntimeOffersWhatItsListSays() throws IOException {
        Set<String> offered = surface(House.ROOT.resolve("runtime/target/classes"));
        Files.writeString(FOUND, String.join("\n", offered) + "\n");
        Set<String> listed = new TreeSet<>(Files.readAllLines(LIST));
        List<String> differences = new ArrayList<>();
        listed.stream().filter(line -> !offered.contains(line)).forEach(line -> differences.add("- " + line));
        offered.stream().filter(line -> !listed.contains(line)).forEach(line -> differences.add("+ " + line));
        assertTrue(
                differences.isEmpty(),
                () -> "the public surface of runtime has changed:\n" + String.join("\n", differences)
                        + "\nIf others may rely on it from now on: cp ci/checks/target/api.txt runtime/api.txt,"
                        + " and commit it with the change.");
    }

    /// The reader itself: private and package-private members are not listed, nested types are.
    @Test
    void onlyWhatOthersSeeIsListed() {
        Path classes = House.ROOT.resolve("ci/checks/target/test-classes");
        Set<String> lines = new TreeSet<>();
        describe(read(classes.resolve("dev/elbo/checks/PublicSurfaceTest$Sample.class")), lines);
        assertEquals(
                Set.of(
                        "dev.elbo.checks.PublicSurfaceTest$Sample: final class",
                        "dev.elbo.checks.PublicSurfaceTest$Sample.LIMIT: static int",
                        "dev.elbo.checks.PublicSurfaceTest$Sample.twice(int, java.lang.String[]): static long",
                        "dev.elbo.checks.PublicSurfaceTest$Sample.new(int)"),
                lines);
    }

    /// Something to list.
    @SuppressWarnings("unused")
    public static final class Sample {
        /// Listed.
        public static final int LIMIT = 7;

        private final int hidden;

        /// Listed.
        public Sample(int hidden) {
            this.hidden = hidden;
        }

        /// Listed.
        public static long twice(int x, String... names) {
            return 2L * x;
        }

        int seenHere() {
            return hidden;
        }
    }

    private static Set<String> surface(Path classes) throws IOException {
        Set<String> exported = exported(classes);
        Set<String> lines = new TreeSet<>();
        for (String name : exported) {
            try (Stream<Path> files = Files.list(classes.resolve(name.replace('.', '/')))) {
                files.filter(file -> file.toString().endsWith(".class"))
                        .filter(file -> visible(file))
                        .forEach(file -> describe(read(file), lines));
            }
        }
        return lines;
    }

    private static Set<String> exported(Path classes) {
        ModuleAttribute module = read(classes.resolve("module-info.class"))
                .findAttribute(Attributes.module())
                .orElseThrow();
        return module.exports().stream()
                .filter(export -> export.exportsTo().isEmpty())
                .map(export -> export.exportedPackage().name().stringValue().replace('/', '.'))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /// A nested type is seen if all around it are.
    private static boolean visible(Path file) {
        String name = file.getFileName().toString();
        for (int dollar = name.indexOf('$'); dollar >= 0; dollar = name.indexOf('$', dollar + 1)) {
            if (!shown(read(file.resolveSibling(name.substring(0, dollar) + ".class"))
                    .flags()
                    .flags())) {
                return false;
            }
        }
        return !name.equals("package-info.class") && shown(read(file).flags().flags());
    }

    private static void describe(ClassModel type, Set<String> lines) {
        String name = plain(type.thisClass().asSymbol());
        lines.add(name + ": " + kind(type));
        for (FieldModel field : type.fields()) {
            if (shown(field.flags().flags())) {
                lines.add(name + "." + field.fieldName().stringValue() + ": "
                        + fixed(field.flags().flags()) + plain(field.fieldTypeSymbol()));
            }
        }
        for (MethodModel method : type.methods()) {
            Set<AccessFlag> flags = method.flags().flags();
            String line = describe(method);
            if (shown(flags) && !flags.contains(AccessFlag.SYNTHETIC) && !EVERYWHERE.contains(line)) {
                lines.add(name + "." + line);
            }
        }
    }

    private static String describe(MethodModel method) {
        MethodTypeDesc type = method.methodTypeSymbol();
        String parameters =
                type.parameterList().stream().map(PublicSurfaceTest::plain).collect(Collectors.joining(", "));
        String name = method.methodName().stringValue();
        return name.equals("<init>")
                ? "new(" + parameters + ")"
                : name + "(" + parameters + "): " + fixed(method.flags().flags()) + plain(type.returnType());
    }

    private static String kind(ClassModel type) {
        Set<AccessFlag> flags = type.flags().flags();
        String above = type.superclass().map(each -> each.asInternalName()).orElse("");
        String kind = flags.contains(AccessFlag.INTERFACE)
                ? "interface"
                : above.equals("java/lang/Record")
                        ? "record"
                        : flags.contains(AccessFlag.ENUM) || above.equals("java/lang/Enum") ? "enum" : "class";
        boolean closed = type.findAttribute(Attributes.permittedSubclasses()).isPresent();
        boolean last = flags.contains(AccessFlag.FINAL) && kind.equals("class");
        return (closed ? "sealed " : last ? "final " : "") + kind;
    }

    private static String fixed(Set<AccessFlag> flags) {
        return flags.contains(AccessFlag.STATIC) ? "static " : "";
    }

    private static boolean shown(Set<AccessFlag> flags) {
        return flags.contains(AccessFlag.PUBLIC) || flags.contains(AccessFlag.PROTECTED);
    }

    /// Without the package of the runtime, which would stand on every line several times.
    private static String plain(ClassDesc type) {
        if (type.isArray()) {
            return plain(type.componentType()) + "[]";
        }
        String name = type.isPrimitive()
                ? type.displayName()
                : type.descriptorString().replace('/', '.');
        String whole = type.isPrimitive() ? name : name.substring(1, name.length() - 1);
        return whole.startsWith(RUNTIME) ? whole.substring(RUNTIME.length()) : whole;
    }

    private static ClassModel read(Path file) {
        try {
            return ClassFile.of().parse(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
