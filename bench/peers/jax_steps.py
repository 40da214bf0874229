"""JAX: the training steps of Elbo's workloads, each one jitted function whose state is donated.

jit   a call a step
scan  many steps in one call of lax.scan, which no host has to start

See contender.py for the arguments. Workloads are told by the beginning of their names: vae, iwae, rbm.
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
key = jax.random.key(1)


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


def examples(order, at):
    """The batch at a place of this epoch's order, binarised."""
    index = jax.lax.dynamic_slice(order, (at % (rows // batch) * batch,), (batch,))
    return jax.random.bernoulli(jax.random.fold_in(key, at), data[index]).astype(jnp.float32)


def rbm_step(state, order):
    weights, velocity, at = state
    w, a, b = weights["weights"], weights["visibleBias"], weights["hiddenBias"]
    v = examples(order, at)
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


def adam_step(state, order):
    weights, (mean, square), at = state
    x = examples(order, at)
    epsilon = jax.random.normal(jax.random.fold_in(key, -1 - at), noise.shape)
    gradients = jax.grad(lambda p: -bound(p, x, epsilon))(weights)
    t = (at + 1).astype(jnp.float32)
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradients)
    square = jax.tree.map(lambda u, g: 0.999 * u + 0.001 * g * g, square, gradients)
    rate = 0.001 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    weights = jax.tree.map(lambda p, m, u: p - rate * m / (jnp.sqrt(u) + 1e-8), weights, mean, square)
    return weights, (mean, square), at + 1


zeros = jax.tree.map(jnp.zeros_like, array)
with jax.default_matmul_precision("float32"):
    if rbm:
        loss = float((free_energy(array, check) - free_energy(array, noise)).mean())
    else:
        loss = float(bound(array, check, noise))
body = rbm_step if rbm else adam_step
state = (array, zeros if rbm else (zeros, jax.tree.map(jnp.zeros_like, array)), jnp.int32(0))
order, taken = jax.random.permutation(key, rows), 0
# The check above was in f32, as everybody's; training may round factors to TF32, as everybody's.
precision = "tensorfloat32" if task.device == "cuda" else "float32"


@functools.partial(jax.jit, donate_argnums=0)
def one(state, order):
    with jax.default_matmul_precision(precision):
        return body(state, order)


@functools.partial(jax.jit, donate_argnums=0)
def many(state, order):
    with jax.default_matmul_precision(precision):
        return jax.lax.scan(lambda each, _: (body(each, order), None), state, None, length=TOGETHER)[0]


def finished(steps):
    global state, order, taken
    while steps > 0:
        together = TOGETHER if task.mode == "scan" and steps >= TOGETHER else 1
        state = (many if together > 1 else one)(state, order)
        if (taken + together) // (rows // batch) != taken // (rows // batch):
            order = jax.random.permutation(jax.random.fold_in(key, taken), rows)
        taken += together
        steps -= together
    jax.block_until_ready(state[0])


finished(3)
finished(TOGETHER)
task.serve(loss, finished)
