"""What PyTorch computes, for tests/convolution/parity.rs: inputs, weights, outputs and gradients as convolution.npz beside this file.

Made with PyTorch 2.15.0 in float64, from inputs that are float32 numbers; written as float32:

    python tests/parity/convolution.py
"""

from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional

arrays = {}
generator = torch.Generator().manual_seed(1)


def random(name, *shape):
    """Random float32 numbers, kept under `name`, as a float64 leaf."""
    values = torch.empty(shape).uniform_(-1, 1, generator=generator)
    arrays[name] = values.numpy()
    return values.double().requires_grad_(True)


def keep(name, y, leaves):
    """The output, and the gradients of its inner product with a random cotangent."""
    arrays[f"{name}.y"] = y.detach().numpy()
    (y * random(f"{name}.u", *y.shape).detach()).sum().backward()
    for leaf, tensor in leaves.items():
        arrays[f"{name}.{leaf}.gradient"] = tensor.grad.numpy()


def convolution(name, batch, image, channels, kernel, stride, padding, pool):
    x = random(f"{name}.x", batch, *image)
    w = random(f"{name}.w", channels, image[0], kernel, kernel)
    b = random(f"{name}.b", channels)
    y = functional.conv2d(x, w, b, stride=stride, padding=padding)
    if pool:
        y = functional.max_pool2d(torch.tanh(y), 2)
    keep(name, y, {"x": x, "w": w, "b": b})


convolution("conv", 2, (3, 7, 6), 5, 3, 2, 1, False)
convolution("large", 2, (2, 9, 8), 4, 5, 1, 2, False)
convolution("narrow", 3, (1, 12, 11), 17, 3, 1, 0, True)
convolution("wide", 2, (18, 6, 8), 3, 3, 1, 0, True)

# Ties and NaN: small whole numbers, and one NaN in a window of its own.
ties = torch.randint(0, 3, (2, 3, 7, 6), generator=generator).float()
ties[0, 0, 2, 3] = torch.nan
arrays["pool.x"] = ties.numpy()
ties = ties.double().requires_grad_(True)
keep("pool", functional.max_pool2d(ties, 2), {"x": ties})


class Cnn(nn.Module):
    """The network of Nassar2020, smaller: 1x14x12, channels 3 and 17, dense 6 and 4."""

    def __init__(self):
        super().__init__()
        self.conv = nn.ModuleList([nn.Conv2d(1, 3, 3), nn.Conv2d(3, 17, 3)])
        self.hidden = nn.ModuleList([nn.Linear(17 * 2 * 1, 6)])
        self.readout = nn.Linear(6, 4)

    def forward(self, x):
        for conv in self.conv:
            x = functional.max_pool2d(torch.tanh(conv(x)), 2)
        return self.readout(torch.tanh(self.hidden[0](x.flatten(1))))


torch.manual_seed(2)
net = Cnn()
for name, parameter in net.named_parameters():
    arrays[f"cnn.{name}"] = parameter.detach().numpy()
net = net.double()
x, labels = random("cnn.x", 5, 1, 14, 12), torch.tensor([0, 3, 1, 2, 3])
arrays["cnn.labels"] = labels.numpy().astype(numpy.uint8)
logits = net(x)
loss = functional.cross_entropy(logits, labels)
loss.backward()
arrays["cnn.logits"] = logits.detach().numpy()
arrays["cnn.loss"] = loss.detach().numpy().reshape(1)
arrays["cnn.x.gradient"] = x.grad.numpy()
for name, parameter in net.named_parameters():
    arrays[f"cnn.{name}.gradient"] = parameter.grad.numpy()

to_32 = {name: a if a.dtype == numpy.uint8 else a.astype(numpy.float32) for name, a in arrays.items()}
numpy.savez_compressed(Path(__file__).with_suffix(".npz"), **to_32)
