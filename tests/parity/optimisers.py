"""Writes optimisers.npz beside this file: what PyTorch's optimisers make of fixed gradients.

Run with PyTorch 2.15.0 (CPU), Python 3, as `python tests/parity/optimisers.py`. tests/optimisers.rs follows the numbers
through a network of 23 inputs and one output, whose gradients it chooses.

start            (24,)     float32: 23 weights and the bias
weight_gradients (20, 23)  float32
bias_gradients   (20,)     float32, powers of two, so that the network gives exactly these gradients
<case>           (3, 24)   float32: weights and bias after 1, 2 and 20 steps
"""

from pathlib import Path

import numpy as np
import torch

CASES = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "adam_betas_eps": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.6, 0.97), eps=1e-3),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.05, amsgrad=True),
    "amsgrad_betas": lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.9), amsgrad=True),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True),
    "rms_prop": lambda p: torch.optim.RMSprop(p, lr=0.003),
    "rms_prop_alpha_eps": lambda p: torch.optim.RMSprop(p, lr=0.005, alpha=0.9, eps=1e-3),
    "rms_prop_momentum": lambda p: torch.optim.RMSprop(p, lr=0.001, momentum=0.9),
    "adam_decay": lambda p: torch.optim.Adam(p, lr=0.02, weight_decay=0.1),
    "amsgrad_decay": lambda p: torch.optim.Adam(p, lr=0.02, amsgrad=True, weight_decay=0.01),
    "sgd_decay": lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=0.3),
    "sgd_momentum_decay": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, weight_decay=0.05),
    "sgd_nesterov_decay": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True, weight_decay=0.05),
    "rms_prop_decay": lambda p: torch.optim.RMSprop(p, lr=0.003, weight_decay=0.05),
    "rms_prop_momentum_decay": lambda p: torch.optim.RMSprop(p, lr=0.001, momentum=0.9, weight_decay=0.1),
}
STEPS = 20


def main():
    random = np.random.default_rng(1)
    # Away from 0, so that a relative error is one of the update and not of a cancellation.
    start = random.uniform(1.0, 1.5, 24) * random.choice([-1.0, 1.0], 24)
    # From large to below eps, shrinking and growing, so that AMSGrad's maximum differs from Adam's moment.
    scale = np.logspace(-0.7, -9.0, 23)
    scale[7] = 0.0
    time = np.arange(STEPS)[:, None]
    weights = random.normal(size=(STEPS, 23)) * scale * np.exp(-0.3 * time * random.uniform(-1.0, 2.0, 23))
    weights = np.clip(weights, -0.5, 0.5)
    bias = np.exp2(random.integers(-5, 0, STEPS)) * random.choice([-1.0, 1.0], STEPS)
    arrays = {"start": start, "weight_gradients": weights, "bias_gradients": bias}
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    for name, optimiser in CASES.items():
        parameter = torch.nn.Parameter(torch.from_numpy(arrays["start"].copy()))
        optimiser = optimiser([parameter])
        after = []
        for step in range(STEPS):
            gradient = np.append(arrays["weight_gradients"][step], arrays["bias_gradients"][step])
            parameter.grad = torch.from_numpy(gradient)
            optimiser.step()
            if step + 1 in (1, 2, STEPS):
                after.append(parameter.detach().numpy().copy())
        arrays[name] = np.stack(after)
    np.savez(Path(__file__).with_suffix(".npz"), **arrays)
    moved = {name: np.abs(arrays[name][-1] - arrays["start"]).round(6) for name in CASES}
    print(torch.__version__, *moved.items(), sep="\n")


if __name__ == "__main__":
    main()
