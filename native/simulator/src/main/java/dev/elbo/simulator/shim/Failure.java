package dev.elbo.simulator.shim;

/// A call that ends with a status other than success, as the real library would answer, and why.
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String library;
    private final int status;

    /// @param library whose status it is, as in [CLibrary#name()]
    /// @param status what the C caller gets
    /// @param reason what the real library does not say
    public Failure(String library, int status, String reason) {
        super(reason);
        this.library = library;
        this.status = status;
    }

    /// Whose status it is.
    public String library() {
        return library;
    }

    /// What the C caller gets.
    public int status() {
        return status;
    }
}
