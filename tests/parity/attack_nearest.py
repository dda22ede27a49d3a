"""Writes attack_nearest.npz beside this file: minimal-norm attacks in float64, and what foolbox and torchattacks find.

Run with PyTorch 2.15.0 (CPU), foolbox 3.3.4, torchattacks 3.5.1 and scipy 1.17.1, Python 3, as
`python tests/parity/attack_nearest.py`; it takes some minutes. tests/attack_nearest.rs gives the parameters to an `Mlp`,
attacks the same digits and compares.

The algorithms are written here from their papers, in numpy and float64, from parameters and images that are float32 numbers.
Projections are found by sorting, where the library iterates. `x` after every step is rounded to float32 where the library does so.

<net>.p<i>        the parameters in the order weight, bias of every layer, float32, biases as one row
<net>.rows        which of the 10,000 test digits
<net>.<attack>    distances, NaN where the attack fails, 0 where the digit is misclassified
<net>.<attack>.steps    steps to the nearest image, for DeepFool and FAB
<net>.peer.<attack>     distances of the peers
projection.*      hyperplanes, points and the distances of their projections, by linear and quadratic programs of scipy
"""

import gzip
from pathlib import Path

import foolbox
import numpy as np
import scipy.optimize
import torch
import torchattacks

HERE = Path(__file__).parent
MNIST = HERE.parent.parent / "data" / "mnist"
NETS = {"tanh": [784, 30, 10], "relu": [784, 20, 20, 10]}
DIGITS = 40


def idx(name, header):
    return np.frombuffer(gzip.open(MNIST / name).read(), np.uint8, offset=header)


def digits(part):
    images = idx(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype(np.float32) / np.float32(255)
    return images, idx(f"{part}-labels-idx1-ubyte.gz", 8).astype(np.int64)


# Networks.


def train(name, images, labels):
    """A torch network with some epochs of Adam."""
    torch.manual_seed(7)
    widths = NETS[name]
    layers = []
    for before, after in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(before, after), torch.nn.Tanh() if name == "tanh" else torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    x, y = torch.tensor(images[:20000]), torch.tensor(labels[:20000])
    for _ in range(6):
        for rows in torch.randperm(len(x)).split(100):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimiser.step()
    return net.eval()


class Oracle:
    """The same network on one image in float64, with the gradient of any combination of logits."""

    def __init__(self, name, net):
        layers = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
        self.weights = [layer.weight.detach().double().numpy() for layer in layers]
        self.biases = [layer.bias.detach().double().numpy() for layer in layers]
        self.tanh = name == "tanh"

    def passes(self, x):
        hidden = []
        for w, b in zip(self.weights[:-1], self.biases[:-1]):
            x = w @ x + b
            x = np.tanh(x) if self.tanh else np.maximum(x, 0)
            hidden.append(x)
        return self.weights[-1] @ x + self.biases[-1], hidden

    def logits(self, x):
        return self.passes(x)[0]

    def gradient(self, x, cotangent):
        hidden = self.passes(x)[1]
        g = cotangent @ self.weights[-1]
        for w, h in zip(self.weights[-2::-1], hidden[::-1]):
            g = (g * ((1 - h * h) if self.tanh else (h > 0))) @ w
        return g

    def difference(self, x, up, down):
        """z_up - z_down and its gradient."""
        cotangent = np.zeros(len(self.biases[-1]))
        cotangent[up], cotangent[down] = 1, -1
        z = self.logits(x)
        return z[up] - z[down], self.gradient(x, cotangent)


def ranked(z):
    return np.argsort(-z, kind="stable")


def dual(norm, w):
    return np.abs(w).sum() if norm == "Linf" else np.sqrt((w * w).sum())


def size(norm, d):
    return np.abs(d).max() if norm == "Linf" else np.sqrt((d * d).sum())


def f32(x):
    return x.astype(np.float32).astype(np.float64)


# The attacks, one image at a time.


def deep_fool(net, x0, label, norm, steps=50, candidates=10, overshoot=0.02):
    z = net.logits(x0)
    first, *others = ranked(z)[:candidates]
    if first != label:
        return 0.0, 0
    total, x = np.zeros_like(x0), x0
    for step in range(1, steps + 1):
        best = None
        for k in others:
            f, w = net.difference(x, k, first)
            distance = abs(f) / dual(norm, w)
            if best is None or distance < best[0]:
                best = distance, w
        distance, w = best
        total = total + (distance + 1e-4) * (w / dual("L2", w) if norm == "L2" else np.sign(w))
        x = f32(np.clip(x0 + (1 + overshoot) * total, 0, 1))
        if ranked(net.logits(x))[0] != label:
            return size(norm, x - x0), step
    return np.nan, 0


def project(norm, x, w, excess):
    """The smallest d with w (x + d) = w x - excess and x + d in [0, 1]; the corner where there is none."""
    way = -np.sign(excess) * np.sign(w)
    room = np.where(way > 0, 1 - x, x) * (w != 0)
    weight = np.abs(w) if norm == "Linf" else w * w
    cap = room if norm == "Linf" else np.divide(room, np.abs(w), out=np.zeros_like(w), where=w != 0)
    need = abs(excess)
    if (weight * cap).sum() <= need:
        return way * room
    order = np.argsort(cap, kind="stable")
    caps, weights = cap[order], weight[order]
    # g at every cap: what has ended, and what goes on.
    ended = np.cumsum(weights * caps)
    going = weights.sum() - np.cumsum(weights)
    reached = ended + going * caps
    first = int(np.searchsorted(reached, need))
    before = ended[first - 1] if first else 0.0
    slope = weights[first:].sum()
    t = (need - before) / slope
    return way * np.minimum(t * (1 if norm == "Linf" else np.abs(w)), room)


def fab(net, x0, label, norm, steps, targets=0, alpha_max=0.1, eta=1.05, beta=0.9):
    order = ranked(net.logits(x0))
    if order[0] != label:
        return 0.0, 0
    best, at = np.nan, 0
    for run in [order[1:]] if targets == 0 else [[k] for k in order[1 : targets + 1]]:
        x = x0
        for step in range(1, steps + 1):
            planes = [net.difference(x, k, label) for k in run]
            f, w = min(planes, key=lambda plane: abs(plane[0]) / (dual(norm, plane[1]) + 1e-12))
            d, d0 = project(norm, x, w, f), project(norm, x0, w, f + w @ (x0 - x))
            a, a0 = max(size(norm, d), 1e-8), max(size(norm, d0), 1e-8)
            alpha = min(a / (a + a0), alpha_max)
            x = f32(np.clip((1 - alpha) * (x + eta * d) + alpha * (x0 + eta * d0), 0, 1))
            if ranked(net.logits(x))[0] != label:
                distance = size(norm, x - x0)
                if not distance >= best:
                    best, at = distance, step
                x = f32(x0 + beta * (x - x0))
    return best, at


def carlini_wagner(net, x0, label, searches, steps, target=None, kappa=0.0, abort=True, c=1e-3, rate=0.1):
    def margin(z):
        if target is None:
            return z[label] - np.delete(z, label).max(), label, ranked(np.where(np.arange(10) == label, -np.inf, z))[0]
        other = ranked(np.where(np.arange(10) == target, -np.inf, z))[0]
        return z[other] - z[target], other, target

    m, *_ = margin(net.logits(x0))
    if m < 0 and -m >= kappa:
        return 0.0
    w0 = np.arctanh(0.999999 * (2 * x0 - 1))
    x_rec = 0.5 + 0.5 * np.tanh(w0)
    lower, upper, best = 0.0, np.inf, np.nan
    for search in range(searches):
        if searches >= 10 and search == searches - 1:
            c = min(upper, 1e10)
        w, mean, square = np.zeros_like(x0), np.zeros_like(x0), np.zeros_like(x0)
        fooled, before = False, np.inf
        for step in range(steps):
            x = 0.5 + 0.5 * np.tanh(w0 + w)
            image = f32(x)
            m, up, down = margin(net.logits(image))
            if m < 0 and -m >= kappa:
                fooled = True
                distance = size("L2", image - x0)
                best = distance if not distance >= best else best
            loss = ((x - x_rec) ** 2).sum() + c * max(0.0, m + kappa)
            if abort and step % -(-steps // 10) == 0:
                if not loss <= 0.9999 * before:
                    break
                before = loss
            g = 2 * (x - x_rec)
            if m + kappa > 0:
                g = g + c * net.difference(image, up, down)[1]
            g = g * 2 * x * (1 - x)
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g * g
            w = w - rate * (mean / (1 - 0.9 ** (step + 1))) / (np.sqrt(square / (1 - 0.999 ** (step + 1))) + 1e-8)
        if fooled:
            upper = c
        else:
            lower = c
        c = (lower + upper) / 2 if np.isfinite(upper) else 10 * c
    return best


# The peers.


def peer_distances(norm, x, found, wrong, success):
    d = (found - x).numpy().reshape(len(x), -1).astype(np.float64)
    distances = np.array([size(norm, row) for row in d])
    return np.where(wrong, 0.0, np.where(success, distances, np.nan))


def peers(net, images, labels):
    x, y = torch.tensor(images).reshape(-1, 1, 28, 28), torch.tensor(labels)
    model = torch.nn.Sequential(torch.nn.Flatten(), net).eval()
    wrong = (model(x).argmax(1) != y).numpy()
    fmodel = foolbox.PyTorchModel(model, bounds=(0, 1))
    out = {}

    def record(name, norm, found):
        success = (model(found).argmax(1) != y).numpy()
        out[name] = peer_distances(norm, x, found.detach(), wrong, success)

    for norm, attack in [("L2", foolbox.attacks.L2DeepFoolAttack()), ("Linf", foolbox.attacks.LinfDeepFoolAttack())]:
        record(f"foolbox.deepfool.{norm}", norm, attack.run(fmodel, x, y))
    # One digit at a time: foolbox ends a search by the loss of the batch.
    attack = foolbox.attacks.L2CarliniWagnerAttack(steps=100, stepsize=0.1)
    record("foolbox.cw", "L2", torch.cat([attack.run(fmodel, x[i : i + 1], y[i : i + 1]) for i in range(len(x))]))
    targets = (y + 3) % 10
    criterion = foolbox.criteria.TargetedMisclassification
    found = torch.cat([attack.run(fmodel, x[i : i + 1], criterion(targets[i : i + 1])) for i in range(len(x))])
    success = (model(found).argmax(1) == targets).numpy()
    wrong_target = (model(x).argmax(1) == targets).numpy()
    out["foolbox.cw.targeted"] = peer_distances("L2", x, found, wrong_target, success)
    record("torchattacks.deepfool", "L2", torchattacks.DeepFool(model)(x, y))
    for norm, reach in [("Linf", 1.0), ("L2", 28.0)]:
        fab = torchattacks.FAB(model, norm=norm, eps=reach, steps=100)
        record(f"torchattacks.fab.{norm}", norm, fab(x, y))
        for eps in [0.03, 0.06] if norm == "Linf" else [0.5, 1.0]:
            fab = torchattacks.FAB(model, norm=norm, eps=eps, steps=100, multi_targeted=True)
            found = fab(x, y)
            out[f"torchattacks.fab_t.{norm}.{eps}"] = (model(found).argmax(1) != y).numpy().astype(np.float64)
    return out


def programs():
    """Projections of 20 points by general solvers."""
    random = np.random.default_rng(2)
    d, n = 15, 20
    points = np.clip(random.uniform(-0.5, 1.5, (n, d)), 0, 1).astype(np.float32)
    normals = random.normal(size=(n, d)).astype(np.float32)
    out = {"points": points, "normals": normals}
    offsets, linf, l2 = [], [], []
    for x, w in zip(points.astype(np.float64), normals.astype(np.float64)):
        most = np.maximum(w, 0).sum()
        offset = float(np.float32(w @ x + random.uniform(0.1, 0.9) * (most - w @ x)))
        offsets.append(offset)
        # min t with |z - x| <= t, w z = offset, 0 <= z <= 1.
        one = np.ones((d, 1))
        linear = scipy.optimize.linprog(
            np.r_[np.zeros(d), 1],
            A_ub=np.block([[np.eye(d), -one], [-np.eye(d), -one]]),
            b_ub=np.r_[x, -x],
            A_eq=np.r_[w, 0][None],
            b_eq=[offset],
            bounds=[(0, 1)] * d + [(0, None)],
        )
        quadratic = scipy.optimize.minimize(
            lambda z: ((z - x) ** 2).sum(),
            np.where(w > 0, 1.0, x),
            jac=lambda z: 2 * (z - x),
            bounds=[(0, 1)] * d,
            constraints={"type": "eq", "fun": lambda z: w @ z - offset, "jac": lambda z: w},
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 1000},
        )
        assert linear.status == 0 and abs(w @ quadratic.x - offset) < 1e-9
        linf.append(linear.fun)
        l2.append(np.sqrt(quadratic.fun))
    return out | {"offsets": np.array(offsets), "Linf": np.array(linf), "L2": np.array(l2)}


def main():
    arrays = {f"projection.{name}": values for name, values in programs().items()}
    train_images, train_labels = digits("train")
    images, labels = digits("t10k")
    for name in NETS:
        net = train(name, train_images, train_labels)
        layers = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
        for i, layer in enumerate(layers):
            arrays[f"{name}.p{2 * i}"] = layer.weight.detach().numpy()
            arrays[f"{name}.p{2 * i + 1}"] = layer.bias.detach().numpy()[None]
        with torch.no_grad():
            said = net(torch.tensor(images)).argmax(1).numpy()
        wrong = np.flatnonzero(said != labels)
        print(name, "test error", len(wrong) / 10000)
        rows = np.sort(np.r_[np.flatnonzero(said == labels)[: DIGITS - 2], wrong[:2]])
        arrays[f"{name}.rows"] = rows.astype(np.int64)
        net_images, net_labels = images[rows], labels[rows]
        for key, values in peers(net, net_images, net_labels).items():
            arrays[f"{name}.peer.{key}"] = values
        oracle = Oracle(name, net)
        cases = {}
        for norm in ["Linf", "L2"]:
            for steps in [1, 2, 3, 50]:
                cases[f"deepfool.{norm}.{steps}"] = lambda x, y, n=norm, s=steps: deep_fool(oracle, x, y, n, s)
            cases[f"deepfool.{norm}.3classes"] = lambda x, y, n=norm: deep_fool(oracle, x, y, n, candidates=3)
            cases[f"deepfool.{norm}.far"] = lambda x, y, n=norm: deep_fool(oracle, x, y, n, overshoot=0.5)
            for steps in [1, 2, 3, 5, 10, 100]:
                cases[f"fab.{norm}.{steps}"] = lambda x, y, n=norm, s=steps: fab(oracle, x, y, n, s)
            cases[f"fab.{norm}.other"] = lambda x, y, n=norm: fab(oracle, x, y, n, 10, 0, 0.3, 1.2, 0.7)
            for steps in [1, 3, 20]:
                cases[f"fab_t.{norm}.{steps}"] = lambda x, y, n=norm, s=steps: fab(oracle, x, y, n, s, 9)
        cw = lambda *a, **k: lambda x, y: (carlini_wagner(oracle, x, y, *a, **k), 0)
        cases["cw.one"] = cw(1, 40, c=1.0, abort=False)
        cases["cw.some"] = cw(5, 60, abort=False)
        cases["cw.abort"] = cw(9, 100)
        cases["cw.repeat"] = cw(10, 40, abort=False)
        cases["cw.kappa"] = cw(9, 100, kappa=1.5)
        cases["cw.slow"] = cw(6, 100, c=0.1, rate=0.01)
        cases["cw.targeted"] = lambda x, y: (carlini_wagner(oracle, x, y, 9, 100, target=(y + 3) % 10), 0)
        for key, attack in cases.items():
            found = [attack(x.astype(np.float64), int(y)) for x, y in zip(net_images, net_labels)]
            arrays[f"{name}.{key}"] = np.array([distance for distance, _ in found])
            arrays[f"{name}.{key}.steps"] = np.array([step for _, step in found], dtype=np.int64)
            distances = arrays[f"{name}.{key}"]
            print(name, key, "median", np.nanmedian(distances), "failed", int(np.isnan(distances).sum()), flush=True)
    np.savez_compressed(HERE / "attack_nearest.npz", **arrays)


if __name__ == "__main__":
    main()
