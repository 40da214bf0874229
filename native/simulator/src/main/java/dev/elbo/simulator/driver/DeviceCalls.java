package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;

/// Initialisation, and what the devices are like.
final class DeviceCalls {
    private static final int MIB = 1 << 20;

    private final Driver driver;

    DeviceCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuInit(unsigned int Flags)
    @Exported
    void cuInit(int flags) {
        if (flags != 0) throw Result.INVALID_VALUE.because("flags=" + flags);
        if (driver.devices.isEmpty()) throw Result.NO_DEVICE.because("the configuration has no devices");
        driver.initialised = true;
    }

    // CUresult cuDriverGetVersion(int* driverVersion)
    @Exported
    void cuDriverGetVersion(long version) {
        Host.putInt(version, driver.configuration.driverVersion());
    }

    // CUresult cuDeviceGet(CUdevice* device, int ordinal)
    @Exported
    void cuDeviceGet(long device, int ordinal) {
        Host.putInt(device, driver.device(ordinal).ordinal);
    }

    // CUresult cuDeviceGetCount(int* count)
    @Exported
    void cuDeviceGetCount(long count) {
        driver.checkInitialised();
        Host.putInt(count, driver.devices.size());
    }

    // CUresult cuDeviceGetName(char* name, int len, CUdevice dev)
    @Exported
    void cuDeviceGetName(long name, int length, int device) {
        driver.device(device);
        Host.putString(name, length, driver.configuration.name());
    }

    // CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice dev)
    @Exported
    void cuDeviceGetUuid_v2(long uuid, int device) {
        Host.putLong(uuid, 0x454c_424f_5349_4d00L);
        Host.putLong(uuid + Long.BYTES, driver.device(device).ordinal);
    }

    // CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice dev)
    @Exported
    void cuDeviceGetUuid(long uuid, int device) {
        cuDeviceGetUuid_v2(uuid, device);
    }

    // CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice dev)
    @Exported
    void cuDeviceTotalMem_v2(long bytes, int device) {
        Host.putLong(bytes, driver.device(device).memory);
    }

    // CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice dev)
    @Exported
    void cuDeviceComputeCapability(long major, long minor, int device) {
        driver.device(device);
        Host.putInt(major, driver.configuration.computeCapability() / 10);
        Host.putInt(minor, driver.configuration.computeCapability() % 10);
    }

    // CUresult cuDeviceGetPCIBusId(char* pciBusId, int len, CUdevice dev)
    @Exported
    void cuDeviceGetPCIBusId(long id, int length, int device) {
        Host.putString(id, length, "0000:%02x:00.0".formatted(driver.device(device).ordinal + 1));
    }

    // CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, CUdevice dev)
    @Exported
    void cuDeviceGetAttribute(long value, int attribute, int device) {
        Host.putInt(value, attribute(attribute, driver.device(device)));
    }

    /// The numbers that follow from the architecture are those of NVIDIA's table of compute capabilities.
    private int attribute(int attribute, Device device) {
        Hardware hardware = Hardware.of(driver.configuration.computeCapability());
        return switch (attribute) {
            case 1 -> Hardware.THREADS_PER_BLOCK;
            case 2, 3 -> Hardware.THREADS_PER_BLOCK; // MAX_BLOCK_DIM_X, Y
            case 4 -> 64; // MAX_BLOCK_DIM_Z
            case 5 -> Integer.MAX_VALUE; // MAX_GRID_DIM_X
            case 6, 7 -> 65535; // MAX_GRID_DIM_Y, Z
            case 8 -> Hardware.SHARED_PER_BLOCK;
            case 9 -> 65536; // TOTAL_CONSTANT_MEMORY
            case 10 -> 32; // WARP_SIZE
            case 11 -> Integer.MAX_VALUE; // MAX_PITCH
            case 12, 82 -> Hardware.REGISTERS; // per block, per multiprocessor
            case 13 -> 1_000_000; // CLOCK_RATE, kHz
            case 14, 51 -> 512; // TEXTURE_ALIGNMENT, TEXTURE_PITCH_ALIGNMENT
            case 15, 31, 41, 78, 79, 80, 83, 90 -> 1; // what every GPU of the last years can do
            case 16 -> driver.configuration.multiprocessors();
            case 19, 99 -> 1; // CAN_MAP_HOST_MEMORY, HOST_REGISTER_SUPPORTED
            case 33 -> device.ordinal + 1; // PCI_BUS_ID
            case 36 -> 1_000_000; // MEMORY_CLOCK_RATE, kHz
            case 37 -> 256; // GLOBAL_MEMORY_BUS_WIDTH, bits
            case 38 -> 4 * MIB; // L2_CACHE_SIZE
            case 39 -> hardware.threadsPerMultiprocessor();
            case 40 -> 2; // ASYNC_ENGINE_COUNT
            case 75 -> driver.configuration.computeCapability() / 10;
            case 76 -> driver.configuration.computeCapability() % 10;
            case 81 -> hardware.sharedPerMultiprocessor();
            case 95 -> 1; // COOPERATIVE_LAUNCH
            case 97 -> hardware.sharedPerBlockOptIn();
            case 106 -> hardware.blocksPerMultiprocessor();
            case 111 -> Hardware.SHARED_RESERVED;
            case 115 -> 1; // MEMORY_POOLS_SUPPORTED
            case 120 -> hardware.clusters() ? 1 : 0;
            default -> {
                if (attribute < 1 || attribute > 147) throw Result.INVALID_VALUE.because("attribute=" + attribute);
                yield 0;
            }
        };
    }
}
