package dev.elbo.simulator.machine;

import dev.elbo.simulator.memory.DeviceMemory;
import dev.elbo.simulator.ptx.Function;
import dev.elbo.simulator.ptx.ModuleText;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/// A PTX module, read and decoded once; it may be loaded into any number of devices and used from any thread.
public final class PtxModule {
    private final ModuleText text;
    private final Map<String, Kernel> kernels = new LinkedHashMap<>();

    private PtxModule(ModuleText text) {
        this.text = text;
        for (Function function : text.functions().values()) {
            if (function.kernel()) {
                kernels.put(function.name(), new Kernel(function, text.functions()));
            }
        }
    }

    /// Reads and decodes a module.
    ///
    /// @throws dev.elbo.simulator.ptx.PtxException naming what is not known, its line and its kernel
    public static PtxModule parse(String text) {
        return new PtxModule(ModuleText.parse(text));
    }

    /// The kernel of that name, or null.
    public Kernel kernel(String name) {
        return kernels.get(name);
    }

    /// All kernels, in the order of the text.
    public Collection<Kernel> kernels() {
        return kernels.values();
    }

    /// ISA version, as in `7.0`.
    public String version() {
        return text.version();
    }

    /// What the module was compiled for, as in `sm_75`.
    public String target() {
        return text.target();
    }

    /// Reserves and fills the module's variables on a device.
    public LoadedModule load(DeviceMemory memory) {
        return new LoadedModule(this, text.variables(), memory);
    }
}
