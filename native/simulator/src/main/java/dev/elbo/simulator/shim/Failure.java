package dev.elbo.simulator.shim;

/// A call that ends with a status other than success, as the real library would answer, and why.
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /// @param status what the C caller gets
    /// @param reason what the real library does not say
    public Failure(int status, String reason) {
        super(reason);
        this.status = status;
    }

    /// What the C caller gets.
    public int status() {
        return status;
    }
}
