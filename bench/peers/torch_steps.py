"""PyTorch, eager: the training steps of dev.elbo.bench.work, written as its users write them.

torch_steps.py WORKLOAD THREADS FOLDER NAME=EXTENTS...

Reads the arrays of a Start, f32, from the files NAME in FOLDER, prints its loss there, then answers each line N on
standard input with the nanoseconds that N steps took.
"""
import math
import sys
import time

import torch
import torch.nn.functional as F

workload, threads, folder = sys.argv[1:4]
torch.set_num_threads(int(threads))
torch.manual_seed(1)
array = {}
for name, extents in (argument.split("=") for argument in sys.argv[4:]):
    extents = [int(e) for e in extents.split(",")]
    array[name] = torch.from_file(f"{folder}/{name}", size=math.prod(extents)).reshape(extents).clone()
data, check, noise = (array.pop(name) for name in ("data", "x", "noise"))
rows, pixels = data.shape
batch = len(check)
weights = {name: value.requires_grad_(not workload.startswith("rbm")) for name, value in array.items()}


def dense(name, x):
    return torch.addmm(weights[name + ".bias"], x, weights[name + ".weight"])


def stack(name, x):
    layer = 0
    while f"{name}.layers.{layer}.weight" in weights:
        x = torch.tanh(dense(f"{name}.layers.{layer}", x))
        layer += 1
    return x


def bound(x, epsilon):
    """Mean ELBO, or mean importance-weighted bound."""
    n, samples, latent = epsilon.shape
    h = stack("encoder", x)
    mean, log_variance = dense("posterior.mean", h), dense("posterior.logVariance", h)
    z = mean.unsqueeze(1) + torch.exp(0.5 * log_variance).unsqueeze(1) * epsilon
    logits = dense("output.logits", stack("decoder", z.reshape(n * samples, latent)))
    likelihood = -F.binary_cross_entropy_with_logits(
        logits.reshape(n, samples, pixels), x.unsqueeze(1).expand(n, samples, pixels), reduction="none").sum(2)
    if workload == "vae":
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
        return (likelihood.squeeze(1) - divergence).mean()
    prior = -0.5 * (z**2).sum(2)
    proposal = -0.5 * (log_variance.unsqueeze(1) + epsilon**2).sum(2)
    return (torch.logsumexp(likelihood + prior - proposal, 1) - math.log(samples)).mean()


def free_energy(v):
    w, a, b = (weights[name] for name in ("weights", "visibleBias", "hiddenBias"))
    return -(v @ a) - F.softplus(torch.addmm(b, v, w)).sum(1)


order, at = torch.randperm(rows), 0


def examples():
    global order, at
    if at + batch > rows:
        order, at = torch.randperm(rows), 0
    at += batch
    return torch.bernoulli(data[order[at - batch : at]])


if workload.startswith("rbm"):
    loss = (free_energy(check) - free_energy(noise)).mean()
    w, a, b = (weights[name] for name in ("weights", "visibleBias", "hiddenBias"))
    velocity = [torch.zeros_like(p) for p in (w, a, b)]

    @torch.no_grad()
    def step():
        v = examples()
        positive = torch.sigmoid(torch.addmm(b, v, w))
        model = torch.bernoulli(torch.sigmoid(torch.addmm(a, torch.bernoulli(positive), w.t())))
        negative = torch.sigmoid(torch.addmm(b, model, w))
        gradients = (
            (model.t() @ negative - v.t() @ positive) / batch,
            (model - v).mean(0),
            (negative - positive).mean(0),
        )
        for p, u, g in zip((w, a, b), velocity, gradients):
            u.mul_(0.5).add_(g)
            p.sub_(u, alpha=0.01)

else:
    loss = bound(check, noise)
    optimizer = torch.optim.Adam(weights.values(), lr=0.001)

    def step():
        optimizer.zero_grad()
        (-bound(examples(), torch.randn_like(noise))).backward()
        optimizer.step()


print(loss.item(), flush=True)
for line in sys.stdin:
    begin = time.perf_counter_ns()
    for _ in range(int(line)):
        step()
    print(time.perf_counter_ns() - begin, flush=True)
