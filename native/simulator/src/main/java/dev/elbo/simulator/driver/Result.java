package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Failure;

/// What a driver call answers, `CUresult`.
public enum Result {
    SUCCESS(0, "no error"),
    INVALID_VALUE(1, "invalid argument"),
    OUT_OF_MEMORY(2, "out of memory"),
    NOT_INITIALIZED(3, "initialization error"),
    DEINITIALIZED(4, "driver shutting down"),
    STUB_LIBRARY(34, "CUDA driver is a stub library"),
    NO_DEVICE(100, "no CUDA-capable device is detected"),
    INVALID_DEVICE(101, "invalid device ordinal"),
    INVALID_IMAGE(200, "device kernel image is invalid"),
    INVALID_CONTEXT(201, "invalid device context"),
    MAP_FAILED(205, "mapping of buffer object failed"),
    NO_BINARY_FOR_GPU(209, "no kernel image is available for execution on the device"),
    UNSUPPORTED_LIMIT(215, "limit is not supported on this architecture"),
    PEER_ACCESS_UNSUPPORTED(217, "peer access is not supported between these two devices"),
    INVALID_PTX(218, "a PTX JIT compilation failed"),
    JIT_COMPILER_NOT_FOUND(221, "PTX JIT compiler library not found"),
    UNSUPPORTED_PTX_VERSION(222, "the provided PTX was compiled with an unsupported toolchain."),
    INVALID_SOURCE(300, "device kernel image is invalid"),
    FILE_NOT_FOUND(301, "file not found"),
    SHARED_OBJECT_SYMBOL_NOT_FOUND(302, "shared object symbol not found"),
    OPERATING_SYSTEM(304, "OS call failed or operation not supported on this OS"),
    INVALID_HANDLE(400, "invalid resource handle"),
    ILLEGAL_STATE(401, "the operation cannot be performed in the present state"),
    NOT_FOUND(500, "named symbol not found"),
    NOT_READY(600, "device not ready"),
    ILLEGAL_ADDRESS(700, "an illegal memory access was encountered"),
    LAUNCH_OUT_OF_RESOURCES(701, "too many resources requested for launch"),
    LAUNCH_TIMEOUT(702, "the launch timed out and was terminated"),
    PRIMARY_CONTEXT_ACTIVE(708, "cannot set while device is active in this process"),
    CONTEXT_IS_DESTROYED(709, "context is destroyed"),
    ASSERT(710, "device-side assert triggered"),
    HOST_MEMORY_ALREADY_REGISTERED(712, "part or all of the requested memory range is already mapped"),
    HOST_MEMORY_NOT_REGISTERED(713, "pointer does not correspond to a registered memory region"),
    ILLEGAL_INSTRUCTION(715, "an illegal instruction was encountered"),
    MISALIGNED_ADDRESS(716, "misaligned address"),
    INVALID_ADDRESS_SPACE(717, "operation not supported on global/shared address space"),
    INVALID_PC(718, "invalid program counter"),
    LAUNCH_FAILED(719, "unspecified launch failure"),
    COOPERATIVE_LAUNCH_TOO_LARGE(720, "too many blocks in cooperative launch"),
    NOT_PERMITTED(800, "operation not permitted"),
    NOT_SUPPORTED(801, "operation not supported"),
    SYSTEM_DRIVER_MISMATCH(803, "system has unsupported display driver / cuda driver combination"),
    STREAM_CAPTURE_UNSUPPORTED(900, "operation not permitted when stream is capturing"),
    STREAM_CAPTURE_INVALIDATED(901, "operation failed due to a previous error during capture"),
    STREAM_CAPTURE_MERGE(902, "operation would result in a merge of separate capture sequences"),
    STREAM_CAPTURE_UNMATCHED(903, "capture was not ended in the same stream as it began"),
    STREAM_CAPTURE_UNJOINED(904, "capturing stream has unjoined work"),
    STREAM_CAPTURE_ISOLATION(905, "dependency created on uncaptured work in another stream"),
    STREAM_CAPTURE_IMPLICIT(906, "operation would make the legacy stream depend on a capturing blocking stream"),
    CAPTURED_EVENT(907, "operation not permitted on an event last recorded in a capturing stream"),
    STREAM_CAPTURE_WRONG_THREAD(908, "attempt to terminate a thread-local capture sequence from another thread"),
    TIMEOUT(909, "wait operation timed out"),
    GRAPH_EXEC_UPDATE_FAILURE(910, "the graph update was not performed because of unsupported changes"),
    INVALID_CLUSTER_SIZE(912, "invalid cluster size"),
    UNKNOWN(999, "unknown error");

    private final int status;
    private final String meaning;

    Result(int status, String meaning) {
        this.status = status;
        this.meaning = meaning;
    }

    /// The number that the C caller gets.
    public int status() {
        return status;
    }

    /// What `cuGetErrorString` says.
    public String meaning() {
        return meaning;
    }

    /// What `cuGetErrorName` says.
    public String symbol() {
        return this == SUCCESS ? "CUDA_SUCCESS" : "CUDA_ERROR_" + name();
    }

    /// The failure of a call with this status.
    public Failure because(String reason) {
        return new Failure("cuda", status, reason);
    }

    /// The result of this number.
    ///
    /// @throws Failure INVALID_VALUE if no result has it
    public static Result of(int status) {
        for (Result result : values()) {
            if (result.status == status) return result;
        }
        throw INVALID_VALUE.because("no such error; status=" + status);
    }
}
