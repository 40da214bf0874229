package dev.elbo.ffi;

import static dev.elbo.ffi.Cuda.LIBRARY;
import static dev.elbo.ffi.Cuda.SUCCESS;
import static dev.elbo.ffi.Cuda.failure;
import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Modules, kernels, launches and occupancy. See [CudaModule] and [CudaFunction].
final class CudaModules {
    // CUresult cuModuleLoadDataEx(CUmodule*, const void* image, unsigned n, CUjit_option*, void** optionValues)
    private static final MethodHandle cuModuleLoadDataEx =
            LIBRARY.bind("cuModuleLoadDataEx", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));

    // CUresult cuModuleUnload(CUmodule hmod)
    private static final MethodHandle cuModuleUnload = LIBRARY.bind("cuModuleUnload", of(JAVA_INT, ADDRESS));

    // CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, const char* name)
    private static final MethodHandle cuModuleGetFunction =
            LIBRARY.bind("cuModuleGetFunction", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));

    // CUresult cuModuleGetGlobal_v2(CUdeviceptr* dptr, size_t* bytes, CUmodule hmod, const char* name)
    private static final MethodHandle cuModuleGetGlobal_v2 =
            LIBRARY.bind("cuModuleGetGlobal_v2", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc)
    private static final MethodHandle cuFuncGetAttribute =
            LIBRARY.bind("cuFuncGetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));

    // CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value)
    private static final MethodHandle cuFuncSetAttribute =
            LIBRARY.bind("cuFuncSetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));

    // CUresult cuLaunchKernel(CUfunction f, unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ,
    //                         unsigned sharedMemBytes, CUstream hStream, void** kernelParams, void** extra)
    private static final MethodHandle cuLaunchKernel = LIBRARY.bind(
            "cuLaunchKernel",
            of(
                    JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS,
                    ADDRESS, ADDRESS));

    // CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra)
    private static final MethodHandle cuLaunchKernelEx =
            LIBRARY.bind("cuLaunchKernelEx", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS));

    // CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* numBlocks, CUfunction func, int blockSize,
    //                                                      size_t dynamicSMemSize)
    private static final MethodHandle cuOccupancyMaxActiveBlocksPerMultiprocessor = LIBRARY.bind(
            "cuOccupancyMaxActiveBlocksPerMultiprocessor", of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG));

    // CUresult cuOccupancyMaxActiveClusters(int* numClusters, CUfunction func, const CUlaunchConfig* config)
    private static final MethodHandle cuOccupancyMaxActiveClusters =
            LIBRARY.bind("cuOccupancyMaxActiveClusters", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));

    // CUjit_option
    private static final int INFO_LOG_BUFFER = 3;
    private static final int INFO_LOG_BYTES = 4;
    private static final int ERROR_LOG_BUFFER = 5;
    private static final int ERROR_LOG_BYTES = 6;
    private static final int LOG_BYTES = 8192;

    // CUlaunchAttributeID
    private static final int COOPERATIVE = 2;
    private static final int CLUSTER_DIMENSION = 4;
    private static final int PROGRAMMATIC_STREAM_SERIALIZATION = 6;
    private static final long CONFIG_BYTES = 56;
    private static final long ATTRIBUTE_BYTES = 72;

    private CudaModules() {}

    /// Loads PTX, which the driver compiles, or machine code.
    ///
    /// @param image ends in a zero byte if it is PTX; borrowed
    /// @param name  for messages
    /// @param owner unloads the module when it closes
    /// @throws NativeException with the compiler's own words when it refuses the image
    static MemorySegment moduleLoadDataEx(MemorySegment image, String name, Arena owner) {
        MemorySegment out = Scratch.words();
        int status;
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment info = frame.allocate(LOG_BYTES);
            MemorySegment errors = frame.allocate(LOG_BYTES);
            MemorySegment options =
                    frame.allocateFrom(JAVA_INT, INFO_LOG_BUFFER, INFO_LOG_BYTES, ERROR_LOG_BUFFER, ERROR_LOG_BYTES);
            // The values lie in the places of the pointers.
            MemorySegment values =
                    frame.allocateFrom(JAVA_LONG, info.address(), LOG_BYTES, errors.address(), LOG_BYTES);
            try {
                status = (int) cuModuleLoadDataEx.invokeExact(out, image, 4, options, values);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (status != SUCCESS) {
                String arguments = "name=" + name + log("errors", errors) + log("info", info);
                throw failure("cuModuleLoadDataEx", status, arguments);
            }
        }
        return Owned.by(owner, Scratch.firstHandle(out), CudaModules::moduleUnload);
    }

    private static String log(String name, MemorySegment text) {
        String log = text.getString(0).strip();
        return log.isEmpty() ? "" : ", " + name + "=" + log;
    }

    /// Unloads a module.
    static void moduleUnload(MemorySegment module) {
        int status;
        try {
            status = (int) cuModuleUnload.invokeExact(module);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuModuleUnload", status, "");
        }
    }

    /// The kernel `name` of a module.
    static MemorySegment moduleGetFunction(MemorySegment module, String name) {
        MemorySegment out = Scratch.words();
        int status;
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment text = frame.allocateFrom(name);
            try {
                status = (int) cuModuleGetFunction.invokeExact(out, module, text);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
        }
        if (status != SUCCESS) {
            throw failure("cuModuleGetFunction", status, "name=" + name);
        }
        return Scratch.firstHandle(out);
    }

    /// The variable `name` of a module.
    ///
    /// @return where it lies, of the length the module declares
    static MemorySegment moduleGetGlobal(MemorySegment module, String name) {
        MemorySegment out = Scratch.words();
        int status;
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment text = frame.allocateFrom(name);
            try {
                status = (int) cuModuleGetGlobal_v2.invokeExact(out, out.asSlice(ADDRESS.byteSize()), module, text);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
        }
        if (status != SUCCESS) {
            throw failure("cuModuleGetGlobal_v2", status, "name=" + name);
        }
        return Scratch.firstHandle(out).reinterpret(out.getAtIndex(JAVA_LONG, 1));
    }

    /// What the driver says of a kernel.
    static int funcGetAttribute(MemorySegment function, String name, FunctionAttribute attribute) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int) cuFuncGetAttribute.invokeExact(out, attribute.code, function);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuFuncGetAttribute", status, "kernel=" + name + ", attribute=" + attribute);
        }
        return Scratch.firstInt(out);
    }

    /// Sets an attribute of a kernel.
    static void funcSetAttribute(MemorySegment function, String name, FunctionAttribute attribute, int value) {
        int status;
        try {
            status = (int) cuFuncSetAttribute.invokeExact(function, attribute.code, value);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure(
                    "cuFuncSetAttribute", status, "kernel=" + name + ", attribute=" + attribute + ", value=" + value);
        }
    }

    /// Launches a kernel.
    ///
    /// @param parameters packed arguments; copied before this returns
    static void launchKernel(
            MemorySegment function, String name, LaunchShape shape, LaunchBlock parameters, MemorySegment stream) {
        int status;
        try {
            status = (int) cuLaunchKernel.invokeExact(
                    function,
                    shape.gridX(),
                    shape.gridY(),
                    shape.gridZ(),
                    shape.blockX(),
                    shape.blockY(),
                    shape.blockZ(),
                    shape.sharedBytes(),
                    stream,
                    MemorySegment.NULL,
                    parameters.extra());
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure(
                    "cuLaunchKernel",
                    status,
                    "kernel=" + name + ", " + shape + ", parameterBytes=" + parameters.size());
        }
    }

    /// Launches a kernel with what [LaunchShape] asks beyond grid, block and shared memory.
    static void launchKernelEx(
            MemorySegment function, String name, LaunchShape shape, LaunchBlock parameters, MemorySegment stream) {
        MemorySegment config = config(shape, DevicePointer.address(stream));
        int status;
        try {
            status = (int) cuLaunchKernelEx.invokeExact(config, function, MemorySegment.NULL, parameters.extra());
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure(
                    "cuLaunchKernelEx",
                    status,
                    "kernel=" + name + ", " + shape + ", parameterBytes=" + parameters.size());
        }
    }

    // struct CUlaunchConfig    { unsigned grid[3], block[3], sharedMemBytes; CUstream hStream @32;
    //                            CUlaunchAttribute* attrs @40; unsigned numAttrs @48; }     56 bytes
    // struct CUlaunchAttribute { int id; union { unsigned clusterDim[3]; int flag; } @8; }  72 bytes
    private static MemorySegment config(LaunchShape shape, long stream) {
        MemorySegment config = Scratch.words();
        config.fill((byte) 0);
        config.setAtIndex(JAVA_INT, 0, shape.gridX());
        config.setAtIndex(JAVA_INT, 1, shape.gridY());
        config.setAtIndex(JAVA_INT, 2, shape.gridZ());
        config.setAtIndex(JAVA_INT, 3, shape.blockX());
        config.setAtIndex(JAVA_INT, 4, shape.blockY());
        config.setAtIndex(JAVA_INT, 5, shape.blockZ());
        config.setAtIndex(JAVA_INT, 6, shape.sharedBytes());
        config.set(JAVA_LONG, 32, stream);
        config.set(JAVA_LONG, 40, config.address() + CONFIG_BYTES);
        int attributes = 0;
        if (shape.cooperative()) {
            attributes = attribute(config, attributes, COOPERATIVE, 1);
        }
        if (shape.cluster() > 1) {
            attributes = attribute(config, attributes, CLUSTER_DIMENSION, shape.cluster(), 1, 1);
        }
        if (shape.programmatic()) {
            attributes = attribute(config, attributes, PROGRAMMATIC_STREAM_SERIALIZATION, 1);
        }
        config.set(JAVA_INT, 48, attributes);
        return config;
    }

    private static int attribute(MemorySegment config, int index, int id, int... value) {
        long at = CONFIG_BYTES + index * ATTRIBUTE_BYTES;
        config.set(JAVA_INT, at, id);
        for (int i = 0; i < value.length; i++) {
            config.set(JAVA_INT, at + 8 + i * JAVA_INT.byteSize(), value[i]);
        }
        return index + 1;
    }

    /// How many blocks of a kernel one multiprocessor holds at a time.
    static int occupancyMaxActiveBlocksPerMultiprocessor(
            MemorySegment function, String name, int blockSize, long sharedBytes) {
        MemorySegment out = Scratch.words();
        int status;
        try {
            status = (int)
                    cuOccupancyMaxActiveBlocksPerMultiprocessor.invokeExact(out, function, blockSize, sharedBytes);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure(
                    "cuOccupancyMaxActiveBlocksPerMultiprocessor",
                    status,
                    "kernel=" + name + ", blockSize=" + blockSize + ", sharedBytes=" + sharedBytes);
        }
        return Scratch.firstInt(out);
    }

    /// How many clusters of a launch the device holds at a time.
    static int occupancyMaxActiveClusters(MemorySegment function, String name, LaunchShape shape) {
        MemorySegment config = config(shape, 0);
        MemorySegment out = config.asSlice(CONFIG_BYTES + 3 * ATTRIBUTE_BYTES);
        int status;
        try {
            status = (int) cuOccupancyMaxActiveClusters.invokeExact(out, function, config);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != SUCCESS) {
            throw failure("cuOccupancyMaxActiveClusters", status, "kernel=" + name + ", " + shape);
        }
        return Scratch.firstInt(out);
    }
}
