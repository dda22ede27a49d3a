"""Writes gru.npz, gru_torch.safetensors and gru_torch.npz beside this file: steps and Jacobians of torch.nn.GRU.

Run with PyTorch 2.15.0 (CPU), Python 3 and safetensors, as `python tests/parity/gru.py`. tests/dynamics_model/parity.rs reads the
state of a module with a two-layer GRU named `rnn` (3 inputs, 4 units) and compares both layers. All is float64.

gru_torch.safetensors, gru_torch.npz   the state of the module
gru.npz, for layer <l> = 0, 1 (layer 1 takes the 4 numbers of layer 0 as its input):
l<l>.x         (6, m)     inputs
l<l>.h         (6, 4)     states
l<l>.next      (6, 4)     the step of torch.nn.GRU
l<l>.jacobian  (6, 4, 4)  the derivative of the step by the state, by autograd
keras.*        kernel, recurrent_kernel, bias of a layer with 2 inputs and 3 units in the layout of Keras, x (5, 2), h (5, 3), and next_after
               and next_before: the steps with bias (2, 9) and reset_after, and with bias[0] alone and without, by the formulas of its
               documentation
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file


class Module(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.GRU(3, 4, num_layers=2, dtype=torch.float64)
        self.readout = torch.nn.Linear(4, 2)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def keras(rng):
    """tf.keras.layers.GRU of 3 units by its formulas; matrices act from the right, gates are z, r, h."""
    m, u = 2, 3
    kernel, recurrent = rng.normal(size=(m, 3 * u)), 2 * rng.normal(size=(u, 3 * u))
    bias = rng.normal(size=(2, 3 * u))
    x, h = rng.normal(size=(5, m)), rng.uniform(-1, 1, size=(5, u))
    a, b = x @ kernel + bias[0], h @ recurrent + bias[1]
    z, r = sigmoid(a[:, :u] + b[:, :u]), sigmoid(a[:, u : 2 * u] + b[:, u : 2 * u])
    after = z * h + (1 - z) * np.tanh(a[:, 2 * u :] + r * b[:, 2 * u :])
    b = h @ recurrent[:, : 2 * u]
    z, r = sigmoid(a[:, :u] + b[:, :u]), sigmoid(a[:, u : 2 * u] + b[:, u:])
    before = z * h + (1 - z) * np.tanh(a[:, 2 * u :] + (r * h) @ recurrent[:, 2 * u :])
    names = dict(kernel=kernel, recurrent_kernel=recurrent, bias=bias, x=x, h=h, next_after=after, next_before=before)
    return {f"keras.{name}": value for name, value in names.items()}


def main():
    torch.manual_seed(3)
    module = Module()
    with torch.no_grad():
        for parameter in module.rnn.parameters():
            parameter.mul_(4)
    here = Path(__file__)
    state = module.state_dict()
    save_file(state, here.with_name("gru_torch.safetensors"))
    np.savez(here.with_name("gru_torch.npz"), **{name: value.numpy() for name, value in state.items()})
    arrays = {}
    for layer, inputs in enumerate([3, 4]):
        gru = torch.nn.GRU(inputs, 4, dtype=torch.float64)
        gru.load_state_dict({name[:-1] + "0": value for name, value in module.rnn.state_dict().items() if name.endswith(f"l{layer}")})
        x, h = torch.randn(6, inputs, dtype=torch.float64), 2 * torch.rand(6, 4, dtype=torch.float64) - 1

        def step(x, h):
            return gru(x[None, None], h[None, None])[0][0, 0]

        nexts = torch.stack([step(a, b) for a, b in zip(x, h)])
        jacobians = torch.stack([torch.autograd.functional.jacobian(lambda b: step(a, b), c) for a, c in zip(x, h)])
        arrays |= {f"l{layer}.x": x, f"l{layer}.h": h, f"l{layer}.next": nexts.detach(), f"l{layer}.jacobian": jacobians}
    arrays = {name: value.numpy() for name, value in arrays.items()} | keras(np.random.default_rng(4))
    np.savez(here.with_suffix(".npz"), **arrays)
    print(torch.__version__, *[f"{name} {value.shape}" for name, value in arrays.items()])


if __name__ == "__main__":
    main()
