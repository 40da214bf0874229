/// A GPU in software: executes PTX, checks every memory access, and fails on request. For tests.
module dev.elbo.simulator {}
