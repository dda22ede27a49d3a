"""Writes attack_gradient.npz beside this file: attacks along gradients by torchattacks and foolbox.

Run with PyTorch 2.15.0 (CPU), torchattacks 3.5.1, foolbox 3.3.4, Python 3.11, as `python tests/parity/attack_gradient.py`.
tests/attack_gradient.rs runs our attacks on the same network and digits and compares. The peers run in float64, on weights and pixels
that are float32 numbers: where ours differ, rounding of ours decided the sign of a small gradient.

w1, b1, w2, b2        784-24-10 tanh network, trained on the first 5000 digits; weights (outputs, inputs), float32
<attack>.images       (10, 784)  images of the first 10 test digits, float32
<attack>.predictions  (60,)      classes of the images of the first 60 test digits
<attack>.start        (60, 784)  where the peer started, for attacks with a random start, float32

The starts are what the network saw first. Sizes and steps stand in ATTACKS; tests/attack_gradient/parity.rs repeats them.
"""

import gzip
from pathlib import Path

import foolbox
import numpy as np
import torch
import torchattacks
from foolbox import attacks as fb
from foolbox.criteria import Misclassification, TargetedMisclassification

HERE = Path(__file__).resolve().parent
DIGITS = HERE.parents[1] / "data" / "mnist"
EXAMPLES, SHOWN = 60, 10


def digits(part, count):
    def read(name, header, width):
        content = gzip.decompress((DIGITS / f"{part}-{name}-ubyte.gz").read_bytes())
        return np.frombuffer(content, np.uint8, count * width, header)

    pixels = read("images-idx3", 16, 784).reshape(count, 1, 28, 28).astype(np.float32) / np.float32(255)
    return torch.tensor(pixels), torch.tensor(read("labels-idx1", 8, 1).astype(np.int64))


class Network(torch.nn.Module):
    """Remembers the first images that it was asked about."""

    def __init__(self):
        super().__init__()
        self.hidden, self.readout = torch.nn.Linear(784, 24), torch.nn.Linear(24, 10)
        self.first = None

    def forward(self, x):
        if self.first is None:
            self.first = x.detach().clone()
        return self.readout(torch.tanh(self.hidden(x.flatten(1))))


def trained():
    torch.manual_seed(3)
    net, (x, y) = Network(), digits("train", 5000)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(12):
        for rows in torch.randperm(5000).split(100):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimiser.step()
    return net


def towards_next(attack):
    attack.set_mode_targeted_by_function(lambda images, labels: (labels + 1) % 10)
    return attack


LINF, L2, L1 = 0.1, 1.5, 10.0
# Name: the attack of a network, for torchattacks; the attack, eps, and whether it is targeted, for foolbox.
TORCHATTACKS = {
    "ta_fgsm": lambda net: torchattacks.FGSM(net, eps=LINF),
    "ta_bim": lambda net: torchattacks.BIM(net, eps=LINF, alpha=2 / 255, steps=10),
    "ta_pgd": lambda net: torchattacks.PGD(net, eps=LINF, alpha=2 / 255, steps=10, random_start=False),
    "ta_pgd_random": lambda net: torchattacks.PGD(net, eps=LINF, alpha=2 / 255, steps=10, random_start=True),
    "ta_pgd_targeted": lambda net: towards_next(
        torchattacks.PGD(net, eps=LINF, alpha=2 / 255, steps=10, random_start=False)
    ),
    "ta_pgd_l2": lambda net: torchattacks.PGDL2(net, eps=L2, alpha=0.2, steps=10, random_start=False),
    "ta_pgd_l2_random": lambda net: torchattacks.PGDL2(net, eps=L2, alpha=0.2, steps=10, random_start=True),
    "ta_mifgsm": lambda net: torchattacks.MIFGSM(net, eps=LINF, alpha=2 / 255, steps=10, decay=1.0),
    "ta_ffgsm": lambda net: torchattacks.FFGSM(net, eps=LINF, alpha=1.25 * LINF),
}
FOOLBOX = {
    "fb_fgm": (fb.LinfFastGradientAttack(), LINF, False),
    "fb_fgm_l2": (fb.L2FastGradientAttack(), L2, False),
    "fb_fgm_l1": (fb.L1FastGradientAttack(), L1, False),
    "fb_bim": (fb.LinfBasicIterativeAttack(), LINF, False),
    "fb_bim_l2": (fb.L2BasicIterativeAttack(), L2, False),
    "fb_bim_l1": (fb.L1BasicIterativeAttack(), L1, False),
    "fb_pgd": (fb.LinfPGD(random_start=False), LINF, False),
    "fb_pgd_random": (fb.LinfPGD(), LINF, False),
    "fb_pgd_targeted": (fb.LinfPGD(random_start=False), LINF, True),
    "fb_pgd_l2": (fb.L2PGD(random_start=False), L2, False),
    "fb_pgd_l2_random": (fb.L2PGD(), L2, False),
    "fb_pgd_l1": (fb.L1PGD(random_start=False), L1, False),
    "fb_mifgsm": (fb.LinfMomentumIterativeFastGradientMethod(), LINF, False),
    "fb_mifgsm_l2": (fb.L2MomentumIterativeFastGradientMethod(), L2, False),
}


def main():
    net = trained()
    arrays = {
        "w1": net.hidden.weight, "b1": net.hidden.bias, "w2": net.readout.weight, "b2": net.readout.bias,
    }
    arrays = {name: value.detach().numpy().copy() for name, value in arrays.items()}
    net = net.double().eval()
    x, y = digits("t10k", EXAMPLES)
    x = x.double()
    model = foolbox.PyTorchModel(net, bounds=(0, 1), device="cpu")
    for name in list(TORCHATTACKS) + list(FOOLBOX):
        torch.manual_seed(5)
        net.first = None
        if name in TORCHATTACKS:
            found = TORCHATTACKS[name](net)(x, y)
        else:
            attack, eps, targeted = FOOLBOX[name]
            criterion = TargetedMisclassification((y + 1) % 10) if targeted else Misclassification(y)
            found = attack.run(model, x, criterion, epsilon=eps)
        start = net.first.flatten(1)
        with torch.no_grad():
            predictions = net(found).argmax(1)
        print(f"{name:18} error {(predictions != y).double().mean():.3f}, next {(predictions == (y + 1) % 10).double().mean():.3f}")
        arrays[f"{name}.images"] = found.flatten(1)[:SHOWN].numpy().astype(np.float32)
        arrays[f"{name}.predictions"] = predictions.numpy().astype(np.uint8)
        if name.endswith("random") or name == "ta_ffgsm":
            arrays[f"{name}.start"] = start.numpy().astype(np.float32)
    np.savez_compressed(HERE / "attack_gradient.npz", **arrays)


if __name__ == "__main__":
    main()
