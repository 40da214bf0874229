"""PyTorch: the training steps of Elbo's workloads, written as its users write them.

eager    as it is
compile  torch.compile(mode="reduce-overhead"), which makes CUDA graphs
graph    a CUDA graph captured by hand

See contender.py for the arguments. Workloads are told by the beginning of their names: vae, iwae, rbm.
"""
import math

import contender

task = contender.Task("torch_steps.py", ("eager", "compile", "graph"))

import torch  # noqa: E402  (after the arguments, so that --list needs no PyTorch)
import torch._dynamo  # noqa: E402
import torch.nn.functional as F  # noqa: E402

if task.threads:
    torch.set_num_threads(task.threads)
torch.manual_seed(1)
device = torch.device(task.device)
array = {}
for name, (file, extents) in task.arrays.items():
    array[name] = torch.from_file(file, size=contender.size(extents)).reshape(extents).clone().to(device)
data, check, noise = (array.pop(name) for name in ("data", "x", "noise"))
rows, pixels = data.shape
batch = len(check)
rbm = task.workload.startswith("rbm")
weights = {name: value.requires_grad_(not rbm) for name, value in array.items()}


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
    if task.workload.startswith("vae"):
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
        return (likelihood.squeeze(1) - divergence).mean()
    prior = -0.5 * (z**2).sum(2)
    proposal = -0.5 * (log_variance.unsqueeze(1) + epsilon**2).sum(2)
    return (torch.logsumexp(likelihood + prior - proposal, 1) - math.log(samples)).mean()


def free_energy(v):
    w, a, b = (weights[name] for name in ("weights", "visibleBias", "hiddenBias"))
    return -(v @ a) - F.softplus(torch.addmm(b, v, w)).sum(1)


order, at = torch.randperm(rows, device=device), 0


def places():
    """Rows of the next batch."""
    global order, at
    if at + batch > rows:
        order, at = torch.randperm(rows, device=device), 0
    at += batch
    return order[at - batch : at]


def update_rbm(index):
    v = torch.bernoulli(data[index])
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


def objective(index):
    x = torch.bernoulli(data[index])
    return -bound(x, torch.randn_like(noise))


if rbm:
    loss = (free_energy(check) - free_energy(noise)).mean().item()
    w, a, b = (weights[name] for name in ("weights", "visibleBias", "hiddenBias"))
    velocity = [torch.zeros_like(p) for p in (w, a, b)]
else:
    loss = bound(check, noise).item()
    on_gpu = task.device == "cuda"
    optimizer = torch.optim.Adam(weights.values(), lr=0.001, fused=on_gpu, capturable=on_gpu)

if task.device == "cuda":
    # The check above was in f32, as everybody's; training may round factors to TF32, as everybody's.
    torch.set_float32_matmul_precision("high")

forward = objective
update = update_rbm
if task.mode == "compile":
    # What stays where it is need not be copied into the graph at every step.
    for each in (data, noise, *weights.values(), *(velocity if rbm else ())):
        torch._dynamo.mark_static_address(each)
    forward = torch.compile(objective, mode="reduce-overhead")
    update = torch.compile(update_rbm, mode="reduce-overhead")


def step(index):
    if rbm:
        with torch.no_grad():
            update(index)
        return
    optimizer.zero_grad(set_to_none=True)
    forward(index).backward()
    optimizer.step()


def take(steps):
    for _ in range(steps):
        if task.mode == "compile":
            torch.compiler.cudagraph_mark_step_begin()
        step(places())


if task.mode == "graph":
    place = places().clone()
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step(place)
    torch.cuda.current_stream().wait_stream(side)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        step(place)

    def take(steps):
        for _ in range(steps):
            place.copy_(places())
            captured.replay()


def finished(steps):
    take(steps)
    if task.device == "cuda":
        torch.cuda.synchronize()


finished(3)
task.serve(loss, finished)
