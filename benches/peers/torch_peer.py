#!/usr/bin/env python3
"""PyTorch's side of `cargo xtask bench`: the work of benches/ours.rs as a PyTorch user writes it.

    torch_peer.py [--threads N] CASE

prepares the case, does it once, and writes `ready`. Then it answers every line of its input with one
line: `run` does the work once and gives `{"seconds": ..., "loss": ...}`, `peak` gives the largest memory
of the process since it was prepared, in bytes. It ends with its input.
"""

import argparse
import gzip
import json
import pathlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional

# The spectral penalty pulls eigenvalue n to lambda_tau (tau / n)^ALPHA from n = TAU on, counted from 1.
TAU = 10
ALPHA = 1.0


class Mlp(nn.Module):
    """Dense layers with tanh behind each but the last."""

    def __init__(self, *widths):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x):
        """Hidden activations of every layer, and logits."""
        *hidden, readout = self.layers
        taps = []
        for layer in hidden:
            x = torch.tanh(layer(x))
            taps.append(x)
        return taps, readout(x)


class Cnn(nn.Module):
    """Two blocks of 3x3 convolution, tanh and 2x2 maximum, with 16 and 32 channels; 1000 dense units."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3), nn.Tanh(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3), nn.Tanh(), nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.dense = nn.Linear(32 * 5 * 5, 1000)
        self.readout = nn.Linear(1000, 10)

    def forward(self, x):
        """Activations of the dense hidden layer, and logits."""
        tap = torch.tanh(self.dense(self.features(x.unflatten(1, (1, 28, 28)))))
        return [tap], self.readout(tap)


def covariance(tap):
    centred = tap - tap.mean(dim=0)
    return centred.T @ centred / (len(tap) - 1)


@torch.no_grad()
def eigenvectors(tap):
    """Float32 covariance, float64 eigenvectors as columns, as in the published code."""
    return torch.linalg.eigh(covariance(tap).double()).eigenvectors.float()


def penalty_in_a_loop(tap, vectors):
    """The published way: the whole rotated covariance, then one eigenvalue after the other."""
    rotated = vectors.T @ covariance(tap) @ vectors
    spectrum = rotated.diagonal().sort(descending=True).values
    anchor = spectrum[TAU - 1].item()
    total = torch.zeros(())
    for n in range(TAU + 1, len(spectrum) + 1):
        value = spectrum[n - 1]
        if value > 0:
            excess = value / (anchor * (TAU / n) ** ALPHA) - 1
            total = total + excess ** 2 + torch.relu(excess)
    return total / len(spectrum)


def penalty_vectorised(tap, vectors):
    """The same number from one product and no loop."""
    rotated = (tap - tap.mean(dim=0)) @ vectors
    spectrum = (rotated.square().sum(dim=0) / (len(tap) - 1)).sort(descending=True).values
    rank = torch.arange(TAU + 1, len(spectrum) + 1)
    target = spectrum[TAU - 1].detach() * (TAU / rank) ** ALPHA
    values = spectrum[TAU:]
    excess = (values / target - 1)[values > 0]
    return (excess.square() + torch.relu(excess)).sum() / len(spectrum)


def images(count):
    return torch.rand(count, 28 * 28)


def digits(count):
    """The first digits of the shipped MNIST, and their classes."""
    folder = pathlib.Path(__file__).resolve().parents[2] / "data" / "mnist"

    def read(name, header, width):
        content = gzip.decompress((folder / name).read_bytes())[header:header + count * width]
        return torch.frombuffer(bytearray(content), dtype=torch.uint8).reshape(count, width)

    pixels = read("train-images-idx3-ubyte.gz", 16, 28 * 28).float() / 255
    return pixels, read("train-labels-idx1-ubyte.gz", 8, 1).flatten().long()


def step(net, batch, penalty=None, data=None):
    """A training step with AMSGrad, with `penalty` on every hidden layer if there is one; on random images, or on `data`."""
    x, labels = data or (images(batch), torch.randint(10, (batch,)))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3, amsgrad=True)
    vectors = []
    if penalty is not None:
        with torch.no_grad():
            vectors = [eigenvectors(tap) for tap in net(images(6000))[0]]

    def work():
        taps, logits = net(x)
        loss = functional.cross_entropy(logits, labels)
        for tap, basis in zip(taps, vectors):
            loss = loss + penalty(tap, basis)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return work


def refresh(net, count):
    """What precedes every epoch with a penalty: the eigenvectors of the last hidden layer over all images."""
    x = images(count)

    @torch.no_grad()
    def work():
        eigenvectors(net(x)[0][-1])

    return work


def pgd(net, count):
    """PGD-40 in L-infinity by autograd, for the gradient of the input alone, on batches of 500."""
    net.requires_grad_(False)
    x, labels = images(count), torch.randint(10, (count,))

    def work():
        for start in range(0, count, 500):
            clean, label = x[start:start + 500], labels[start:start + 500]
            adversarial = (clean + 0.2 * torch.rand_like(clean) - 0.1).clamp(0, 1)
            for _ in range(40):
                adversarial.requires_grad_(True)
                loss = functional.cross_entropy(net(adversarial)[1], label)
                (gradient,) = torch.autograd.grad(loss, adversarial)
                adversarial = adversarial.detach() + 0.01 * gradient.sign()
                adversarial = (clean + (adversarial - clean).clamp(-0.1, 0.1)).clamp(0, 1)

    return work


class Gru(nn.Module):
    """nn.GRU and a readout; the reset gate behind the product."""

    def __init__(self, inputs, units, outputs):
        super().__init__()
        self.gru = nn.GRU(inputs, units, batch_first=True)
        self.readout = nn.Linear(units, outputs)

    def forward(self, x, h):
        return self.readout(self.gru(x, h[None])[0])


class WrittenGru(nn.Module):
    """The same with the reset gate before the product, which nn.GRU does not have, step by step."""

    def __init__(self, inputs, units, outputs):
        super().__init__()
        self.gates = nn.Linear(inputs + units, 2 * units)
        self.candidate = nn.Linear(inputs + units, units)
        self.readout = nn.Linear(units, outputs)

    def forward(self, x, h):
        outputs = []
        for step in x.unbind(1):
            z, r = torch.sigmoid(self.gates(torch.cat([step, h], 1))).chunk(2, 1)
            n = torch.tanh(self.candidate(torch.cat([step, r * h], 1)))
            h = (1 - z) * n + z * h
            outputs.append(self.readout(h))
        return torch.stack(outputs, 1)


def gru_steps(net, units):
    """Ten training steps with Adam on 64 sequences of 128 steps, 2 inputs and 2 outputs."""
    x, target, start = torch.randn(64, 128, 2), torch.randn(64, 128, 2), torch.zeros(64, units)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)

    def work():
        for _ in range(10):
            loss = functional.mse_loss(net(x, start), target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return loss.item()

    return work


CASES = {
    "shallow_step_vanilla": lambda: step(Mlp(784, 2000, 10), 3500),
    "shallow_step_spectral_loop": lambda: step(Mlp(784, 2000, 10), 3500, penalty_in_a_loop),
    "shallow_step_spectral": lambda: step(Mlp(784, 2000, 10), 3500, penalty_vectorised),
    "shallow_refresh": lambda: refresh(Mlp(784, 2000, 10), 60_000),
    "digits_step_vanilla": lambda: step(Mlp(784, 2000, 10), 3500, data=digits(3500)),
    "digits_step_spectral": lambda: step(Mlp(784, 2000, 10), 3500, penalty_vectorised, digits(3500)),
    "deep_step_vanilla": lambda: step(Mlp(784, 1000, 1000, 1000, 10), 1500),
    "deep_step_spectral": lambda: step(Mlp(784, 1000, 1000, 1000, 10), 1500, penalty_vectorised),
    "cnn_step_vanilla": lambda: step(Cnn(), 6000),
    "pgd_mlp": lambda: pgd(Mlp(784, 2000, 10), 10_000),
    "pgd_cnn": lambda: pgd(Cnn(), 2000),
    # All steps for all images: how long that takes does not depend on what they show.
    "pgd_leave": lambda: pgd(Mlp(784, 2000, 10), 10_000),
    "gru_2": lambda: gru_steps(Gru(2, 2, 2), 2),
    "gru_2_written": lambda: gru_steps(WrittenGru(2, 2, 2), 2),
    "gru_64": lambda: gru_steps(Gru(2, 64, 2), 64),
    "gru_64_written": lambda: gru_steps(WrittenGru(2, 64, 2), 64),
    "gru_256": lambda: gru_steps(Gru(2, 256, 2), 256),
}


def forget_peak():
    """Lets the peak start anew from the memory in use, where the system allows that."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak():
    """The largest memory so far, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as file:
            lines = [line.split() for line in file if line.startswith("VmHWM:")]
    except OSError:
        lines = []
    return int(lines[0][1]) * 1024 if lines else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    work = CASES[arguments.case]()
    forget_peak()
    work()
    print("ready", flush=True)
    for line in sys.stdin:
        request = line.strip()
        if request == "run":
            start = time.perf_counter()
            loss = work()
            seconds = time.perf_counter() - start
            print(json.dumps({"seconds": seconds, "loss": loss}), flush=True)
        elif request == "peak":
            print(peak(), flush=True)
        else:
            sys.exit(f"unknown request `{request}`; there are run and peak")


if __name__ == "__main__":
    main()
