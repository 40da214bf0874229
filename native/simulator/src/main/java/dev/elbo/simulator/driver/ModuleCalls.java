package dev.elbo.simulator.driver;

import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Modules and the functions in them.
final class ModuleCalls {
    private static final int ELF = 0x464c457f;
    private static final int FAT_BINARY = 0xba55ed50;

    private final Driver driver;

    ModuleCalls(Driver driver) {
        this.driver = driver;
    }

    // CUresult cuModuleLoadDataEx(CUmodule*, const void* image, unsigned n, CUjit_option* options, void** values)
    @Exported
    void cuModuleLoadDataEx(long out, long image, int count, long options, long values) {
        Context context = driver.context();
        Capture.refuseUnsafe(driver, "module load");
        int magic = Host.getInt(image);
        if (magic == ELF || magic == FAT_BINARY) {
            throw Result.NO_BINARY_FOR_GPU.because("machine code, which no simulated device runs; load PTX");
        }
        load(context, out, Host.getString(image), JitOptions.read(count, options, values));
    }

    // CUresult cuModuleLoadData(CUmodule* module, const void* image)
    @Exported
    void cuModuleLoadData(long out, long image) {
        cuModuleLoadDataEx(out, image, 0, 0, 0);
    }

    // CUresult cuModuleLoad(CUmodule* module, const char* fname)
    @Exported
    void cuModuleLoad(long out, long name) {
        Context context = driver.context();
        Capture.refuseUnsafe(driver, "module load");
        Path file = Path.of(Host.getString(name));
        try {
            load(context, out, Files.readString(file), JitOptions.read(0, 0, 0));
        } catch (IOException e) {
            throw Result.FILE_NOT_FOUND.because(e.toString());
        }
    }

    private void load(Context context, long out, String text, JitOptions options) {
        Host.putLong(out, driver.handles.add(Module.load(context, text, options), driver.origin()));
    }

    // CUresult cuModuleUnload(CUmodule hmod)
    @Exported
    void cuModuleUnload(long handle) {
        Context context = driver.context();
        driver.own(driver.handles.get(handle, Module.class).context, "module");
        Capture.refuseUnsafe(driver, "module unload");
        context.synchronize();
        driver.handles.remove(handle, Module.class, driver.call()).unload();
    }

    // CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, const char* name)
    @Exported
    void cuModuleGetFunction(long out, long handle, long name) {
        Module module = driver.handles.get(handle, Module.class);
        driver.own(module.context, "module");
        Host.putLong(out, module.function(Host.getString(name)));
    }

    // CUresult cuModuleGetGlobal_v2(CUdeviceptr* dptr, size_t* bytes, CUmodule hmod, const char* name)
    @Exported
    void cuModuleGetGlobal_v2(long out, long bytes, long handle, long name) {
        Module module = driver.handles.get(handle, Module.class);
        var variable = module.loaded.variable(Host.getString(name));
        if (variable == null) throw Result.NOT_FOUND.because("no variable of that name; name=" + Host.getString(name));
        if (out != 0) Host.putLong(out, variable.address());
        if (bytes != 0) Host.putLong(bytes, variable.size());
    }

    // CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode)
    @Exported
    void cuModuleGetLoadingMode(long mode) {
        Host.putInt(mode, 1); // CU_MODULE_EAGER_LOADING
    }

    // CUresult cuFuncGetModule(CUmodule* hmod, CUfunction hfunc)
    @Exported
    void cuFuncGetModule(long out, long handle) {
        Module module = driver.handles.get(handle, Function.class).module;
        Host.putLong(out, driver.handles.of(module));
    }

    // CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc)
    @Exported
    void cuFuncGetAttribute(long out, int attribute, long handle) {
        Function function = driver.handles.get(handle, Function.class);
        int capability = driver.configuration.computeCapability();
        Host.putInt(
                out,
                switch (attribute) {
                    case 0 -> function.maxThreads();
                    case 1 -> function.kernel.staticSharedBytes();
                    case 2, 3, 7, 10, 11, 12, 13, 15 -> 0; // constant and local bytes, caching, required clusters
                    case 4 -> 32; // registers, which PTX does not say
                    case 5, 6 -> capability; // PTX and binary version
                    case 8 -> function.dynamicShared();
                    case 9 -> function.carveout;
                    case 14 -> function.largeClusters ? 1 : 0;
                    default -> throw Result.INVALID_VALUE.because("attribute=" + attribute);
                });
    }

    // CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value)
    @Exported
    void cuFuncSetAttribute(long handle, int attribute, int value) {
        Function function = driver.handles.get(handle, Function.class);
        switch (attribute) {
            case 8 -> function.dynamicShared(value);
            case 9 -> function.carveout = value;
            case 14 -> function.largeClusters = value != 0;
            default -> throw Result.INVALID_VALUE.because("attribute=" + attribute);
        }
    }

    // CUresult cuFuncSetCacheConfig(CUfunction hfunc, CUfunc_cache config)
    @Exported
    void cuFuncSetCacheConfig(long handle, int config) {
        driver.handles.get(handle, Function.class);
    }
}
