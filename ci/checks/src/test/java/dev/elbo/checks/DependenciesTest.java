package dev.elbo.checks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/// What Elbo is made of besides its own code: `ci/dependencies.md` says all of it, with versions and licences.
class DependenciesTest {
    private static final Path LIST = House.ROOT.resolve("ci/dependencies.md");
    private static final String OURS = "dev.elbo";
    private static final Pattern ROW = Pattern.compile("\\| (\\S+:\\S+) \\| (\\S+) \\| ([^|]+) \\| ([^|]+) \\|");

    /// The packages of what others compile against, by `group:artifact`.
    private static final Map<String, String> PACKAGES = Map.of(
            "ai.djl.pytorch:pytorch-engine", "ai.djl",
            "com.code-intelligence:jazzer-junit", "com.code_intelligence.jazzer",
            "com.microsoft.onnxruntime:onnxruntime", "ai.onnxruntime",
            "info.picocli:picocli", "picocli",
            "org.jcuda:jcublas", "jcuda.jcublas",
            "org.jcuda:jcuda", "jcuda",
            "org.jcuda:jcudnn", "jcuda.jcudnn",
            "org.openjdk.jmh:jmh-core", "org.openjdk.jmh");

    /// Found by the name of a file; nobody imports it.
    private static final Set<String> NATIVE = Set.of("org.bytedeco:dnnl");

    /// Versions that the root manages, by `group:artifact`.
    private static final Map<String, String> MANAGED = new HashMap<>();

    /// Modules with their scopes, by `group:artifact`.
    private static final Map<String, Set<String>> USERS = new TreeMap<>();

    @BeforeAll
    static void readPoms() throws Exception {
        Document root = parse(House.ROOT.resolve("pom.xml"));
        Map<String, String> properties = new HashMap<>();
        for (Element element :
                children((Element) root.getElementsByTagName("properties").item(0))) {
            properties.put("${" + element.getTagName() + "}", element.getTextContent());
        }
        for (Path pom : House.walk(House.ROOT)) {
            if (!pom.endsWith("pom.xml") || pom.toString().contains("consumer")) {
                continue;
            }
            var dependencies = parse(pom).getElementsByTagName("dependency");
            for (int i = 0; i < dependencies.getLength(); i++) {
                Element dependency = (Element) dependencies.item(i);
                String name = text(dependency, "groupId") + ":" + text(dependency, "artifactId");
                String parent = ((Element) dependency.getParentNode().getParentNode()).getTagName();
                if (name.startsWith(OURS)) {
                    continue;
                }
                if (parent.equals("dependencyManagement")) {
                    MANAGED.put(name, resolved(dependency, properties));
                } else if (parent.equals("project")) {
                    Path folder = House.ROOT.relativize(pom.getParent());
                    if (name.startsWith("org.junit")) {
                        MANAGED.put(name, "bom:" + properties.get("${junit.version}"));
                    } else if (!text(dependency, "version").isEmpty()) {
                        MANAGED.put(name, resolved(dependency, properties));
                    }
                    String scope = text(dependency, "scope").isEmpty() ? "compile" : text(dependency, "scope");
                    USERS.computeIfAbsent(name, _ -> new TreeSet<>())
                            .add((folder.toString().isEmpty() ? "every module" : folder) + ": " + scope);
                }
            }
        }
        MANAGED.remove("org.junit:junit-bom");
    }

    @Test
    void theListSaysWhatTheBuildUses() throws IOException {
        Map<String, String> licences = new HashMap<>();
        Matcher rows = ROW.matcher(Files.readString(LIST));
        while (rows.find()) {
            licences.put(rows.group(1), rows.group(3));
        }
        List<String> wanted = new ArrayList<>();
        USERS.forEach((name, users) -> wanted.add("| %s | %s | %s | %s |"
                .formatted(
                        name,
                        MANAGED.getOrDefault(name, "unpinned"),
                        licences.getOrDefault(name, "licence?"),
                        String.join(", ", users))));
        List<String> listed = Files.readAllLines(LIST).stream()
                .filter(line -> ROW.matcher(line).matches())
                .toList();
        assertEquals(String.join("\n", wanted), String.join("\n", listed));
    }

    @Test
    void everyVersionThatIsManagedIsUsed() {
        Set<String> unused = new TreeSet<>(MANAGED.keySet());
        unused.removeAll(USERS.keySet());
        assertEquals(Set.of(), unused);
    }

    /// Where a module names a dependency to compile against, something there imports its classes.
    @Test
    void everyDependencyIsImportedWhereItIsNamed() throws IOException {
        Set<String> unused = new TreeSet<>();
        for (Map.Entry<String, Set<String>> users : USERS.entrySet()) {
            for (String user : users.getValue()) {
                Path module = House.ROOT.resolve(user.split(": ")[0]);
                boolean compiled = user.endsWith(": compile") || user.endsWith(": test");
                if (compiled && Files.isDirectory(module) && !NATIVE.contains(users.getKey())) {
                    String classes = "import " + PACKAGES.getOrDefault(users.getKey(), users.getKey()) + ".";
                    if (!imports(module.resolve("src"), classes)) {
                        unused.add(users.getKey() + " in " + user + ", " + classes);
                    }
                }
            }
        }
        assertEquals(Set.of(), unused);
    }

    private static boolean imports(Path sources, String classes) throws IOException {
        for (Path file : House.walk(sources)) {
            if (file.toString().endsWith(".java") && Files.readString(file).contains(classes)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void everyVersionIsPinned() {
        Set<String> floating = new TreeSet<>(USERS.keySet());
        floating.removeIf(name -> MANAGED.getOrDefault(name, "").matches("(bom:)?\\d[\\w.-]*"));
        assertEquals(Set.of(), floating);
    }

    private static Document parse(Path pom) throws Exception {
        return DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(pom.toFile());
    }

    private static String resolved(Element dependency, Map<String, String> properties) {
        String version = text(dependency, "version");
        for (Map.Entry<String, String> property : properties.entrySet()) {
            version = version.replace(property.getKey(), property.getValue());
        }
        return version;
    }

    private static List<Element> children(Element of) {
        List<Element> children = new ArrayList<>();
        for (Node node = of.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element) {
                children.add(element);
            }
        }
        return children;
    }

    private static String text(Element of, String name) {
        return children(of).stream()
                .filter(child -> child.getTagName().equals(name))
                .map(Element::getTextContent)
                .findFirst()
                .orElse("");
    }
}
