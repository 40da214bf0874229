package dev.elbo.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// A shared library and its symbols.
///
/// Absence is a value: a library that was not found binds every symbol to a handle that throws when it is called, so
/// classes load and handles stay `static final` on a machine without the library, and no caller checks for null.
/// A library, once loaded, stays for the life of the process.
public final class NativeLibrary {
    /// One try at opening the library.
    ///
    /// @param place   why this file was tried: `property elbo.library.cuda`, `loader`, `conda`
    /// @param file    file name or path as it was handed to the loader; empty when the place offers nothing to try
    /// @param outcome `loaded`, or what went wrong
    public record Attempt(String place, String file, String outcome) {
        static final String LOADED = "loaded";
        static final String LOADER = "loader";
        static final String NO_FILE = "no such file";
        // What glibc says of a name that it finds nowhere; of a dependency it says so with the dependency's name.
        private static final String NOT_FOUND = "cannot open shared object file: No such file or directory";
        private static final String PROPERTY = "property ";
        private static final String ENVIRONMENT = "environment ";

        static Attempt nothing(String place, String why) {
            return new Attempt(place, "", why);
        }

        /// Whether this try found the library.
        public boolean loaded() {
            return outcome.equals(LOADED);
        }

        /// Whether this failure is news: a file named by hand, or one that is there and cannot be loaded.
        boolean telling() {
            boolean byHand = place.startsWith(PROPERTY) || place.startsWith(ENVIRONMENT);
            boolean nowhere = outcome.equals(NO_FILE) || outcome.equals(NOT_FOUND);
            return !file.isEmpty() && !loaded() && (byHand || !nowhere);
        }

        @Override
        public String toString() {
            return place + (file.isEmpty() ? "" : " " + file) + ": " + outcome;
        }
    }

    private static final Linker LINKER = Linker.nativeLinker();

    private final String name;
    private final Optional<SymbolLookup> symbols;
    private final String file;
    private final Version version;
    private final String refusal;
    private final List<Attempt> attempts;

    private NativeLibrary(
            String name,
            Optional<SymbolLookup> symbols,
            String file,
            Version version,
            String refusal,
            List<Attempt> attempts) {
        this.name = name;
        this.symbols = symbols;
        this.file = file;
        this.version = version;
        this.refusal = refusal;
        this.attempts = List.copyOf(attempts);
    }

    /// Looks for a library in every place Elbo knows. Never throws.
    ///
    /// A file named by `-Delbo.library.<name>` or `ELBO_LIBRARY_<NAME>` is used or nothing is: falling back to
    /// another file would hide the mistake of whoever named it.
    ///
    /// @param name    Elbo's name of the library: `cuda`, `cublas`, `cudnn`, …
    /// @param sonames file names, the preferred one first
    public static NativeLibrary find(String name, String... sonames) {
        return find(name, Places.ofProcess(), List.of(sonames));
    }

    static NativeLibrary find(String name, Places places, List<String> sonames) {
        List<Attempt> attempts = new ArrayList<>();
        return byHand(name, places, attempts)
                .or(() -> byLoader(name, places, sonames, attempts))
                .or(() -> inFolders(name, places, sonames, attempts))
                .orElseGet(() -> absent(name, attempts));
    }

    /// The file named by hand, present or absent; empty when none was named.
    private static Optional<NativeLibrary> byHand(String name, Places places, List<Attempt> attempts) {
        String property = "elbo.library." + name;
        String variable = "ELBO_LIBRARY_" + name.toUpperCase(Locale.ROOT);
        for (Named named : List.of(
                new Named(Attempt.PROPERTY + property, places.property().apply(property)),
                new Named(Attempt.ENVIRONMENT + variable, places.variable().apply(variable)))) {
            if (named.file != null) {
                return open(name, named.place, named.file, attempts).or(() -> Optional.of(absent(name, attempts)));
            }
            attempts.add(Attempt.nothing(named.place, "not set"));
        }
        return Optional.empty();
    }

    private record Named(String place, String file) {}

    private static Optional<NativeLibrary> byLoader(
            String name, Places places, List<String> sonames, List<Attempt> attempts) {
        return places.loader()
                ? sonames.stream()
                        .flatMap(soname -> open(name, Attempt.LOADER, soname, attempts).stream())
                        .findFirst()
                : Optional.empty();
    }

    private static Optional<NativeLibrary> inFolders(
            String name, Places places, List<String> sonames, List<Attempt> attempts) {
        for (Places.Folder folder : places.folders()) {
            if (!Files.isDirectory(folder.path())) {
                attempts.add(Attempt.nothing(folder.origin(), "no such folder: " + folder.path()));
                continue;
            }
            for (String soname : sonames) {
                Path path = folder.path().resolve(soname);
                if (Files.exists(path)) {
                    Optional<NativeLibrary> found = open(name, folder.origin(), path.toString(), attempts);
                    if (found.isPresent()) {
                        return found;
                    }
                } else {
                    attempts.add(new Attempt(folder.origin(), path.toString(), Attempt.NO_FILE));
                }
            }
        }
        return Optional.empty();
    }

    /// Opens one file. Never throws.
    ///
    /// @param name  Elbo's name of the library
    /// @param place where the file comes from, for messages
    /// @param file  the shared library
    public static NativeLibrary at(String name, String place, Path file) {
        List<Attempt> attempts = new ArrayList<>();
        return open(name, place, file.toString(), attempts).orElseGet(() -> absent(name, attempts));
    }

    private static Optional<NativeLibrary> open(String name, String place, String file, List<Attempt> attempts) {
        SymbolLookup lookup;
        try {
            lookup = SymbolLookup.libraryLookup(file, Arena.global());
        } catch (IllegalArgumentException cannotOpen) {
            attempts.add(new Attempt(place, file, Loader.whyNot(file)));
            return Optional.empty();
        }
        attempts.add(new Attempt(place, file, Attempt.LOADED));
        String path = Loader.pathOf(file).orElse(file);
        return Optional.of(new NativeLibrary(name, Optional.of(lookup), path, Version.UNKNOWN, "", attempts));
    }

    private static NativeLibrary absent(String name, List<Attempt> attempts) {
        return new NativeLibrary(name, Optional.empty(), "", Version.UNKNOWN, "", attempts);
    }

    /// This library with the version it stated.
    public NativeLibrary version(Version stated) {
        return new NativeLibrary(name, symbols, file, stated, refusal, attempts);
    }

    /// This library with a try that was made before its own.
    public NativeLibrary after(Attempt earlier) {
        List<Attempt> all = new ArrayList<>(List.of(earlier));
        all.addAll(attempts);
        return new NativeLibrary(name, symbols, file, version, refusal, all);
    }

    /// This library as an absent one: it was found, and must not be used.
    ///
    /// @param why the reason callers will read
    public NativeLibrary refused(String why) {
        return new NativeLibrary(name, Optional.empty(), file, version, why, attempts);
    }

    /// Whether the library was found and must not be used.
    boolean refused() {
        return !refusal.isEmpty();
    }

    /// Elbo's name of the library.
    public String name() {
        return name;
    }

    /// Whether the library is loaded.
    public boolean present() {
        return symbols.isPresent();
    }

    /// The file that was loaded, its full path where the loader tells; empty when none was.
    public String file() {
        return file;
    }

    /// The version the library states, or [Version#UNKNOWN].
    public Version version() {
        return version;
    }

    /// Every try, in order.
    public List<Attempt> attempts() {
        return attempts;
    }

    /// Why the library is absent; empty when it is present.
    public String reason() {
        if (present()) {
            return "";
        }
        return refusal.isEmpty()
                ? attempts.stream()
                        .filter(attempt -> !attempt.file.isEmpty())
                        .map(Attempt::toString)
                        .collect(Collectors.joining(", ", "tried [", "]"))
                : refusal;
    }

    /// [#reason] in few words: `missing`, what kept a file that is there from being used, or why it was refused.
    public String shortReason() {
        if (present() || refused()) {
            return refusal;
        }
        String news = attempts.stream()
                .filter(Attempt::telling)
                .map(Attempt::toString)
                .collect(Collectors.joining(", "));
        return news.isEmpty() ? "missing" : "missing, " + news;
    }

    /// Whether the library is loaded and exports `symbol`.
    public boolean has(String symbol) {
        return address(symbol).isPresent();
    }

    private Optional<MemorySegment> address(String symbol) {
        return symbols.flatMap(lookup -> lookup.find(symbol));
    }

    /// A handle of the C function `symbol`.
    ///
    /// @return a handle of type `signature.toMethodType()`; when the symbol is missing, one of that same type that
    ///     throws [NativeException] each time it is called
    public MethodHandle bind(String symbol, FunctionDescriptor signature) {
        return address(symbol)
                .map(function -> LINKER.downcallHandle(function, signature))
                .orElseGet(() -> missing(symbol, signature));
    }

    /// A handle of the C function `symbol`, or of `older`, its name in earlier versions of the library.
    public MethodHandle bind(String symbol, String older, FunctionDescriptor signature) {
        return has(symbol) || !has(older) ? bind(symbol, signature) : bind(older, signature);
    }

    private MethodHandle missing(String symbol, FunctionDescriptor signature) {
        MethodType type = signature.toMethodType();
        MethodHandle raise = MethodHandles.throwException(type.returnType(), NativeException.class);
        MethodHandle fresh = MethodHandles.insertArguments(MISSING, 0, symbol, this);
        return MethodHandles.dropArguments(MethodHandles.foldArguments(raise, fresh), 0, type.parameterList());
    }

    /// `NativeException.missing`, called anew for each failure so that the stack trace is that of the caller.
    private static final MethodHandle MISSING = missingFactory();

    private static MethodHandle missingFactory() {
        try {
            return MethodHandles.lookup()
                    .findStatic(
                            NativeException.class,
                            "missing",
                            MethodType.methodType(NativeException.class, String.class, NativeLibrary.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @Override
    public String toString() {
        return present() ? name + " (" + file + ")" : name + ": absent; " + reason();
    }
}
