package dev.elbo.simulator.dnn;

import dev.elbo.simulator.dnn.BackendParts.Configuration;
import dev.elbo.simulator.dnn.BackendParts.EngineFor;
import dev.elbo.simulator.dnn.BackendParts.Heuristic;
import dev.elbo.simulator.dnn.BackendParts.Knob;
import dev.elbo.simulator.dnn.BackendParts.Plan;
import dev.elbo.simulator.dnn.BackendParts.VariantPack;
import dev.elbo.simulator.dnn.Convolution.Manner;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.util.List;

/// The graph interface of cuDNN: making descriptors, asking them, and running plans.
final class BackendCalls {
    private static final int RESULTS = 202;
    private static final int CONFIGURATION_ENGINE = 300;
    private static final int CONFIGURATION_KNOBS = 302;
    private static final int CONFIGURATION_WORKSPACE = 303;
    private static final int PLAN_WORKSPACE = 402;
    private static final int ENGINE_INDEX = 1301;
    private static final int ENGINE_NUMERICAL_NOTES = 1303;
    private static final int ENGINE_BEHAVIOUR_NOTES = 1305;
    private static final int KNOB_TYPE = 600;
    private static final int KNOB_VALUE = 601;
    private static final int RUNTIME_COMPILATION = 0;

    private final DnnCalls dnn;
    private final BackendParts parts;
    private long runs;

    BackendCalls(DnnCalls dnn) {
        this.dnn = dnn;
        this.parts = new BackendParts(dnn);
    }

    // cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t, cudnnBackendDescriptor_t* descriptor)
    @Exported
    void cudnnBackendCreateDescriptor(int kind, long out) {
        Host.putLong(out, dnn.driver.add(new BackendDescriptor(kind)));
    }

    // cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor)
    @Exported
    void cudnnBackendDestroyDescriptor(long descriptor) {
        dnn.get(descriptor, BackendDescriptor.class);
        dnn.driver.remove(descriptor, BackendDescriptor.class);
    }

    // cudnnStatus_t cudnnBackendSetAttribute(descriptor, attributeName, attributeType, int64_t elementCount, const
    // void*)
    @Exported
    void cudnnBackendSetAttribute(long descriptor, int name, int type, long count, long elements) {
        dnn.get(descriptor, BackendDescriptor.class).set(name, type, count, elements);
    }

    // cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor)
    @Exported
    void cudnnBackendFinalize(long descriptor) {
        BackendDescriptor found = dnn.get(descriptor, BackendDescriptor.class);
        found.finish(parts.of(found));
    }

    // cudnnStatus_t cudnnBackendGetAttribute(descriptor, attributeName, attributeType, int64_t requestedElementCount,
    //     int64_t* elementCount, void* arrayOfElements)
    @Exported
    void cudnnBackendGetAttribute(long descriptor, int name, int type, long requested, long count, long elements) {
        BackendDescriptor found = dnn.get(descriptor, BackendDescriptor.class);
        if (!found.finished())
            throw DnnStatus.NOT_INITIALIZED.because("descriptor is not finished; kind=" + found.kind);
        if (requested == 0 && name != RESULTS) {
            // NVIDIA's own front end asks for a number alone of nothing else.
            throw DnnStatus.BAD_PARAM.because("a number of elements is told of a heuristic only; attribute=" + name);
        }
        List<?> values = values(found, name);
        if (count != 0) Host.putLong(count, values.size());
        if (elements == 0) return;
        for (int i = 0; i < Math.min(requested, values.size()); i++) {
            if (type == BackendDescriptor.DESCRIPTOR) {
                // The caller brings empty descriptors, which are filled in.
                dnn.get(Host.getLong(elements + 8L * i), BackendDescriptor.class)
                        .finish(values.get(i));
            } else {
                BackendDescriptor.put(type, elements, i, ((Number) values.get(i)).longValue());
            }
        }
    }

    /// What an attribute holds that the library itself has set, or that was set by the caller.
    private static List<?> values(BackendDescriptor d, int name) {
        return switch (name) {
            case RESULTS -> {
                Heuristic heuristic = d.meaning(Heuristic.class);
                yield heuristic.engines().stream()
                        .map(engine -> new Configuration(new EngineFor(heuristic.graph(), engine)))
                        .toList();
            }
            case CONFIGURATION_ENGINE -> List.of(d.meaning(Configuration.class).engine());
            case CONFIGURATION_KNOBS -> {
                long[] knob = d.meaning(Configuration.class).engine().engine().knob();
                yield knob.length == 0 ? List.of() : List.of(new Knob((int) knob[0], knob[1]));
            }
            case CONFIGURATION_WORKSPACE -> {
                EngineFor engine = d.meaning(Configuration.class).engine();
                yield List.of(engine.engine().workspace(engine.graph()));
            }
            case PLAN_WORKSPACE -> List.of(d.meaning(Plan.class).workspace());
            case ENGINE_INDEX -> List.of(d.meaning(EngineFor.class).engine().index());
            case ENGINE_NUMERICAL_NOTES -> d.meaning(EngineFor.class).engine().notes();
            case ENGINE_BEHAVIOUR_NOTES ->
                d.meaning(EngineFor.class).engine().compiles() ? List.of(RUNTIME_COMPILATION) : List.of();
            case KNOB_TYPE -> List.of(d.meaning(Knob.class).type());
            case KNOB_VALUE -> List.of(d.meaning(Knob.class).value());
            default -> {
                long[] set = d.all(name);
                yield java.util.Arrays.stream(set).boxed().toList();
            }
        };
    }

    // cudnnStatus_t cudnnBackendExecute(handle, cudnnBackendDescriptor_t executionPlan, variantPack)
    @Exported
    void cudnnBackendExecute(long handle, long planHandle, long packHandle) {
        CudnnHandle found = dnn.handle(handle);
        BackendDescriptor described = dnn.get(planHandle, BackendDescriptor.class);
        Plan plan = described.meaning(Plan.class);
        VariantPack pack = dnn.get(packHandle, BackendDescriptor.class).meaning(VariantPack.class);
        OperationGraph graph = plan.engine().graph();
        for (BackendTensor tensor : graph.bound()) {
            Long address = pack.addresses().get(tensor.id());
            if (address == null) throw DnnStatus.BAD_PARAM.because("no memory for " + tensor);
            if (address % tensor.alignment() != 0) {
                throw DnnStatus.BAD_PARAM.because("misaligned " + tensor + "; address=0x" + Long.toHexString(address)
                        + ", alignment=" + tensor.alignment());
            }
        }
        long scratch = plan.workspace();
        if (scratch > 0 && pack.workspace() == 0) throw DnnStatus.BAD_PARAM.because("no workspace; wanted=" + scratch);
        // Which engines load their code no sooner than this is not documented.
        if (!described.warm) dnn.driver.refuseUnsafe("first run of a plan");
        described.warm = true;
        dnn.launch(found, () -> {
            var memory = dnn.driver.bytes();
            if (scratch > 0) memory.writable(pack.workspace(), scratch, "workspace of cudnnBackendExecute");
            Manner manner = plan.engine().engine().manner(runs++);
            graph.run(memory, pack.addresses(), manner);
        });
    }
}
