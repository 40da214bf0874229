package dev.elbo.cli;

/// The device that was asked for is not available: exit code 4.
final class NoDeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoDeviceException(String message) {
        super(message);
    }
}
