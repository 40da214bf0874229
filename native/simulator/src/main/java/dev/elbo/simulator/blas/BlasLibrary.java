package dev.elbo.simulator.blas;

import dev.elbo.simulator.driver.Driver;
import dev.elbo.simulator.shim.CFunction;
import java.util.List;

/// What `libcublas` and `libcublasLt` export.
public final class BlasLibrary {
    private BlasLibrary() {}

    /// The functions of `libcublas`.
    public static List<CFunction> cublas(Driver driver) {
        BlasCalls blas = new BlasCalls(driver);
        return CFunction.of(driver.configuration().driverVersion(), blas, new GemmCalls(driver, blas));
    }

    /// The functions of `libcublasLt`.
    public static List<CFunction> cublasLt(Driver driver) {
        LtCalls lt = new LtCalls(driver, new BlasCalls(driver));
        return CFunction.of(driver.configuration().driverVersion(), lt, new LtMatmulCalls(driver, lt));
    }
}
