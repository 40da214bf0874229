/// What is timed: workloads, their sizes and costs, and how they are prepared on a device.
package dev.elbo.bench.work;
