/*
counter: the step of the noise, and what depends on it

formula      advance   step = step + by in 64 bits, unless frozen
             schedule  y = table[min(step / interval, length - 1)]
shapes       noise (4) = {seed low, seed high, step low, step high}    frozen (1), see optimize
             table (length)    y (1)    counter (2), low and high word: the step of a noise will do
types        u32 words; f32 table and y
launch       advance_u32, schedule_f32: block 1, grid 1
ownership    caller owns every buffer; noise is changed in place, y is overwritten
edges        frozen null: never frozen.  After the end of the table its last value holds
determinism  bit contract: integers; the table is written by the host, so that any schedule is the same everywhere
bytes        advance 16; schedule 16
versions     3  for steps that no optimizer ends and schedules that are no learning rate: control_f32 of optimize has
                both in its launch  <- this file
             2  frozen is a word of its own, not one of a control
             1  nodes of their own, the last and the first of a step
reference    dev.elbo.runtime, host branches of the noise and the schedules
*/
#include "common/clock.cuh"

extern "C" __global__ void __launch_bounds__(1)
advance_u32(unsigned* __restrict__ noise,         // (4)
            const unsigned* __restrict__ frozen,  // (1) or null
            unsigned by) {
    if (frozen != nullptr && *frozen != 0) return;

    raise_step(noise, by);
}

extern "C" __global__ void __launch_bounds__(1)
schedule_f32(const unsigned* __restrict__ counter,  // (2)
             const float* __restrict__ table,       // (length)
             float* __restrict__ y,                 // (1)
             int length, int interval) {
    *y = scheduled(counter, table, length, interval);
}
