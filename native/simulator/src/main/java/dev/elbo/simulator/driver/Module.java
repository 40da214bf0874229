package dev.elbo.simulator.driver;

import dev.elbo.simulator.machine.LoadedModule;
import dev.elbo.simulator.machine.PtxModule;
import dev.elbo.simulator.ptx.PtxException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// A PTX module in a context.
final class Module {
    private static final int KEPT = 64;

    // Reading the PTX of a family takes longer than most tests; what was read never changes.
    private static final Map<String, PtxModule> READ = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, PtxModule> eldest) {
            return size() > KEPT;
        }
    };

    final Context context;
    final LoadedModule loaded;
    private final Map<String, Long> functions = new HashMap<>();

    private Module(Context context, LoadedModule loaded) {
        this.context = context;
        this.loaded = loaded;
    }

    /// Compiles a text as the driver would for this device.
    static Module load(Context context, String text, JitOptions options) {
        try {
            PtxModule module = read(text);
            refuse(context, module, options);
            options.info("info    : 0 bytes gmem\n");
            return new Module(context, module.load(context.driver.bytes));
        } catch (PtxException e) {
            options.error("ptxas application ptx input, line " + e.line() + "; error   : " + e.getMessage()
                    + "\nptxas fatal   : Ptx assembly aborted due to errors\n");
            throw Result.INVALID_PTX.because(e.getMessage());
        }
    }

    private static synchronized PtxModule read(String text) {
        PtxModule known = READ.get(text);
        if (known == null) {
            known = PtxModule.parse(text);
            READ.put(text, known);
        }
        return known;
    }

    private static void refuse(Context context, PtxModule module, JitOptions options) {
        int driverVersion = context.driver.configuration.driverVersion();
        int version = Integer.parseInt(module.version().replace(".", ""));
        if (version > newestPtx(driverVersion)) {
            options.error("ptxas fatal   : Unsupported .version " + module.version() + "\n");
            throw Result.UNSUPPORTED_PTX_VERSION.because(
                    "PTX is newer than the driver; version=" + module.version() + ", driver=" + driverVersion);
        }
        int capability = context.driver.configuration.computeCapability();
        String digits = module.target().replaceAll("\\D", "");
        boolean exact = module.target().endsWith("a");
        int target = Integer.parseInt(digits);
        if (target > capability || exact && target != capability) {
            options.error(
                    "ptxas fatal   : SM version specified by .target is higher than default SM version assumed\n");
            throw Result.INVALID_PTX.because(
                    "PTX is for another architecture; target=" + module.target() + ", device=sm_" + capability);
        }
    }

    /// The newest PTX that a driver reads, 10 · major + minor. Every CUDA brought a new one but 12.6.
    private static int newestPtx(int driverVersion) {
        int major = driverVersion / 1000;
        int minor = driverVersion % 1000 / 10;
        return 10 * (major - 4) + (major == 12 && minor > 5 ? minor - 1 : minor);
    }

    /// The handle of a kernel, always the same one.
    long function(String name) {
        Long known = functions.get(name);
        if (known != null) return known;
        var kernel = loaded.kernel(name);
        if (kernel == null) throw Result.NOT_FOUND.because("no kernel of that name; name=" + name);
        Driver driver = context.driver;
        long handle = driver.handles.add(new Function(this, kernel), driver.origin());
        functions.put(name, handle);
        return handle;
    }

    /// Ends the module and its kernels.
    void unload() {
        Driver driver = context.driver;
        functions.values().forEach(handle -> driver.handles.remove(handle, Function.class, driver.call()));
        loaded.unload();
    }
}
