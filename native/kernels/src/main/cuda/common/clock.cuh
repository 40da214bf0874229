// The step of a run, the last two of the four words {seed low, seed high, step low, step high}.
#pragma once

#define STEP_LOW 2
#define STEP_HIGH 3

// step = step + by in 64 bits.
__device__ __forceinline__ void raise_step(unsigned* noise, unsigned by) {
    unsigned low = noise[STEP_LOW] + by;
    noise[STEP_LOW] = low;
    if (low < by) noise[STEP_HIGH] += 1;
}

// table[min(step / interval, length - 1)]; `counter` are the step's two words, low and high.
__device__ __forceinline__ float scheduled(const unsigned* counter, const float* table, int length, int interval) {
    unsigned long long step = ((unsigned long long)counter[1] << 32 | counter[0]) / (unsigned)interval;
    return table[min(step, (unsigned long long)(length - 1))];
}
