"""PyTorch: the sum of log Z over linear chains and its gradients, as its users write them.

graph      probabilities, scaled at every step; forward and backward pass captured in one CUDA graph
log-graph  logsumexp at every step; likewise
eager      as graph, without one

See contender.py for the arguments; the gradients are left in out.unary and out.transitions.
"""
import sys

import contender

task = contender.Task("torch_chains.py", ("graph", "log-graph", "eager"))
MOST_STEPS = 4096  # a graph of more nodes takes minutes to make

import torch  # noqa: E402  (after the arguments, so that --list needs no PyTorch)

device = torch.device(task.device)
array = {name: torch.from_file(file, size=contender.size(extents)).reshape(extents).clone().to(device)
         for name, (file, extents) in task.arrays.items()}
unary, transitions = array["unary"].requires_grad_(), array["transitions"].requires_grad_()
n, steps, states = unary.shape
if steps > MOST_STEPS:
    sys.exit(f"torch_chains.py: a loop of {steps} steps is not for a graph")
torch.set_float32_matmul_precision("highest")


def scaled():
    top = unary.detach().amax(2, keepdim=True)
    b = (unary - top).exp()
    shift = transitions.detach().max()
    a = (transitions - shift).exp()
    f = b[:, 0]
    total = f.sum(1, keepdim=True)
    log_z = total.log()
    f = f / total
    for t in range(1, steps):
        f = (f @ a) * b[:, t]
        total = f.sum(1, keepdim=True)
        log_z = log_z + total.log()
        f = f / total
    return log_z.sum() + top.sum() + n * (steps - 1) * shift


def logarithmic():
    f = unary[:, 0]
    for t in range(1, steps):
        f = torch.logsumexp(f.unsqueeze(2) + transitions, 1) + unary[:, t]
    return torch.logsumexp(f, 1).sum()


compute = logarithmic if task.mode == "log-graph" else scaled


def step():
    unary.grad.zero_()
    transitions.grad.zero_()
    value = compute()
    value.backward()
    return value


unary.grad, transitions.grad = torch.zeros_like(unary), torch.zeros_like(transitions)
if task.mode == "eager":
    result = step()
    run = step
else:
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        step()
    torch.cuda.current_stream().wait_stream(side)
    captured = torch.cuda.CUDAGraph()
    with torch.cuda.graph(captured):
        result = step()
    run = captured.replay
    run()


def finished(times):
    for _ in range(times):
        run()
    if task.device == "cuda":
        torch.cuda.synchronize()


finished(1)
task.leave("out.unary", unary.grad.cpu().numpy().tobytes())
task.leave("out.transitions", transitions.grad.cpu().numpy().tobytes())
task.serve(result.item(), finished)
