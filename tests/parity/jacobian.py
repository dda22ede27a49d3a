"""Writes jacobian.npz beside this file: the Jacobian penalty and its gradient by PyTorch's double backward.

Run with PyTorch 2.15.0 (CPU), Python 3, as `python tests/parity/jacobian.py`. tests/jacobian.rs gives the parameters
and inputs to an `Mlp` or a `Cnn` and compares. All is float64 here, from parameters, inputs and directions that are float32 numbers.

For every case, whose networks have the widths of its table; those of IMAGES have blocks of a 3x3 convolution, the
nonlinearity and a 2x2 max pooling before:

<case>.x             (batch, inputs)      float32
<case>.v             (n, batch, classes)  float32 unit vectors
<case>.p<i>          the parameters in the order weight, bias of every layer, float32, biases as one row, kernels as
                     (out channels, in channels * 9)
<case>.pulled        (n, batch, inputs)   v' J
<case>.random        ()                   strength / 2 * mean over the batch of C / n * sum over n of |v' J|^2
<case>.random.p<i>   its gradient by the parameters
<case>.exact         ()                   strength / 2 * mean over the batch of |J|_F^2, by torch.func.jacrev
<case>.exact.p<i>    its gradient by the parameters
"""

from pathlib import Path

import numpy as np
import torch

STRENGTH = 0.3
CASES = {
    "tanh1": ([11, 17, 5], torch.tanh, 9, 2),
    "tanh2": ([6, 13, 9, 4], torch.tanh, 7, 1),
    "tanh3": ([8, 10, 7, 12, 3], torch.tanh, 5, 3),
    "relu3": ([8, 16, 9, 12, 3], torch.relu, 5, 2),
    "softmax": ([7, 4], torch.tanh, 6, 1),
}
# Channels, height and width of the image; output channels of the blocks.
IMAGES = {
    "cnn_tanh": ((2, 13, 11), [5, 7]),
    "cnn_relu": ((6, 10, 12), [4, 3]),
    "cnn_deep": ((1, 24, 23), [3, 5, 4]),
    "cnn_flat": ((3, 7, 6), [20]),
}
CASES |= {
    "cnn_tanh": ([7 * 1 * 1, 12, 5], torch.tanh, 6, 2),
    "cnn_relu": ([3 * 1 * 1, 9, 4], torch.relu, 5, 1),
    "cnn_deep": ([4 * 1 * 1, 6, 5, 3], torch.tanh, 4, 2),
    "cnn_flat": ([20 * 2 * 2, 4], torch.tanh, 35, 3),
}


def logits(parameters, x, f, image, channels):
    layers = list(zip(parameters[::2], parameters[1::2]))
    if channels:
        batch = x.shape[:-1]
        x = x.reshape(-1, *image)
        for weight, bias in layers[: len(channels)]:
            kernel = weight.reshape(len(weight), -1, 3, 3)
            x = torch.nn.functional.max_pool2d(f(torch.nn.functional.conv2d(x, kernel, bias[0])), 2)
        x = x.reshape(*batch, -1)
        layers = layers[len(channels) :]
    for weight, bias in layers[:-1]:
        x = f(x @ weight.T + bias[0])
    weight, bias = layers[-1]
    return x @ weight.T + bias[0]


def main():
    random = np.random.default_rng(3)
    arrays = {}
    for name, (widths, f, batch, n) in CASES.items():
        values = []
        image, channels = IMAGES.get(name, ((widths[0],), []))
        kernels = [(9 * inputs, outputs) for inputs, outputs in zip((image[0], *channels), channels)]
        for inputs, outputs in kernels + list(zip(widths, widths[1:])):
            # Larger than at the start of training: tanh is well away from its linear part.
            values.append(random.normal(size=(outputs, inputs)) * 1.5 / np.sqrt(inputs))
            values.append(random.normal(size=(1, outputs)) * 0.5)
        pixels = int(np.prod(image))
        x = random.normal(size=(batch, pixels))
        v = random.normal(size=(n, batch, widths[-1]))
        v = (v / np.linalg.norm(v, axis=-1, keepdims=True)).astype(np.float32)
        values = [value.astype(np.float32) for value in values]
        arrays |= {f"{name}.x": x.astype(np.float32), f"{name}.v": v}
        arrays |= {f"{name}.p{i}": value for i, value in enumerate(values)}

        parameters = [torch.from_numpy(value.astype(np.float64)).requires_grad_() for value in values]
        x = torch.from_numpy(x.astype(np.float32).astype(np.float64)).requires_grad_()
        output = logits(parameters, x, f, image, channels)
        pulled = [
            torch.autograd.grad(output, x, torch.from_numpy(each.astype(np.float64)), create_graph=True)[0]
            for each in v
        ]
        classes = widths[-1]
        value = STRENGTH / 2 * classes / n / batch * sum((each**2).sum() for each in pulled)
        arrays[f"{name}.pulled"] = np.stack([each.detach().numpy() for each in pulled])
        arrays[f"{name}.random"] = value.detach().numpy()
        # Output biases do not matter, and softmax regression depends on its weights alone.
        gradients = torch.autograd.grad(value, parameters, materialize_grads=True)
        arrays |= {f"{name}.random.p{i}": gradient.numpy() for i, gradient in enumerate(gradients)}

        jacobian = torch.func.vmap(torch.func.jacrev(lambda x: logits(parameters, x, f, image, channels)))(x.detach())
        assert jacobian.shape == (batch, classes, pixels)
        value = STRENGTH / 2 * (jacobian**2).sum() / batch
        arrays[f"{name}.exact"] = value.detach().numpy()
        gradients = torch.autograd.grad(value, parameters, materialize_grads=True)
        arrays |= {f"{name}.exact.p{i}": gradient.numpy() for i, gradient in enumerate(gradients)}
        print(name, float(arrays[f"{name}.random"]), float(arrays[f"{name}.exact"]))
    np.savez(Path(__file__).with_suffix(".npz"), **arrays)
    print(torch.__version__)


if __name__ == "__main__":
    main()
