package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The graph interface of cuDNN: descriptors with numbered attributes, and one function that executes. Checked.
///
/// [BackendDescriptor] is how the rest of Elbo builds them.
final class CuDnnBackend {
    private static final NativeLibrary LIB = CuDnn.library();

    // cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t descriptorType,
    //     cudnnBackendDescriptor_t* descriptor)
    private static final MethodHandle cudnnBackendCreateDescriptor =
            LIB.bind("cudnnBackendCreateDescriptor", of(JAVA_INT, JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor)
    private static final MethodHandle cudnnBackendDestroyDescriptor =
            LIB.bind("cudnnBackendDestroyDescriptor", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
    //     cudnnBackendAttributeName_t attributeName, cudnnBackendAttributeType_t attributeType,
    //     int64_t elementCount, const void* arrayOfElements)
    private static final MethodHandle cudnnBackendSetAttribute =
            LIB.bind("cudnnBackendSetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));

    // cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor,
    //     cudnnBackendAttributeName_t attributeName, cudnnBackendAttributeType_t attributeType,
    //     int64_t requestedElementCount, int64_t* elementCount, void* arrayOfElements)
    private static final MethodHandle cudnnBackendGetAttribute = LIB.bind(
            "cudnnBackendGetAttribute", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS));

    // cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor)
    private static final MethodHandle cudnnBackendFinalize = LIB.bind("cudnnBackendFinalize", of(JAVA_INT, ADDRESS));

    // cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t executionPlan,
    //     cudnnBackendDescriptor_t variantPack)
    private static final MethodHandle cudnnBackendExecute =
            LIB.bind("cudnnBackendExecute", of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));

    private CuDnnBackend() {}

    /// @param type  `cudnnBackendDescriptorType_t`
    /// @param owner destroys the descriptor when it closes
    static MemorySegment createDescriptor(int type, Arena owner) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment out = frame.allocate(ADDRESS);
            int status;
            try {
                status = (int) cudnnBackendCreateDescriptor.invokeExact(type, out);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (status != 0) {
                throw CuDnn.failure(status, "cudnnBackendCreateDescriptor", "descriptorType=" + type);
            }
            return Owned.by(owner, out.get(ADDRESS, 0), CuDnnBackend::destroyDescriptor);
        }
    }

    private static void destroyDescriptor(MemorySegment descriptor) {
        int status;
        try {
            status = (int) cudnnBackendDestroyDescriptor.invokeExact(descriptor);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        CuDnn.check(status, "cudnnBackendDestroyDescriptor", "");
    }

    /// @param name     `cudnnBackendAttributeName_t`
    /// @param type     `cudnnBackendAttributeType_t`, which says how large an element is
    /// @param elements `count` of them, read during the call
    static void setAttribute(MemorySegment descriptor, int name, int type, long count, MemorySegment elements) {
        int status;
        try {
            status = (int) cudnnBackendSetAttribute.invokeExact(descriptor, name, type, count, elements);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw CuDnn.failure(
                    status,
                    "cudnnBackendSetAttribute",
                    "attributeName=" + name + ", attributeType=" + type + ", elementCount=" + count);
        }
    }

    /// @param requested room in `elements`; 0 asks for the number alone
    /// @param elements  overwritten
    /// @return how many elements the attribute has
    static long getAttribute(MemorySegment descriptor, int name, int type, long requested, MemorySegment elements) {
        try (Arena frame = Arena.ofConfined()) {
            MemorySegment count = frame.allocate(JAVA_LONG);
            int status;
            try {
                status = (int) cudnnBackendGetAttribute.invokeExact(descriptor, name, type, requested, count, elements);
            } catch (Throwable t) {
                throw NativeException.rethrow(t);
            }
            if (status != 0) {
                throw CuDnn.failure(
                        status,
                        "cudnnBackendGetAttribute",
                        "attributeName=" + name + ", attributeType=" + type + ", requestedElementCount=" + requested);
            }
            return count.get(JAVA_LONG, 0);
        }
    }

    /// Ends the construction of a descriptor.
    ///
    /// @param what names it in a message
    static void finish(MemorySegment descriptor, String what) {
        int status;
        try {
            status = (int) cudnnBackendFinalize.invokeExact(descriptor);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw CuDnn.failure(status, "cudnnBackendFinalize", "descriptor=" + what);
        }
    }

    /// Runs a finished plan on the handle's stream.
    static void execute(MemorySegment handle, MemorySegment plan, MemorySegment variantPack) {
        int status;
        try {
            status = (int) cudnnBackendExecute.invokeExact(handle, plan, variantPack);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        CuDnn.check(status, "cudnnBackendExecute", "");
    }
}
