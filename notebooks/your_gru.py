"""Trains a GRU to remember three bits, and saves it: python3 -m pip install torch safetensors; python3 your_gru.py

Three inputs carry rare pulses of +1 or -1; each output holds the sign of the last pulse of its input (the flip-flop
task of Sussillo and Barak 2013).
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(1)
torch.set_num_threads(1)


class Memory(torch.nn.Module):
    def __init__(self, units):
        super().__init__()
        self.gru = torch.nn.GRU(3, units, batch_first=True)
        self.readout = torch.nn.Linear(units, 3)

    def forward(self, pulses):
        return self.readout(self.gru(pulses)[0])


def sequences(batch, steps):
    """Pulses (batch, steps, 3) and what has to be remembered."""
    pulses = torch.bernoulli(torch.full((batch, steps, 3), 0.08)) * (2.0 * torch.randint(0, 2, (batch, steps, 3)) - 1.0)
    pulses[:, 0] = 2.0 * torch.randint(0, 2, (batch, 3)) - 1.0
    wanted = pulses.clone()
    for t in range(1, steps):
        wanted[:, t] = torch.where(pulses[:, t] != 0, pulses[:, t], wanted[:, t - 1])
    return pulses, wanted


model = Memory(24)
optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 1500)
for step in range(1, 1501):
    pulses, wanted = sequences(64, 60)
    loss = torch.nn.functional.mse_loss(model(pulses), wanted)
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    schedule.step()
    if step % 250 == 0:
        print(f"step {step}: loss {loss.item():.5f}")

save_file(model.state_dict(), "your_gru.safetensors")
