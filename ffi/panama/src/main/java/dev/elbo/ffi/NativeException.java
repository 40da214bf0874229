package dev.elbo.ffi;

/// A C function that could not be called or that returned a status other than success.
///
/// The message names the function, what it answered, and what it was asked:
/// `cuMemAllocAsync: CUDA_ERROR_OUT_OF_MEMORY (2); bytes=5000000`.
public final class NativeException extends RuntimeException {
    /// The [#status()] of a function that was never called, because its library or symbol is missing.
    public static final int MISSING = Integer.MIN_VALUE;

    private static final long serialVersionUID = 1;

    private final String function;
    private final int status;
    private final String statusName;
    private final String arguments;

    /// @param function   C name of the function
    /// @param status     what it returned
    /// @param statusName the library's own name of `status`
    /// @param arguments  the arguments worth reading, `name=value, name=value`; may be empty
    public NativeException(String function, int status, String statusName, String arguments) {
        this(function, status, statusName, statusName + " (" + status + ")", arguments);
    }

    private NativeException(String function, int status, String statusName, String what, String arguments) {
        super(function + ": " + what + (arguments.isEmpty() ? "" : "; " + arguments));
        this.function = function;
        this.status = status;
        this.statusName = statusName;
        this.arguments = arguments;
    }

    /// A function that `library` cannot offer: the library is absent, or has no such symbol.
    static NativeException missing(String function, NativeLibrary library) {
        return library.present()
                ? new NativeException(
                        function,
                        MISSING,
                        "SYMBOL_MISSING",
                        "symbol missing",
                        "library=" + library.name() + ", file=" + library.file())
                : new NativeException(
                        function,
                        MISSING,
                        "LIBRARY_MISSING",
                        library.refused() ? "library refused" : "library missing",
                        "library=" + library.name() + ", reason=" + library.reason());
    }

    /// C name of the function.
    public String function() {
        return function;
    }

    /// What the function returned, or [#MISSING].
    public int status() {
        return status;
    }

    /// The library's own name of [#status()], such as `CUDA_ERROR_OUT_OF_MEMORY`.
    public String statusName() {
        return statusName;
    }

    /// The arguments of the call, `name=value, name=value`.
    public String arguments() {
        return arguments;
    }

    /// What to throw for a `Throwable` that left `invokeExact`: itself.
    ///
    /// A C function throws nothing. What arrives here comes from the JDK before the call (an arena already
    /// closed, a thread that may not touch it, a handle of another type) or from a missing symbol, and says more
    /// than any wrapper:
    ///
    /// ```java
    /// try {
    ///     status = (int) cuStreamSynchronize.invokeExact(stream);
    /// } catch (Throwable t) {
    ///     throw NativeException.rethrow(t);
    /// }
    /// ```
    public static RuntimeException rethrow(Throwable t) {
        switch (t) {
            case Error error -> throw error;
            case RuntimeException unchecked -> {
                return unchecked;
            }
            default -> throw new AssertionError("a downcall threw a checked exception", t);
        }
    }
}
