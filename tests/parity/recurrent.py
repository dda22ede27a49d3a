"""Writes recurrent.npz and recurrent.safetensors beside this file: recurrent networks in PyTorch, forward and backward.

Run with PyTorch 2.15.0 (CPU), safetensors 0.8, Python 3, as `python tests/parity/recurrent.py`. tests/gru.rs reads them. All is
computed in float64 from float32 numbers and stored as float32.

For the networks `after` (nn.GRU of two layers of 5 units on 3 inputs, nn.Linear to 2 outputs), `wide` (nn.GRU of one layer of 37 units
on 4 inputs, nn.Linear to 3) and `before` (one layer of 5 units on 3 inputs with the reset gate before the product, written
out, nn.Linear to 2):

<net>_x (batch, steps, inputs), <net>_h0 (layers, batch, units), <net>_target (batch, steps, outputs)
<net>_parameter_<name>         names of a module with `gru` and `readout`
<net>_outputs, <net>_states    of the last layer; <net>_last (layers, batch, units)
<net>_loss                     nn.functional.mse_loss
<net>_gradient_x, _h0, <name>  of that loss
<net>_norm                     of the gradients by all parameters, by nn.utils.clip_grad_norm_ with max_norm 0.05
<net>_stepped_<name>           after three steps of Adam(lr=0.01) with gradients so clipped

recurrent.safetensors has the parameters of `after`.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent


class After(nn.Module):
    def __init__(self, inputs, units, outputs, layers):
        super().__init__()
        self.gru = nn.GRU(inputs, units, num_layers=layers, batch_first=True)
        self.readout = nn.Linear(units, outputs)

    def forward(self, x, h0):
        states, last = self.gru(x, h0)
        return self.readout(states), states, last


class Cell(nn.Module):
    """Gates r, z, n in one matrix; the reset gate acts on the state before the product."""

    def __init__(self, inputs, units):
        super().__init__()
        bound = units ** -0.5
        draw = lambda *shape: nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))
        self.weight_ih_l0 = draw(3 * units, inputs)
        self.weight_hh_l0 = draw(3 * units, units)
        self.bias_ih_l0 = draw(3 * units)

    def forward(self, x, h):
        (ur, uz, un), states = self.weight_hh_l0.chunk(3), []
        for x in (x @ self.weight_ih_l0.T + self.bias_ih_l0).unbind(1):
            xr, xz, xn = x.chunk(3, dim=1)
            r, z = torch.sigmoid(xr + h @ ur.T), torch.sigmoid(xz + h @ uz.T)
            n = torch.tanh(xn + (r * h) @ un.T)
            h = (1 - z) * n + z * h
            states.append(h)
        return torch.stack(states, 1), h


class Before(nn.Module):
    def __init__(self, inputs, units, outputs):
        super().__init__()
        self.gru = Cell(inputs, units)
        self.readout = nn.Linear(units, outputs)

    def forward(self, x, h0):
        states, last = self.gru(x, h0[0])
        return self.readout(states), states, last[None]


def put(arrays, name, tensor):
    arrays[name] = tensor.detach().numpy().astype(np.float32)


def measure(arrays, name, net, batch, steps, layers):
    inputs, units, outputs = net.gru.weight_ih_l0.shape[1], net.gru.weight_hh_l0.shape[1], net.readout.out_features
    draw = lambda *shape: torch.randn(*shape).double()
    x, h0, target = draw(batch, steps, inputs), draw(layers, batch, units).tanh(), draw(batch, steps, outputs)
    # Rounded to float32 before anything is computed.
    x, h0, target = (t.float().double().requires_grad_() for t in (x, h0, target))
    net = net.double()
    for part, tensor in (("x", x), ("h0", h0), ("target", target)):
        put(arrays, f"{name}_{part}", tensor)
    for parameter, tensor in net.named_parameters():
        put(arrays, f"{name}_parameter_{parameter}", tensor)
    y, states, last = net(x, h0)
    loss = nn.functional.mse_loss(y, target)
    loss.backward()
    for part, tensor in (("outputs", y), ("states", states), ("last", last), ("loss", loss),
                         ("gradient_x", x.grad), ("gradient_h0", h0.grad)):
        put(arrays, f"{name}_{part}", tensor)
    for parameter, tensor in net.named_parameters():
        put(arrays, f"{name}_gradient_{parameter}", tensor.grad)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    for step in range(3):
        optimiser.zero_grad()
        nn.functional.mse_loss(net(x, h0)[0], target).backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), 0.05)
        if step == 0:
            put(arrays, f"{name}_norm", norm)
        optimiser.step()
    for parameter, tensor in net.named_parameters():
        put(arrays, f"{name}_stepped_{parameter}", tensor)


def main():
    torch.manual_seed(8)
    arrays = {}
    after = After(3, 5, 2, layers=2)
    save_file(after.state_dict(), HERE / "recurrent.safetensors")
    measure(arrays, "after", after, batch=7, steps=11, layers=2)
    measure(arrays, "wide", After(4, 37, 3, layers=1), batch=33, steps=6, layers=1)
    measure(arrays, "before", Before(3, 5, 2), batch=7, steps=11, layers=1)
    np.savez_compressed(HERE / "recurrent.npz", **arrays)


main()
