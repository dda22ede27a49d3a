"""Writes networks.npz, sequential.safetensors, module.safetensors and cnn.safetensors beside this file: what PyTorch makes of
whole networks and of the spectral penalty, forward and backward.

Run with PyTorch 2.15.0 (CPU), safetensors 0.8, Python 3, as `python tests/parity/networks.py`. tests/networks.rs and tests/pytorch.rs read
them. All is computed in float64 from float32 numbers and stored as float32.

For the networks `mlp` (standardised inputs, batch normalisation behind hidden.0, Cholesky whitening behind hidden.1), `cnn`
(standardised inputs, whitening behind conv.1, batch normalisation behind hidden.0) and `images` (the same, batch normalisation behind
conv.0 after its pooling, whitening behind hidden.0):

<net>_x, <net>_labels             a batch, in [0, 1]
<net>_u                           (batch, classes): cotangent of the loss sum(logits u)
<net>_logits                      in training mode
<net>_gradient_<parameter>        of that loss
<net>_running_mean, _running_var  after that batch
<net>_evaluated                   logits in evaluation mode, with the factor of the batch as the training set

The files have parameters before any training, named `fc1`, `bn1`, … in module.safetensors, as in nn.Sequential in
sequential.safetensors (784 inputs, no whitening), as here in cnn.safetensors; <file>_x and <file>_logits are images and logits in
evaluation mode.

penalty_x (batch, width), penalty_v (width, width), and for every case of (alpha, tau, beta) in penalty_settings, counted from 1:
penalty_values (cases), penalty_dx (cases, batch, width). Computed as the published code counts, from 0: anchored at index
tau - 1, summed from index tau.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

RIDGE = 1e-5
HERE = Path(__file__).parent


def factor(x, rows):
    mean = x.mean(0)
    centred = x - mean
    covariance = centred.T @ centred / rows + RIDGE * torch.eye(x.shape[1], dtype=x.dtype)
    return mean, torch.linalg.cholesky(covariance)


class Whiten(nn.Module):
    stored = None

    def forward(self, x):
        if self.training:
            self.stored = tuple(t.detach() for t in factor(x, len(x) - 1))
            mean, root = factor(x, len(x))
        else:
            mean, root = self.stored
        return torch.linalg.solve_triangular(root, (x - mean).T, upper=False).T


class Net(nn.Module):
    def __init__(self, image, channels, widths, batch_norm, whitening, mean, std):
        super().__init__()
        spatial = lambda numbers: torch.tensor(numbers, dtype=torch.float64).repeat_interleave(image[1] * image[2])
        self.mean, self.std, self.image = spatial(mean), spatial(std), image
        ins = [image[0], *channels[:-1]]
        self.conv = nn.ModuleList(nn.Conv2d(a, b, 3) for a, b in zip(ins, channels))
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:-1]))
        self.readout = nn.Linear(widths[-2], widths[-1])
        self.norm_at, self.whiten_at = batch_norm, whitening
        at_block = batch_norm.startswith("conv")
        self.norm = nn.BatchNorm2d(channels[int(batch_norm[-1])]) if at_block else nn.BatchNorm1d(widths[1])
        self.whiten = Whiten()

    def behind(self, name, x):
        """`x` is (batch, units) or (batch, channels, height, width)."""
        x = self.norm(x) if name == self.norm_at else x
        return self.whiten(x.flatten(1)).reshape(x.shape) if name == self.whiten_at else x

    def forward(self, x):
        x = (x - self.mean) / self.std
        if self.conv:
            x = x.reshape(-1, *self.image)
        for i, conv in enumerate(self.conv):
            x = nn.functional.max_pool2d(torch.tanh(conv(x)), 2)
            x = self.behind(f"conv.{i}", x)
        x = x.flatten(1)
        for i, layer in enumerate(self.hidden):
            x = self.behind(f"hidden.{i}", torch.tanh(layer(x)))
        return self.readout(x)


def named(net):
    """Parameters by their names here."""
    names = {"norm.weight": f"{net.norm_at}.batch_norm.weight", "norm.bias": f"{net.norm_at}.batch_norm.bias"}
    return {names.get(name, name): parameter for name, parameter in net.named_parameters()}


def single(net):
    """Rounds all parameters to float32, and computes in float64."""
    return net.float().double()


def penalty(x, v, alpha, tau, beta):
    centred = x - x.mean(0)
    lam = ((centred @ v) ** 2).sum(0) / (len(x) - 1)
    lam = torch.sort(lam, descending=True).values
    n = torch.arange(len(lam), dtype=x.dtype)
    anchor = tau - 1
    gamma = lam[anchor].detach() * (anchor + 1) ** alpha / (n + 1) ** alpha
    ratio = lam[anchor + 1 :] / gamma[anchor + 1 :] - 1
    return beta / len(lam) * (ratio**2 + torch.relu(ratio)).sum()


def main():
    torch.manual_seed(1)
    arrays = {}
    random = lambda *shape: torch.rand(*shape).double()
    cases = {
        "mlp": Net((1, 3, 4), [], [12, 9, 8, 7, 4], "hidden.0", "hidden.1", [0.4], [0.3]),
        "cnn": Net((2, 16, 15), [3, 4], [16, 8, 5], "hidden.0", "conv.1", [0.4, 0.6], [0.3, 0.2]),
        "images": Net((2, 16, 15), [3, 4], [16, 8, 5], "conv.0", "hidden.0", [0.4, 0.6], [0.3, 0.2]),
    }
    for name, net in cases.items():
        net = single(net)
        with torch.no_grad():
            net.norm.weight.add_(torch.randn(len(net.norm.weight)))
            net.norm.bias.add_(torch.randn(len(net.norm.bias)))
        single(net)
        inputs, classes = len(net.mean), net.readout.out_features
        x, u = random(60, inputs), torch.randn(60, classes).double()
        arrays |= {f"{name}_x": x, f"{name}_u": u}
        for parameter, value in named(net).items():
            arrays[f"{name}_parameter_{parameter}"] = value.detach().clone()
        net.train()
        logits = net(x)
        parameters = named(net)
        gradients = torch.autograd.grad((logits * u).sum(), list(parameters.values()))
        arrays[f"{name}_logits"] = logits.detach()
        arrays |= {f"{name}_gradient_{p}": g for p, g in zip(parameters, gradients)}
        arrays |= {f"{name}_running_mean": net.norm.running_mean, f"{name}_running_var": net.norm.running_var}
        # The factor of the whole set needs what evaluation sends to the whitening, running averages included.
        net.eval()
        seen = {}
        net.whiten.register_forward_pre_hook(lambda _, args: seen.update(x=args[0]))
        net(x)
        net.whiten.stored = factor(seen["x"].detach(), len(x) - 1)
        arrays[f"{name}_evaluated"] = net(x).detach()

    sequential = nn.Sequential(
        nn.Linear(784, 30), nn.Tanh(), nn.BatchNorm1d(30), nn.Dropout(0.1), nn.Linear(30, 20), nn.Tanh(), nn.Linear(20, 10)
    )
    convolutional = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.Tanh(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.Tanh(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(150, 20), nn.Tanh(), nn.Linear(20, 10),
    )  # fmt: skip
    sequential.train()
    for _ in range(5):
        sequential(torch.rand(50, 784))
    module = nn.Module()
    module.fc1, module.bn1, module.fc2, module.fc3 = (sequential[i] for i in (0, 2, 4, 6))
    ours = nn.Module()
    ours.conv = nn.ModuleList([convolutional[0], convolutional[3]])
    ours.hidden, ours.readout = nn.ModuleList([convolutional[7]]), convolutional[9]
    x = random(20, 784)
    arrays["pytorch_x"] = x
    for name, net, state in [
        ("sequential", sequential, sequential),
        ("module", sequential, module),
        ("cnn", convolutional, ours),
        ("cnn_sequential", convolutional, convolutional),
    ]:
        save_file({key: value.contiguous() for key, value in state.state_dict().items()}, HERE / f"{name}.safetensors")
        net = net.double().eval()
        shaped = x.reshape(-1, 1, 28, 28) if "cnn" in name else x
        arrays[f"{name}_pytorch_logits"] = net(shaped).detach()
        net.float()

    x = (torch.randn(50, 14) * torch.arange(1, 15) ** -0.7).double().requires_grad_()
    with torch.no_grad():
        x.copy_(x.float())
    v = torch.linalg.eigh(torch.cov(torch.randn(200, 14).T)).eigenvectors.flip(1).float().double()
    settings = [(1.0, 3, 2.0), (1.0, 1, 5.0), (1.5, 10, 1.0), (0.5, 5, 0.7)]
    values = [penalty(x, v, *setting) for setting in settings]
    arrays |= {"penalty_x": x.detach(), "penalty_v": v, "penalty_settings": torch.tensor(settings)}
    arrays["penalty_values"] = torch.stack(values).detach()
    arrays["penalty_dx"] = torch.stack([torch.autograd.grad(value, x)[0] for value in values])
    np.savez(HERE / "networks.npz", **{k: np.asarray(v.detach(), dtype=np.float32) for k, v in arrays.items()})


if __name__ == "__main__":
    main()
