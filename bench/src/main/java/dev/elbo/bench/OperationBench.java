package dev.elbo.bench;

import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Question: how close is each operation to what the machine's arithmetic or its memory allows?
@State(Scope.Thread)
public class OperationBench extends WorkloadBench {
    @Param("product")
    String operation;

    @Override
    String workload() {
        return operation;
    }
}
