"""JAX: the training steps of Elbo's workloads, each one jitted function whose state is donated.

jit   a call a step
scan  many steps in one call of lax.scan, which no host has to start

In bf16 a DCGAN's convolutions and what they read are. See contender.py for the arguments. Workloads are told by the beginning of their names: vae, iwae, rbm, dcgan.
"""
import functools
import math

import contender

task = contender.Task("jax_steps.py", ("jit", "scan"))

import jax  # noqa: E402  (after the arguments, so that --list needs no JAX)
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

TOGETHER = 16  # steps of one call of scan
array = {name: jnp.asarray(np.fromfile(file, np.float32).reshape(extents))
         for name, (file, extents) in task.arrays.items()}
data, check, noise = (array.pop(name) for name in ("data", "x", "noise"))
rows, pixels = data.shape
batch = len(check)
rbm = task.workload.startswith("rbm")
dcgan = task.workload.startswith("dcgan")
if dcgan:
    channels, deep = len(array["generator.last.bias"]), len(array["generator.norm.scale"])
    side, top = math.isqrt(pixels // channels), math.isqrt(array["generator.project"].shape[1] // deep)
    data, check = (2 * x.reshape(len(x), side, side, channels) - 1 for x in (data, check))
key = jax.random.key(1)
kind = jnp.float32  # of what a convolution multiplies; until the check is done


def dense(weights, name, x):
    return x @ weights[name + ".weight"] + weights[name + ".bias"]


def stack(weights, name, x):
    layer = 0
    while f"{name}.layers.{layer}.weight" in weights:
        x = jnp.tanh(dense(weights, f"{name}.layers.{layer}", x))
        layer += 1
    return x


def bound(weights, x, epsilon):
    """Mean ELBO, or mean importance-weighted bound."""
    n, samples, latent = epsilon.shape
    h = stack(weights, "encoder", x)
    mean, log_variance = dense(weights, "posterior.mean", h), dense(weights, "posterior.logVariance", h)
    z = mean[:, None] + jnp.exp(0.5 * log_variance)[:, None] * epsilon
    logits = dense(weights, "output.logits", stack(weights, "decoder", z.reshape(n * samples, latent)))
    logits = logits.reshape(n, samples, pixels)
    likelihood = (x[:, None] * logits - jax.nn.softplus(logits)).sum(2)
    if task.workload.startswith("vae"):
        divergence = 0.5 * (mean**2 + jnp.exp(log_variance) - 1 - log_variance).sum(1)
        return (likelihood[:, 0] - divergence).mean()
    prior = -0.5 * (z**2).sum(2)
    proposal = -0.5 * (log_variance[:, None] + epsilon**2).sum(2)
    return (jax.nn.logsumexp(likelihood + prior - proposal, axis=1) - math.log(samples)).mean()


def free_energy(weights, v):
    return -(v @ weights["visibleBias"]) - jax.nn.softplus(v @ weights["weights"] + weights["hiddenBias"]).sum(1)


def normalised(weights, name, x, seen):
    """Normalised by the batch's moments, which join those that were seen of this name."""
    x = x.astype(jnp.float32)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    count = x.size // x.shape[3]
    seen.setdefault(name, []).append((mean, variance * (count / max(count - 1, 1))))
    return weights[name + ".scale"] * (x - mean) * jax.lax.rsqrt(variance + 1e-5) + weights[name + ".shift"]


def halved(x, weight):
    x, weight = x.astype(kind), weight.astype(kind)
    return jax.lax.conv_general_dilated(x, weight, (2, 2), ((1, 1), (1, 1)), dimension_numbers=("NHWC", "OHWI", "NHWC"))


def doubled(x, weight):
    """The transpose of halved: over x with zeros between its pixels, by the weight turned round."""
    x, weight = x.astype(kind), weight.astype(kind)
    return jax.lax.conv_general_dilated(x, weight[:, ::-1, ::-1], (1, 1), ((2, 2), (2, 2)), lhs_dilation=(2, 2),
                                        dimension_numbers=("NHWC", "IHWO", "NHWC"))


def generate(weights, z):
    """Images in [-1, 1] of (n, latent), and the moments that were seen."""
    seen = {}
    h = (z @ weights["generator.project"]).reshape(len(z), top, top, deep)
    h = jax.nn.relu(normalised(weights, "generator.norm", h, seen))
    stage = 0
    while f"generator.stages.{stage}.convolution.weight" in weights:
        name = f"generator.stages.{stage}"
        h = jax.nn.relu(normalised(weights, name + ".norm", doubled(h, weights[name + ".convolution.weight"]), seen))
        stage += 1
    return jnp.tanh(doubled(h, weights["generator.last.weight"]) + weights["generator.last.bias"]), seen


def logits(weights, x, seen):
    h = halved(x, weights["discriminator.first.weight"]) + weights["discriminator.first.bias"]
    h = jax.nn.leaky_relu(h, 0.2)
    stage = 0
    while f"discriminator.stages.{stage}.convolution.weight" in weights:
        name = f"discriminator.stages.{stage}"
        h = normalised(weights, name + ".norm", halved(h, weights[name + ".convolution.weight"]), seen)
        h = jax.nn.leaky_relu(h, 0.2)
        stage += 1
    return h.reshape(len(x), -1) @ weights["discriminator.output.weight"] + weights["discriminator.output.bias"]


def discriminator_loss(weights, x, fake):
    seen = {}
    real = logits(weights, x, seen)
    made = logits(weights, fake, seen)
    return jax.nn.softplus(real).mean() - real.mean() + jax.nn.softplus(made).mean(), seen


def generator_loss(weights, fake):
    seen = {}
    return jax.nn.softplus(-logits(weights, fake, seen)).mean(), seen


def examples(data, order, at):
    """The batch at a place of this epoch's order."""
    return data[jax.lax.dynamic_slice(order, (at % (rows // batch) * batch,), (batch,))]


def bits(data, order, at):
    """The same, binarised."""
    return jax.random.bernoulli(jax.random.fold_in(key, at), examples(data, order, at)).astype(jnp.float32)


def rbm_step(state, data, order):
    weights, velocity, at = state
    w, a, b = weights["weights"], weights["visibleBias"], weights["hiddenBias"]
    v = bits(data, order, at)
    hidden, visible = jax.random.split(jax.random.fold_in(key, -1 - at))
    positive = jax.nn.sigmoid(v @ w + b)
    drawn = jax.random.bernoulli(hidden, positive).astype(jnp.float32)
    model = jax.random.bernoulli(visible, jax.nn.sigmoid(drawn @ w.T + a)).astype(jnp.float32)
    negative = jax.nn.sigmoid(model @ w + b)
    gradients = {
        "weights": (model.T @ negative - v.T @ positive) / batch,
        "visibleBias": (model - v).mean(0),
        "hiddenBias": (negative - positive).mean(0),
    }
    velocity = {name: 0.5 * velocity[name] + gradients[name] for name in weights}
    weights = {name: weights[name] - 0.01 * velocity[name] for name in weights}
    return weights, velocity, at + 1


def adam(weights, moments, gradients, t, rate, beta):
    """Weights after an update, the t-th, and its moments."""
    mean = jax.tree.map(lambda m, g: beta * m + (1 - beta) * g, moments[0], gradients)
    square = jax.tree.map(lambda u, g: 0.999 * u + 0.001 * g * g, moments[1], gradients)
    rate = rate * jnp.sqrt(1 - 0.999**t) / (1 - beta**t)
    weights = jax.tree.map(lambda p, m, u: p - rate * m / (jnp.sqrt(u) + 1e-8), weights, mean, square)
    return weights, (mean, square)


def adam_step(state, data, order):
    weights, moments, at = state
    x = bits(data, order, at)
    epsilon = jax.random.normal(jax.random.fold_in(key, -1 - at), noise.shape)
    gradients = jax.grad(lambda p: -bound(p, x, epsilon))(weights)
    weights, moments = adam(weights, moments, gradients, (at + 1).astype(jnp.float32), 0.001, 0.9)
    return weights, moments, at + 1


def part(weights, player):
    return {name: value for name, value in weights.items() if name.startswith(player)}


def dcgan_step(state, data, order):
    weights, (moments, running), at = state
    t = (at + 1).astype(jnp.float32)
    discriminator, generator = part(weights, "discriminator"), part(weights, "generator")
    z = jax.random.normal(jax.random.fold_in(key, -1 - at), noise.shape)
    fake, pullback, made = jax.vjp(lambda p: generate(p, z), generator, has_aux=True)
    gradients, judged = jax.grad(discriminator_loss, has_aux=True)(discriminator, examples(data, order, at), fake)
    discriminator, first = adam(discriminator, moments[0], gradients, t, 0.0002, 0.5)
    towards, again = jax.grad(generator_loss, argnums=1, has_aux=True)(discriminator, fake)
    generator, second = adam(generator, moments[1], pullback(towards)[0], t, 0.0002, 0.5)
    for name, moments in (each for seen in (made, judged, again) for each in seen.items()):
        for moment in moments:
            running = running | {name: tuple(0.9 * r + 0.1 * m for r, m in zip(running[name], moment))}
    return discriminator | generator, ((first, second), running), at + 1


zeros = jax.tree.map(jnp.zeros_like, array)
with jax.default_matmul_precision("float32"):
    if rbm:
        loss = float((free_energy(array, check) - free_energy(array, noise)).mean())
        body, kept = rbm_step, zeros
    elif dcgan:
        drawn = generate(array, noise)[0]
        loss = float(discriminator_loss(array, check, drawn)[0] + generator_loss(array, drawn)[0])
        scales = {name[: -len(".scale")]: value for name, value in array.items() if name.endswith("norm.scale")}
        running = {name: (jnp.zeros_like(value), jnp.ones_like(value)) for name, value in scales.items()}
        body = dcgan_step
        kept = (tuple((part(zeros, player), jax.tree.map(jnp.copy, part(zeros, player)))
                      for player in ("discriminator", "generator")), running)
    else:
        loss = float(bound(array, check, noise))
        body, kept = adam_step, (zeros, jax.tree.map(jnp.zeros_like, array))
state = (array, kept, jnp.int32(0))
order, taken = jax.random.permutation(key, rows), 0
# The check above was in f32, as everybody's; training may round factors to TF32, as everybody's.
precision = "tensorfloat32" if task.device == "cuda" else "float32"
kind = jnp.bfloat16 if task.bf16 else kind


# The data are an argument: what a jitted function finds outside may become a constant of its program, all of it.
@functools.partial(jax.jit, donate_argnums=0)
def one(state, data, order):
    with jax.default_matmul_precision(precision):
        return body(state, data, order)


@functools.partial(jax.jit, donate_argnums=0)
def many(state, data, order):
    with jax.default_matmul_precision(precision):
        return jax.lax.scan(lambda each, _: (body(each, data, order), None), state, None, length=TOGETHER)[0]


def finished(steps):
    global state, order, taken
    while steps > 0:
        together = TOGETHER if task.mode == "scan" and steps >= TOGETHER else 1
        state = (many if together > 1 else one)(state, data, order)
        if (taken + together) // (rows // batch) != taken // (rows // batch):
            order = jax.random.permutation(jax.random.fold_in(key, taken), rows)
        taken += together
        steps -= together
    jax.block_until_ready(state[0])


finished(3)
finished(TOGETHER)
task.serve(loss, finished)
