"""JAX: the sum of log Z over linear chains and its gradients, one jitted function.

scan         probabilities, scaled at every step of lax.scan
associative  the same as products of matrices by lax.associative_scan, where they fit the memory

See contender.py for the arguments; the gradients are left in out.unary and out.transitions.
"""
import sys

import contender

task = contender.Task("jax_chains.py", ("scan", "associative"))
MOST_BYTES = 8 << 30  # of the transfer matrices of all steps

import jax  # noqa: E402  (after the arguments, so that --list needs no JAX)
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

array = {name: jnp.asarray(np.fromfile(file, np.float32).reshape(extents))
         for name, (file, extents) in task.arrays.items()}
unary, transitions = array["unary"], array["transitions"]
n, steps, states = unary.shape
if task.mode == "associative" and 4 * n * steps * states * states > MOST_BYTES:
    sys.exit("jax_chains.py: the transfer matrices do not fit")


def terms(unary, transitions):
    top = jax.lax.stop_gradient(unary.max(2, keepdims=True))
    shift = jax.lax.stop_gradient(transitions.max())
    return jnp.exp(unary - top), jnp.exp(transitions - shift), top.sum() + n * (steps - 1) * shift


def scan(unary, transitions):
    b, a, shifts = terms(unary, transitions)

    def turn(f, b_t):
        f = (f @ a) * b_t
        total = f.sum(1, keepdims=True)
        return f / total, jnp.log(total).sum()

    first = b[:, 0].sum(1, keepdims=True)
    _, logs = jax.lax.scan(turn, b[:, 0] / first, jnp.swapaxes(b[:, 1:], 0, 1))
    return logs.sum() + jnp.log(first).sum() + shifts


def associative(unary, transitions):
    b, a, shifts = terms(unary, transitions)
    matrices = a[None, None] * b[:, 1:, None, :]

    def join(left, right):
        product = left[0] @ right[0]
        total = product.max((-2, -1), keepdims=True)
        return product / total, left[1] + right[1] + jnp.log(total[..., 0, 0])

    start = (matrices, jnp.zeros(matrices.shape[:2], jnp.float32))
    products, logs = jax.lax.associative_scan(join, start, axis=1)
    last = jnp.einsum("ni,nij->n", b[:, 0], products[:, -1])
    return (jnp.log(last) + logs[:, -1]).sum() + shifts


def compute(unary, transitions):
    with jax.default_matmul_precision("float32"):
        return (associative if task.mode == "associative" else scan)(unary, transitions)


step = jax.jit(jax.value_and_grad(compute, argnums=(0, 1)))
result = step(unary, transitions)
task.leave("out.unary", np.asarray(result[1][0]).tobytes())
task.leave("out.transitions", np.asarray(result[1][1]).tobytes())


def finished(times):
    for _ in range(times):
        last = step(unary, transitions)
    jax.block_until_ready(last)


finished(1)
task.serve(float(result[0]), finished)
