"""Writes whitening.npz beside this file: what PyTorch makes of whitening and batch normalisation, forward and backward.

Run with PyTorch 2.15.0 (CPU), Python 3, as `python tests/parity/whitening.py`. tests/whitening.rs and
tests/batch_norm.rs read it. All is computed in float64 from float32 inputs and stored as float32.

<case>_x, <case>_u       (batch, width): the input, and the cotangent of the loss sum(y u)
<case>_y, <case>_dx      (batch, width): output and gradient

for every case of `cholesky` and `zca` below (ridge 1e-5), and for `norm`:

norm_x, norm_u, norm_y, norm_dx    (3, 40, 6): three batches in training mode
norm_gamma, norm_beta              (6,)
norm_dgamma, norm_dbeta            (3, 6): gradients of every batch
norm_mean, norm_variance           (3, 6): running averages after every batch, momentum 0.1
norm_eval_y, norm_eval_dx          (40, 6): the last batch in evaluation mode, after the third
norm_eval_dgamma, norm_eval_dbeta  (6,)
"""

from pathlib import Path

import numpy as np
import torch

RIDGE = 1e-5


def cholesky(x):
    """Nassar2020."""
    centred = x - x.mean(0)
    covariance = centred.T @ centred / len(x) + RIDGE * torch.eye(x.shape[1], dtype=x.dtype)
    factor = torch.linalg.cholesky(covariance)
    return torch.linalg.solve_triangular(factor, centred.T, upper=False).T


def zca(x):
    centred = x - x.mean(0)
    covariance = centred.T @ centred / len(x) + RIDGE * torch.eye(x.shape[1], dtype=x.dtype)
    values, vectors = torch.linalg.eigh(covariance)
    return centred @ (vectors * values.rsqrt()) @ vectors.T


def gradients(y, u, by):
    return [g.numpy() for g in torch.autograd.grad((y * u).sum(), by)]


def main():
    random = np.random.default_rng(2)
    single = lambda *shape: torch.from_numpy(random.normal(size=shape).astype(np.float32)).double()
    arrays = {}
    # With eigenvectors PyTorch has no gradient for equal eigenvalues, so no ZCA of fewer rows than columns.
    cases = {
        "cholesky_tall": (cholesky, 60, 20),
        "cholesky_wide": (cholesky, 10, 16),
        "cholesky_one": (cholesky, 9, 1),
        "zca_tall": (zca, 60, 20),
        "zca_square": (zca, 13, 12),
    }
    for name, (whiten, batch, width) in cases.items():
        # Correlated, with means, of different scales.
        x = single(batch, width) @ (torch.eye(width) + 0.3 * single(width, width)) + single(width)
        x = x.float().double().requires_grad_()
        u = single(batch, width)
        y = whiten(x)
        (dx,) = gradients(y, u, [x])
        arrays |= {f"{name}_x": x.detach(), f"{name}_u": u, f"{name}_y": y.detach(), f"{name}_dx": dx}

    norm = torch.nn.BatchNorm1d(6).double()
    assert (norm.eps, norm.momentum) == (1e-5, 0.1)
    with torch.no_grad():
        norm.weight.copy_(single(6) + 1.0)
        norm.bias.copy_(single(6))
    steps = []
    for _ in range(3):
        x = (single(40, 6) * torch.logspace(-3, 1, 6) + 3.0).float().double().requires_grad_()
        u = single(40, 6)
        y = norm(x)
        dx, dgamma, dbeta = gradients(y, u, [x, norm.weight, norm.bias])
        running = {"mean": norm.running_mean.clone(), "variance": norm.running_var.clone()}
        steps.append({"x": x.detach(), "u": u, "y": y.detach(), "dx": dx, "dgamma": dgamma, "dbeta": dbeta} | running)
    arrays |= {f"norm_{name}": np.stack([step[name] for step in steps]) for name in steps[0]}
    arrays |= {"norm_gamma": norm.weight.detach(), "norm_beta": norm.bias.detach()}
    norm.eval()
    y = norm(x)
    dx, dgamma, dbeta = gradients(y, u, [x, norm.weight, norm.bias])
    names = ("norm_eval_y", "norm_eval_dx", "norm_eval_dgamma", "norm_eval_dbeta")
    arrays |= dict(zip(names, (y.detach(), dx, dgamma, dbeta)))

    arrays = {name: np.asarray(array).astype(np.float32) for name, array in arrays.items()}
    path = Path(__file__).with_suffix(".npz")
    np.savez(path, **arrays)
    print(torch.__version__, path.stat().st_size, *((name, a.shape, np.abs(a).max()) for name, a in arrays.items()), sep="\n")


if __name__ == "__main__":
    main()
