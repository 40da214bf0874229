package dev.elbo.simulator.ptx;

/// PTX that the simulator cannot read or does not know; the message names what, the line, and the function.
public final class PtxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;

    /// @param what     what was wrong, form `what: detail`
    /// @param line     line of the PTX text, counted from 1
    /// @param function kernel or device function around it, or the empty string
    public PtxException(String what, int line, String function) {
        super(what + "; line=" + line + (function.isEmpty() ? "" : ", function=" + function));
        this.line = line;
    }

    /// Line of the PTX text, counted from 1.
    public int line() {
        return line;
    }
}
