// The control of one optimizer, eight words in device memory: what control_f32 decides and everything else obeys.
#pragma once

#define UPDATES 0       // updates applied so far, the t of adam
#define APPLY 1         // whether this step's update is applied
#define LOSS_SUM 2      // f32: sum of the losses since the host last took it
#define SKIPPED 3       // updates left out so far
#define NORM 4          // f32: norm of this step's gradient
#define SCALE 5         // f32: what the gradient is multiplied by
#define CORRECTION_1 6  // f32: 1 / (1 - beta1^t)
#define CORRECTION_2 7  // f32: 1 / (1 - beta2^t)
