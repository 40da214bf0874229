"""PyTorch: the training steps of Elbo's workloads, written as its users write them.

eager    as it is
compile  torch.compile(mode="reduce-overhead"), which makes CUDA graphs
graph    a CUDA graph captured by hand

In bf16 what autocast lowers is lowered. See contender.py for the arguments. Workloads are told by the beginning of their names: vae, iwae, rbm, dcgan.
"""
import math

import contender

task = contender.Task("torch_steps.py", ("eager", "compile", "graph"))

import torch  # noqa: E402  (after the arguments, so that --list needs no PyTorch)
import torch._dynamo  # noqa: E402
import torch.nn.functional as F  # noqa: E402

if task.threads:
    torch.set_num_threads(task.threads)
torch.backends.cudnn.allow_tf32 = False  # until the check is done
torch.backends.cudnn.benchmark = True
torch.manual_seed(1)
device = torch.device(task.device)
array = {}
for name, (file, extents) in task.arrays.items():
    array[name] = torch.from_file(file, size=contender.size(extents)).reshape(extents).clone().to(device)
data, check, noise = (array.pop(name) for name in ("data", "x", "noise"))
rows, pixels = data.shape
batch = len(check)
on_gpu = task.device == "cuda"
rbm = task.workload.startswith("rbm")
dcgan = task.workload.startswith("dcgan")


def maps(x, channels):
    """Rows of flat images, channels innermost, as PyTorch has images: channels first, or in memory last on a GPU."""
    side = math.isqrt(x.shape[1] // channels)
    return laid(x.reshape(len(x), side, side, channels))


def laid(x):
    """(n, height, width, channels) as (n, channels, height, width)."""
    return x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last if on_gpu else torch.contiguous_format)


if dcgan:
    deep = len(array["generator.norm.scale"])
    channels = len(array["generator.last.bias"])
    top = math.isqrt(array["generator.project"].shape[1] // deep)
    for name, value in array.items():
        if value.dim() == 4:
            array[name] = laid(value)
    for name, turned in (("generator.project", False), ("discriminator.output.weight", True)):
        flat = array[name].t() if turned else array[name]
        flat = maps(flat, deep).flatten(1).contiguous()
        array[name] = flat.t().contiguous() if turned else flat
    data, check = (maps(2 * x - 1, channels) for x in (data, check))
weights = {name: value.requires_grad_(not rbm) for name, value in array.items()}
running = {name[: -len(".scale")]: (torch.zeros_like(value), torch.ones_like(value))
           for name, value in array.items() if name.endswith("norm.scale")}


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


def normalised(name, x, w):
    mean, variance = running[name]
    scale, shift = w[name + ".scale"], w[name + ".shift"]
    return F.batch_norm(x, mean, variance, scale, shift, training=True, momentum=0.1, eps=1e-5)


def generate(z):
    """Images in [-1, 1] of (n, latent)."""
    h = (z @ weights["generator.project"]).reshape(len(z), deep, top, top)
    h = F.relu(normalised("generator.norm", h, weights))
    stage = 0
    while f"generator.stages.{stage}.convolution.weight" in weights:
        name = f"generator.stages.{stage}"
        h = F.conv_transpose2d(h, weights[name + ".convolution.weight"], stride=2, padding=1)
        h = F.relu(normalised(name + ".norm", h, weights))
        stage += 1
    return torch.tanh(F.conv_transpose2d(
        h, weights["generator.last.weight"], weights["generator.last.bias"], stride=2, padding=1))


def logits(x, w):
    """The discriminator's outputs, by the weights w."""
    h = F.conv2d(x, w["discriminator.first.weight"], w["discriminator.first.bias"], stride=2, padding=1)
    h = F.leaky_relu(h, 0.2)
    stage = 0
    while f"discriminator.stages.{stage}.convolution.weight" in w:
        name = f"discriminator.stages.{stage}"
        h = F.conv2d(h, w[name + ".convolution.weight"], stride=2, padding=1)
        h = F.leaky_relu(normalised(name + ".norm", h, w), 0.2)
        stage += 1
    return torch.addmm(w["discriminator.output.bias"], h.flatten(1), w["discriminator.output.weight"])


def discriminator_loss(x, fake):
    real = logits(x, weights)
    return F.softplus(real).mean() - real.mean() + F.softplus(logits(fake, weights)).mean()


def generator_loss(fake):
    """The discriminator's weights are constants in this turn: nobody uses their gradients."""
    return F.softplus(-logits(fake, {name: w.detach() for name, w in weights.items()})).mean()


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


def adam(parameters, rate, beta):
    return torch.optim.Adam(parameters, lr=rate, betas=(beta, 0.999), fused=on_gpu, capturable=on_gpu)


with torch.no_grad():
    if rbm:
        loss = (free_energy(check) - free_energy(noise)).mean().item()
        w, a, b = (weights[name] for name in ("weights", "visibleBias", "hiddenBias"))
        velocity = [torch.zeros_like(p) for p in (w, a, b)]
    elif dcgan:
        made = generate(noise)
        loss = (discriminator_loss(check, made) + generator_loss(made)).item()
        players = {name: adam([w for each, w in weights.items() if each.startswith(name)], 0.0002, 0.5)
                   for name in ("discriminator", "generator")}
    else:
        loss = bound(check, noise).item()
        optimizer = adam(weights.values(), 0.001, 0.9)

if on_gpu:
    # The check above was in f32, as everybody's; training may round factors to TF32, as everybody's.
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True

if task.mode == "compile":
    # What stays where it is need not be copied into the graph at every step.
    static = [data, noise, *weights.values(), *(velocity if rbm else ()), *sum(running.values(), ())]
    for each in static:
        torch._dynamo.mark_static_address(each)
    objective, update_rbm, generate, discriminator_loss, generator_loss = (
        torch.compile(each, mode="reduce-overhead")
        for each in (objective, update_rbm, generate, discriminator_loss, generator_loss))


def lowered():
    """Where products and convolutions are in bf16 if that was asked for. Gradients follow by themselves."""
    return torch.autocast(task.device, torch.bfloat16, enabled=task.bf16)


def contest(index):
    with lowered():
        fake = generate(torch.randn_like(noise))
    for player, lost in (("discriminator", lambda: discriminator_loss(data[index], fake.detach())),
                         ("generator", lambda: generator_loss(fake))):
        players[player].zero_grad(set_to_none=True)
        with lowered():
            loss = lost()
        loss.backward()
        players[player].step()


def step(index):
    if rbm:
        with torch.no_grad():
            update_rbm(index)
    elif dcgan:
        contest(index)
    else:
        optimizer.zero_grad(set_to_none=True)
        with lowered():
            loss = objective(index)
        loss.backward()
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
    if on_gpu:
        torch.cuda.synchronize()


finished(3)
task.serve(loss, finished)
