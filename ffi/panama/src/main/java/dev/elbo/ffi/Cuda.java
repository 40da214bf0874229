package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The CUDA driver: its version, its devices, its errors.
///
/// Loads on any machine; without `libcuda.so.1` each call throws a [NativeException] that lists the places tried.
public final class Cuda {
    static final NativeLibrary LIBRARY = CudaLibraries.driverOfProcess();

    static final int SUCCESS = 0;
    static final int NOT_READY = 600;

    private static final int NAME_BYTES = 256;
    private static final String UNKNOWN = "unknown CUDA status";

    // CUresult cuInit(unsigned int Flags)
    private static final MethodHandle cuInit = LIBRARY.bind("cuInit", of(JAVA_INT, JAVA_INT));

    // CUresult cuDriverGetVersion(int* driverVersion)
    private static final MethodHandle cuDriverGetVersion = LIBRARY.bind("cuDriverGetVersion", of(JAVA_INT, ADDRESS));

    // CUresult cuGetErrorName(CUresult error, const char** pStr)
    private static final MethodHandle cuGetErrorName = LIBRARY.bind("cuGetErrorName", of(JAVA_INT, JAVA_INT, ADDRESS));

    // CUresult cuDeviceGetCount(int* count)
    private static final MethodHandle cuDeviceGetCount = LIBRARY.bind("cuDeviceGetCount", of(JAVA_INT, ADDRESS));

    // CUresult cuDeviceGet(CUdevice* device, int ordinal)
    private static final MethodHandle cuDeviceGet = LIBRARY.bind("cuDeviceGet", of(JAVA_INT, ADDRESS, JAVA_INT));

    // CUresult cuDeviceGetName(char* name, int len, CUdevice dev)
    private static final MethodHandle cuDeviceGetName =
            LIBRARY.bind("cuDeviceGetName", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

    // CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice dev)
    private static final MethodHandle cuDeviceTotalMem =
            LIBRARY.bind("cuDeviceTotalMem_v2", of(JAVA_INT, ADDRESS, JAVA_INT));

    // CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, CUdevice dev)
    private static final MethodHandle cuDeviceGetAttribute =
            LIBRARY.bind("cuDeviceGetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

    private Cuda() {}

    /// The driver's library, present or not.
    public static NativeLibrary library() {
        return LIBRARY;
    }

    /// Starts the driver. Needed once before all else; more often does no harm.
    public static void init() {
        int status;
        try {
            status = (int) cuInit.invokeExact(0);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuInit", status, "");
        }
    }

    /// The newest CUDA the driver runs.
    public static Version driverVersion() {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuDriverGetVersion.invokeExact(out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuDriverGetVersion", status, "");
        }
        return Version.ofCuda(Scratch.firstInt(out));
    }

    /// How many GPUs the driver shows.
    public static int deviceCount() {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuDeviceGetCount.invokeExact(out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuDeviceGetCount", status, "");
        }
        return Scratch.firstInt(out);
    }

    /// The `CUdevice` of a GPU, from its number counted from 0.
    public static int device(int ordinal) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuDeviceGet.invokeExact(out, ordinal);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuDeviceGet", status, "ordinal=" + ordinal);
        }
        return Scratch.firstInt(out);
    }

    /// The name of a GPU, such as `NVIDIA H200`.
    public static String deviceName(int device) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment name = frame.allocate(NAME_BYTES);
            int status;
            try {
                status = (int) cuDeviceGetName.invokeExact(name, NAME_BYTES, device);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (status != SUCCESS) {
                throw failure("cuDeviceGetName", status, "device=" + device);
            }
            return name.getString(0);
        }
    }

    /// The memory of a GPU, bytes.
    public static long deviceBytes(int device) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuDeviceTotalMem.invokeExact(out, device);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuDeviceTotalMem_v2", status, "device=" + device);
        }
        return Scratch.firstLong(out);
    }

    /// What a GPU says of itself.
    public static int attribute(DeviceAttribute attribute, int device) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuDeviceGetAttribute.invokeExact(out, attribute.code, device);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuDeviceGetAttribute", status, "attribute=" + attribute + ", device=" + device);
        }
        return Scratch.firstInt(out);
    }

    /// The compute capability of a GPU, 9.0 for an H200.
    public static Version capability(int device) {
        return new Version(
                attribute(DeviceAttribute.CAPABILITY_MAJOR, device),
                attribute(DeviceAttribute.CAPABILITY_MINOR, device),
                0);
    }

    /// The driver's name of a status, such as `CUDA_ERROR_OUT_OF_MEMORY`.
    static String errorName(int status) {
        if (!LIBRARY.has("cuGetErrorName")) {
            // A failure is reported even by a driver that cannot name it.
            return UNKNOWN;
        }
        MemorySegment out = Scratch.words();
        int answer;
        try {
            answer = (int) cuGetErrorName.invokeExact(status, out);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        // CUDA_ERROR_INVALID_VALUE and a null pointer: the driver does not know the status either.
        MemorySegment name = Scratch.firstHandle(out);
        return answer == SUCCESS && name.address() != 0
                ? name.reinterpret(Long.MAX_VALUE).getString(0)
                : UNKNOWN;
    }

    /// The exception for a driver call that failed. Made only then, so that no call builds text in vain.
    static NativeException failure(String function, int status, String arguments) {
        return new NativeException(function, status, errorName(status), arguments);
    }
}
