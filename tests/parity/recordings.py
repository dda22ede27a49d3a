"""Writes recordings.npz beside this file: cross-validated PCA of small simulated recordings, straight from its definition.

Run with numpy 2.4.6, Python 3, as `python tests/parity/recordings.py`. tests/recordings.rs gives the responses to `CvPca` and
compares. Directions come from a singular value decomposition of the responses themselves, in float64, whatever side is smaller.

For every case of CASES:

<case>.responses   (repeats, stimuli, neurons)  float32; neurons have baselines, and drift from repeat to repeat
<case>.signal      1/S sum_i (X1 v_n)_i (X2 v_n)_i
<case>.pca         1/S sum_i (X1 v_n)_i^2
<case>.noise       1/S sum_i ((X1 v_n)_i - (X2 v_n)_i)^2 / (1/a + 1/b), a and b the repeats in either half
<case>.own_noise   eigenvalues of the covariance (over S) of (X1 - X2) / sqrt(1/a + 1/b)
<case>.plain       eigenvalues of the covariance (over S) of the mean over repeats
<case>.shuffled    the mean over SHUFFLES shuffles of signal, with numpy's random numbers
<case>.spread      the standard deviation of one shuffle
<case>.law         alpha and weighted R^2 of the fit over n = 3..=15 with weights 1/n
<case>.ratio       participation ratio of signal, effective dimension of pca

For spontaneous activity of T points, short (fewer than neurons) and long (more):

<length>.activity  (T, neurons)  float32; neurons 3 and 11 are silent
<length>.clean     (repeats, stimuli, neurons - 2): z-scores of wide.responses without the first COMPONENTS singular vectors

grouped.trials     (trials, neurons)  float64
grouped.stimuli    (trials,)          int64; negative ones are blank
grouped.responses  (2, stimuli, neurons)
"""

from pathlib import Path

import numpy as np

# Repeats, stimuli, neurons, exponent, variance of the noise beside a signal of 1.
CASES = {
    "wide": (2, 40, 70, 1.0, 0.5),
    "tall": (2, 60, 25, 1.2, 1.0),
    "many": (5, 30, 50, 0.8, 2.0),
}
SHUFFLES = 4000
COMPONENTS = 6


def responses(random, repeats, stimuli, neurons, alpha, noise):
    rank = min(stimuli, neurons)
    scale = np.sqrt(np.arange(1, rank + 1) ** -alpha)
    scale *= np.sqrt(neurons / (scale**2).sum())
    directions = np.linalg.qr(random.normal(size=(neurons, rank)))[0]
    signal = random.normal(size=(stimuli, rank)) * scale @ directions.T
    trials = signal + np.sqrt(noise) * random.normal(size=(repeats, stimuli, neurons))
    return (trials + 20 * random.normal(size=neurons) + random.normal(size=(repeats, 1, neurons))).astype(np.float32)


def halves(x):
    a = len(x) // 2
    pair = np.stack([x[:a].mean(0), x[a:].mean(0)])
    return pair - pair.mean(1, keepdims=True), 1 / a + 1 / (len(x) - a)


def cv_pca(x1, x2):
    values, directions = np.linalg.svd(x1, full_matrices=False)[1:]
    # Beyond the rank, one less than the stimuli, directions are arbitrary; all is 0 there.
    c1, c2 = (np.where(values > 1e-6 * values[0], x @ directions.T, 0) for x in (x1, x2))
    return (c1 * c2).mean(0), (c1**2).mean(0), ((c1 - c2) ** 2).mean(0)


def law(values, first, last):
    n = np.arange(first, last + 1.0)
    x, y, w = np.log(n), np.log(values[first - 1 : last]), 1 / n
    line = np.polyfit(x, y, 1, w=np.sqrt(w))
    rest = (w * (y - np.polyval(line, x)) ** 2).sum()
    return -line[0], 1 - rest / (w * (y - np.average(y, weights=w)) ** 2).sum()


def main():
    random = np.random.default_rng(11)
    arrays = {}
    for name, (repeats, stimuli, neurons, alpha, noise) in CASES.items():
        raw = responses(random, repeats, stimuli, neurons, alpha, noise)
        (x1, x2), scale = halves(raw.astype(np.float64))
        signal, pca, difference = cv_pca(x1, x2)
        eigenvalues = lambda x: np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2 / stimuli
        shuffled = []
        for _ in range(SHUFFLES):
            swap = random.random(stimuli)[:, None] < 0.5
            shuffled.append(cv_pca(np.where(swap, x2, x1), np.where(swap, x1, x2))[0])
        shares = pca / pca.sum()
        shares = shares[shares > 0]
        arrays |= {
            f"{name}.responses": raw,
            f"{name}.signal": signal,
            f"{name}.pca": pca,
            f"{name}.noise": difference / scale,
            f"{name}.own_noise": eigenvalues((x1 - x2) / np.sqrt(scale)),
            f"{name}.plain": eigenvalues(raw.astype(np.float64).mean(0)),
            f"{name}.shuffled": np.mean(shuffled, 0),
            f"{name}.spread": np.std(shuffled, 0),
            f"{name}.law": np.array(law(pca, 3, 15)),
            f"{name}.ratio": np.array([signal.sum() ** 2 / (signal**2).sum(), np.exp(-(shares * np.log(shares)).sum())]),
        }
        print(name, signal[:4], np.mean(shuffled, 0)[:4], pca[:4])

    raw = arrays["wide.responses"].astype(np.float64)
    neurons = raw.shape[2]
    for name, times in {"short": 50, "long": 200}.items():
        shared = random.normal(size=(times, 8)) @ random.normal(size=(8, neurons))
        activity = (3 + 2 * random.random(neurons) * (shared + random.normal(size=(times, neurons)))).astype(np.float32)
        activity[:, [3, 11]] = 0.1
        arrays[f"{name}.activity"] = activity
        kept = np.delete(np.arange(neurons), [3, 11])
        spontaneous, clean = activity.astype(np.float64)[:, kept], raw[:, :, kept]
        mean, deviation = spontaneous.mean(0), spontaneous.std(0) + 1e-6
        spontaneous, clean = (spontaneous - mean) / deviation, (clean - mean) / deviation
        v = np.linalg.svd(spontaneous, full_matrices=False)[2][:COMPONENTS]
        arrays[f"{name}.clean"] = clean - clean @ v.T @ v

    stimuli = np.array([4, 2, -1, 4, 7, 2, 9, 2, 4, 4, -1, 2, 9, 2])
    trials = random.normal(size=(len(stimuli), 5))
    grouped = []
    for stimulus in [2, 4, 9]:
        rows = trials[stimuli == stimulus]
        grouped.append([rows[: len(rows) // 2].mean(0), rows[len(rows) // 2 :].mean(0)])
    arrays |= {
        "grouped.trials": trials,
        "grouped.stimuli": stimuli,
        "grouped.responses": np.array(grouped).transpose(1, 0, 2),
    }
    np.savez(Path(__file__).with_suffix(".npz"), **arrays)
    print(np.__version__)


if __name__ == "__main__":
    main()
