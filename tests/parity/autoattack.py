"""Writes autoattack.npz beside this file: AutoAttack's published algorithms in float64, on two fixed networks and MNIST digits.

Run with PyTorch 2.15.0 (CPU) and numpy, as `python tests/parity/autoattack.py` (ten minutes). tests/attack_auto reads it.
Written from the definitions in Croce and Hein 2020 (APGD, DLR, FAB, AutoAttack) and Andriushchenko et al. 2020 (Square), with the
conventions of the authors' programs where the papers are silent: the first loss is compared with 0, windows of Square are shared by
the batch and never reach the last row and column. Everything is vectorised over the batch and in float64; APGD is run in float32 too,
as rounding decides about some digits.

For every network n in `tanh` (784-30-10) and `relu` (784-40-20-10):

n_w0, n_b0, …                   float32 weights (outputs, inputs) and biases, as in PyTorch
n_logits                        (digits, 10): float64 logits of the first DIGITS test digits

and for every norm N in `linf` and `l2` at EPS[n][N], for SEEDS seeds each:

n_N_apgd-ce, n_N_apgd-dlr, n_N_apgd-t, n_N_square, n_N_fab-t    (seeds, digits) bool: what this attack alone broke; clean errors count
n_N_standard                    (seeds, digits): which attack of `standard` broke it: 0 apgd-ce, 1 apgd-t, 2 fab-t, 3 square; 8 where it
                                is misclassified as it is, 9 none
n_N_apgd-ce_32, n_N_apgd-dlr_32, n_N_apgd-t_32                  the same for APGD in float32

Alone Square has QUERIES queries, in `standard` 5000.
"""

import copy
import gzip
from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)
HERE = Path(__file__).parent
DIGITS, SEEDS, QUERIES = 150, 3, 500
EPS = {"tanh": {"linf": 0.06, "l2": 0.9}, "relu": {"linf": 0.05, "l2": 0.8}}


def idx(name, header):
    raw = gzip.open(HERE.parent.parent / "data" / "mnist" / name).read()
    return np.frombuffer(raw, np.uint8)[header:]


def mnist(part):
    labels = idx(f"{part}-labels-idx1-ubyte.gz", 8).astype(np.int64)
    images = idx(f"{part}-images-idx3-ubyte.gz", 16).reshape(len(labels), 784).astype(np.float32) / np.float32(255)
    return torch.from_numpy(images), torch.from_numpy(labels)


def train(sizes, activation, seed):
    torch.manual_seed(seed)
    x, y = mnist("train")
    x, y = x[:10000], y[:10000]
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [torch.nn.Linear(a, b), activation()]
    net = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    for _ in range(8):
        for rows in torch.randperm(len(x)).split(100):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimiser.step()
    return net


def slope(function, x):
    """Values of `function`, one per row, logits and the gradient by x."""
    x = x.detach().requires_grad_()
    value, logits = function(x)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    return value.detach(), logits.detach(), gradient


def size(d, norm):
    return d.abs().amax(1, keepdim=True) if norm == "linf" else d.pow(2).sum(1, keepdim=True).sqrt()


def project(x, x0, eps, norm):
    if norm == "linf":
        return torch.minimum(torch.maximum(x, x0 - eps), x0 + eps).clamp(0, 1)
    d = x - x0
    n = size(d, norm)
    return (x0 + d / (n + 1e-12) * n.clamp(max=eps)).clamp(0, 1)


def loss_of(net, kind, y, target):
    u = torch.arange(len(y))

    def cross_entropy(x):
        z = net(x)
        return z.logsumexp(1) - z[u, y], z

    def dlr(x):
        z = net(x)
        ordered, classes = z.sort(1)
        other = torch.where(classes[:, -1] == y, ordered[:, -2], ordered[:, -1])
        return -(z[u, y] - other) / (ordered[:, -1] - ordered[:, -3] + 1e-12), z

    def targeted(x):
        z = net(x)
        ordered = z.sort(1)[0]
        below = ordered[:, -1] - 0.5 * (ordered[:, -3] + ordered[:, -4]) + 1e-12
        return -(z[u, y] - z[u, target]) / below, z

    return {"ce": cross_entropy, "dlr": dlr, "t": targeted}[kind]


def apgd_run(net, x0, y, eps, norm, kind, target=None, steps=100):
    """Whether any iterate fooled."""
    function = loss_of(net, kind, y, target)
    draw = 2 * torch.rand_like(x0) - 1 if norm == "linf" else torch.randn_like(x0)
    x = (x0 + eps * draw / size(draw, norm)).clamp(0, 1)
    value, z, g = slope(function, x)
    broken = z.argmax(1) != y
    best, best_g, best_value, checked = x.clone(), g.clone(), value.clone(), value.clone()
    step = torch.full((len(x), 1), 2.0 * eps, dtype=x.dtype)
    old, halved = x.clone(), torch.ones(len(x), dtype=torch.bool)
    history = torch.zeros(steps, len(x), dtype=x.dtype)
    k, since = int(0.22 * steps), 0
    for i in range(steps):
        weight = 0.75 if i > 0 else 1.0
        direction = g.sign() if norm == "linf" else g / (size(g, norm) + 1e-12)
        ahead = project(x + step * direction, x0, eps, norm)
        new = project(x + weight * (ahead - x) + (1 - weight) * (x - old), x0, eps, norm)
        old, x = x, new
        value, z, g = slope(function, x)
        broken |= z.argmax(1) != y
        history[i] = value
        better = value > best_value
        best[better], best_g[better], best_value[better] = x[better], g[better], value[better]
        since += 1
        if since == k:
            rises = sum((history[i - c] > history[i - c - 1]).double() for c in range(k))  # -1 is the last row: zeros
            halve = (rises <= 0.75 * k) | (~halved & (checked >= best_value))
            halved, checked = halve, best_value.clone()
            step[halve] /= 2
            x, g = x.clone(), g.clone()
            x[halve], g[halve] = best[halve], best_g[halve]
            k, since = max(k - int(0.03 * steps), int(0.06 * steps)), 0
    return broken


def only_standing(attack, broken, *arrays):
    """Runs an attack on what is not broken yet."""
    rows = (~broken).nonzero().flatten()
    if len(rows):
        broken = broken.clone()
        broken[rows] = attack(*(a[rows] for a in arrays))
    return broken


def apgd(kind):
    def attack(net, x, y, eps, norm, queries=None):
        broken = net(x).argmax(1) != y
        if kind != "t":
            return only_standing(lambda x, y: apgd_run(net, x, y, eps, norm, kind), broken, x, y)
        order = net(x).argsort(1, descending=True)
        for rank in range(1, 10):
            run = lambda x, y, t: apgd_run(net, x, y, eps, norm, "t", t)
            broken = only_standing(run, broken, x, y, order[:, rank])
        return broken

    return attack


def onto(x, w, b, norm):
    """The smallest d with w (x + d) = b and x + d in [0, 1], by bisection; the nearest corner where there is none."""
    c = (w * x).sum(1, keepdim=True) - b
    along = -c.sign() * (w.sign() if norm == "linf" else w)
    change = lambda t: (t * along).clamp(min=-x, max=1 - x)
    reached = lambda t: c.sign() * (c + (w * change(t)).sum(1, keepdim=True)) <= 0
    low, high = torch.zeros_like(c), torch.ones_like(c)
    for _ in range(60):
        high = torch.where(reached(high), high, 2 * high)
    for _ in range(90):
        middle = 0.5 * (low + high)
        hit = reached(middle)
        low, high = torch.where(hit, low, middle), torch.where(hit, middle, high)
    return change(high)


def fab_run(net, x0, y, target, eps, norm, steps=100):
    u = torch.arange(len(y))

    def difference(x):
        z = net(x)
        return z[u, target] - z[u, y], z

    x, nearest = x0.clone(), torch.full((len(y), 1), 1e10, dtype=x0.dtype)
    for _ in range(steps):
        df, _, w = slope(difference, x)
        b = (w * x).sum(1, keepdim=True) - df[:, None]
        d, d0 = onto(x, w, b, norm), onto(x0, w, b, norm)
        a, a0 = size(d, norm).clamp(min=1e-8), size(d0, norm).clamp(min=1e-8)
        alpha = (a / (a + a0)).clamp(max=0.1)
        x = ((x + 1.05 * d) * (1 - alpha) + (x0 + 1.05 * d0) * alpha).clamp(0, 1)
        fooled = (net(x).argmax(1) != y)[:, None]
        far = size(x - x0, norm)
        nearest = torch.where(fooled & (far < nearest), far, nearest)
        x = torch.where(fooled, x0 + 0.9 * (x - x0), x)
    return nearest[:, 0] <= eps


def fab_t(net, x, y, eps, norm, queries=None):
    broken = net(x).argmax(1) != y
    order = net(x).argsort(1, descending=True)
    for rank in range(1, 10):
        broken = only_standing(lambda x, y, t: fab_run(net, x, y, t, eps, norm), broken, x, y, order[:, rank])
    return broken


def share(i):
    return 0.8 / 2 ** sum(i > after for after in (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000))


def place(side):
    return int(torch.rand(1).item() * (28 - side))


def signs(*shape):
    return torch.where(torch.rand(*shape, dtype=torch.float64) > 0.5, 1.0, -1.0).double()


def bump(rows, columns):
    d = torch.zeros(rows, columns, dtype=torch.float64)
    for k in range(max(rows, columns) // 2 + 1):
        top, left = rows // 2 - k, columns // 2 - k
        d[max(top, 0) : top + 2 * k + 1, max(left, 0) : left + 2 * k + 1] += 1 / (k + 1) ** 2
    return d / d.norm()


def pattern(side):
    d = torch.cat([bump(side // 2, side), -bump(side - side // 2, side)])
    d = d / d.norm()
    return d if torch.rand(1) < 0.5 else d.T


def square_run(net, x0, y, eps, norm, queries):
    n = len(y)
    x0 = x0.reshape(n, 28, 28)
    length = lambda d: d.pow(2).sum((1, 2), keepdim=True).sqrt()

    def margin(x):
        z = net(x.reshape(len(x), 784))
        own = z.gather(1, y_now[:, None])[:, 0]
        return own - z.scatter(1, y_now[:, None], -torch.inf).amax(1)

    if norm == "linf":
        best = (x0 + eps * signs(n, 1, 28)).clamp(0, 1)
    else:
        start = torch.zeros_like(x0)
        for top in range(1, 26, 5):
            for left in range(1, 26, 5):
                start[:, top : top + 5, left : left + 5] = pattern(5) * signs(n, 1, 1)
        best = (x0 + eps * start / length(start)).clamp(0, 1)
    y_now = y
    margins = margin(best)
    for i in range(queries):
        rows = (margins > 0).nonzero().flatten()
        if len(rows) == 0:
            break
        clean, now, y_now = x0[rows], best[rows], y[rows]
        side = round((share(i) * 784) ** 0.5)
        if norm == "linf":
            side = max(side, 1)
            top, left = place(side), place(side)
            new = now.clone()
            new[:, top : top + side, left : left + side] += 2 * eps * signs(1)
            new = torch.minimum(torch.maximum(new, clean - eps), clean + eps).clamp(0, 1)
        else:
            side = max(side, 3)
            side += side % 2 == 0
            d = now - clean
            whole = length(d)
            a, b = place(side), place(side)
            taker = (slice(None), slice(a, a + side), slice(b, b + side))
            a, b = place(side), place(side)
            giver = (slice(None), slice(a, a + side), slice(b, b + side))
            mask = torch.zeros_like(d)
            mask[taker] = 1
            mask[giver] = 1
            both = length(d * mask)
            old = d[taker].clone()
            fresh = pattern(side) * signs(len(rows), 1, 1) + old / (1e-12 + length(old))
            fresh = fresh / (1e-12 + length(fresh)) * ((eps**2 - whole**2).clamp(min=0) + both**2).sqrt()
            d[giver] = 0
            d[taker] = fresh
            new = (clean + eps * d / (length(d) + 1e-12)).clamp(0, 1)
        m = margin(new)
        take = (m < margins[rows]) | (m <= 0)
        best[rows[take]], margins[rows[take]] = new[take], m[take]
    return margins <= 0


def square(net, x, y, eps, norm, queries):
    broken = net(x).argmax(1) != y
    return only_standing(lambda x, y: square_run(net, x, y, eps, norm, queries), broken, x, y)


ATTACKS = {"apgd-ce": apgd("ce"), "apgd-dlr": apgd("dlr"), "apgd-t": apgd("t"), "fab-t": fab_t, "square": square}


def standard(net, x, y, eps, norm):
    by = np.full(len(y), 9)
    by[(net(x).argmax(1) != y).numpy()] = 8
    for number, name in enumerate(["apgd-ce", "apgd-t", "fab-t", "square"]):
        rows = np.flatnonzero(by == 9)
        if len(rows):
            broken = ATTACKS[name](net, x[rows], y[rows], eps, norm, 5000).numpy()
            by[rows[broken]] = number
    return by


def in_float32(net, x, y, eps, norm):
    """What APGD breaks in float32, by name."""
    net = copy.deepcopy(net).float()
    found = {}
    for attack in ["apgd-ce", "apgd-dlr", "apgd-t"]:
        runs = []
        for seed in range(SEEDS):
            torch.manual_seed(seed)
            runs.append(ATTACKS[attack](net, x.float(), y, eps, norm).numpy())
        found[f"{attack}_32"] = np.array(runs).astype(np.uint8)
    return found


def main():
    x, y = mnist("t10k")
    x, y = x[:DIGITS].double(), y[:DIGITS]
    arrays = {}
    nets = {"tanh": ([784, 30, 10], torch.nn.Tanh), "relu": ([784, 40, 20, 10], torch.nn.ReLU)}
    for name, (sizes, activation) in nets.items():
        net = train(sizes, activation, 1)
        for i, layer in enumerate(net[::2]):
            arrays[f"{name}_w{i}"] = layer.weight.detach().numpy()
            arrays[f"{name}_b{i}"] = layer.bias.detach().numpy()
        net = net.double().requires_grad_(False)
        arrays[f"{name}_logits"] = net(x).numpy()
        for norm in ["linf", "l2"]:
            eps = EPS[name][norm]
            runs = {attack: [] for attack in [*ATTACKS, "standard"]}
            for seed in range(SEEDS):
                for attack, run in ATTACKS.items():
                    torch.manual_seed(seed)
                    runs[attack].append(run(net, x, y, eps, norm, QUERIES).numpy())
                torch.manual_seed(seed)
                runs["standard"].append(standard(net, x, y, eps, norm))
            for attack, found in in_float32(net, x, y, eps, norm).items():
                arrays[f"{name}_{norm}_{attack}"] = found
            for attack, found in runs.items():
                arrays[f"{name}_{norm}_{attack}"] = np.array(found).astype(np.uint8)
                print(name, norm, attack, [int((f == 9).sum()) if attack == "standard" else int((~f).sum()) for f in found], flush=True)
    np.savez_compressed(HERE / "autoattack.npz", **arrays)


if __name__ == "__main__":
    main()
