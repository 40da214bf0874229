package dev.elbo.simulator.shim;

/// What happens around every call from C.
public interface Calls {
    /// Before the call, on the caller's thread.
    ///
    /// @return 0 to go on, else the status to return instead
    int enter(CLibrary library, CFunction function);

    /// The call ended with a status, and this is why.
    void failed(CFunction function, Object[] arguments, Failure failure);

    /// The simulation itself went wrong. An exception that left an upcall would end the JVM, so it is kept here.
    void broken(CFunction function, Object[] arguments, Throwable cause);

    /// A symbol was called that is only there to be linked against.
    void unsupported(CLibrary library, String symbol);

    /// After the call, however it ended.
    void leave();
}
