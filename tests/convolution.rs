//! Convolution, pooling and their fused block against float64 loops and their differences, against their dfdx
//! compositions, and against each other, over awkward shapes; the network that is made of them; PyTorch's numbers.

#[path = "convolution/network.rs"]
mod network;
#[path = "convolution/parity.rs"]
mod parity;
#[path = "convolution/rules.rs"]
mod rules;
#[path = "common/tensors.rs"]
mod tensors;

use eigengate::Result;
use eigengate::data::ImageShape;
use eigengate::device::{Matrix, Recording};
use eigengate::nn::Activation;
use eigengate::nn::ops::{self, Convolution, GradientsOf, composed};
use tensors::*;

const EVERYTHING: GradientsOf = GradientsOf::Everything;

fn shape(channels: usize, height: usize, width: usize) -> ImageShape {
    ImageShape { channels, height, width }
}

fn sizes(
    (channels, height, width): (usize, usize, usize),
    outputs: usize,
    (kernel, stride, padding): (usize, usize, usize),
) -> Convolution {
    Convolution { stride, padding, ..Convolution::new(shape(channels, height, width), outputs, kernel) }
}

/// Batch, sizes: channels below, at and beyond the vector width; the smallest images; odd and even sides.
fn cases() -> Vec<(usize, Convolution)> {
    vec![
        (1, sizes((1, 1, 1), 1, (1, 1, 0))),
        (1, sizes((1, 3, 3), 1, (3, 1, 0))),
        (3, sizes((3, 5, 4), 5, (3, 2, 1))),
        (2, sizes((16, 6, 7), 17, (3, 1, 1))),
        (2, sizes((5, 7, 8), 16, (5, 1, 0))),
        (1, sizes((33, 4, 4), 32, (1, 1, 0))),
        (2, sizes((17, 6, 5), 33, (3, 1, 0))),
        (2, sizes((3, 8, 9), 4, (5, 2, 2))),
        (2, sizes((2, 4, 3), 3, (2, 3, 3))),
        (70, sizes((2, 4, 5), 3, (3, 1, 0))),
    ]
}

/// Those of the fused block: 3x3, stride 1, no padding, at least 4x4 pixels.
fn fused_cases() -> Vec<(usize, Convolution)> {
    let plain = (3, 1, 0);
    vec![
        (1, sizes((1, 4, 4), 1, plain)),
        (2, sizes((1, 13, 12), 16, plain)),
        (3, sizes((3, 5, 6), 5, plain)),
        (2, sizes((4, 6, 4), 33, plain)),
        (2, sizes((5, 7, 9), 3, plain)),
        (2, sizes((16, 8, 7), 17, plain)),
        (1, sizes((17, 4, 11), 32, plain)),
        (2, sizes((33, 5, 4), 49, plain)),
        (70, sizes((2, 6, 5), 3, plain)),
        (35, sizes((6, 4, 5), 2, plain)),
        // Not fused.
        (2, sizes((3, 6, 5), 4, (3, 1, 1))),
        (2, sizes((2, 7, 9), 3, (5, 1, 0))),
        (2, sizes((2, 9, 8), 3, (3, 2, 0))),
    ]
}

fn arguments(batch: usize, sizes: &Convolution) -> [Matrix; 3] {
    let x = random(batch, sizes.image.pixels(), 0);
    [x, random(sizes.channels, sizes.taps(), 1), random(1, sizes.channels, 2)]
}

/// The definition, one output after the other.
fn convolved(x: &[f64], w: &[f64], b: &[f64], s: &Convolution) -> Vec<f64> {
    let side = |size: usize| (size + 2 * s.padding - s.kernel) / s.stride + 1;
    let (channels, height, width) = (s.image.channels, s.image.height as isize, s.image.width as isize);
    let pixel = |image: &[f64], c: usize, y: isize, x: isize| {
        let inside = (0..height).contains(&y) && (0..width).contains(&x);
        if inside { image[(c as isize * height * width + y * width + x) as usize] } else { 0.0 }
    };
    let mut out = vec![];
    for image in x.chunks(s.image.pixels()) {
        for (o, bias) in b.iter().enumerate() {
            for y in 0..side(s.image.height) {
                for x in 0..side(s.image.width) {
                    let mut sum = *bias;
                    for c in 0..channels {
                        for ky in 0..s.kernel {
                            for kx in 0..s.kernel {
                                let (at_y, at_x) = (y * s.stride + ky, x * s.stride + kx);
                                let (at_y, at_x) =
                                    (at_y as isize - s.padding as isize, at_x as isize - s.padding as isize);
                                let weight = w[((o * channels + c) * s.kernel + ky) * s.kernel + kx];
                                sum += weight * pixel(image, c, at_y, at_x);
                            }
                        }
                    }
                    out.push(sum);
                }
            }
        }
    }
    out
}

fn pooled(x: &[f64], image: ImageShape) -> Vec<f64> {
    let mut out = vec![];
    for plane in x.chunks(image.height * image.width) {
        for y in 0..image.height / 2 {
            for x in 0..image.width / 2 {
                let four = [(0, 0), (0, 1), (1, 0), (1, 1)];
                let values = four.map(|(dy, dx)| plane[(2 * y + dy) * image.width + 2 * x + dx]);
                out.push(values.into_iter().fold(f64::NEG_INFINITY, f64::max));
            }
        }
    }
    out
}

fn block(x: &[f64], w: &[f64], b: &[f64], s: &Convolution, activation: Activation) -> Vec<f64> {
    let f = |v: f64| if activation == Activation::Tanh { v.tanh() } else { v.max(0.0) };
    let y: Vec<f64> = convolved(x, w, b, s).into_iter().map(f).collect();
    pooled(&y, s.output().unwrap())
}

/// An operation of three arguments against `reference` and its differences, and against a composition.
fn check(
    what: &str,
    arguments: [&Matrix; 3],
    op: impl Fn(Matrix<Recording>) -> Result<Matrix<Recording>>,
    composition: impl Fn(Matrix<Recording>) -> Result<Matrix<Recording>>,
    reference: impl Fn(&[f64], &[f64], &[f64]) -> Vec<f64>,
) -> Result<()> {
    let [x, w, b] = arguments;
    let [dx, dw, db] = arguments.map(doubles);
    let want = reference(&dx, &dw, &db);
    let scale = want.iter().fold(0.0f64, |a, v| a.max(v.abs()));
    for x in [x.clone(), permuted(x)] {
        let y = op(x.retaped())?;
        let got = y.as_vec();
        assert_eq!(got.len(), want.len(), "{what}");
        for (i, (got, want)) in got.iter().zip(&want).enumerate() {
            assert!((f64::from(*got) - want).abs() <= 2e-6 * scale, "{what} at {i}: {got} {want}");
        }
        let (rows, columns) = eigengate::device::dims(&y);
        let u = random(rows, columns, 3);
        let du = doubles(&u);
        let g = backward(ops::pairing(y, &u)?);
        assert_slopes(&format!("{what}: dx"), &x, &g, |x| pair(&reference(x, &dw, &db), &du));
        assert_slopes(&format!("{what}: dW"), w, &g, |w| pair(&reference(&dx, w, &db), &du));
        assert_slopes(&format!("{what}: db"), b, &g, |b| pair(&reference(&dx, &dw, b), &du));

        let y = composition(x.retaped())?;
        assert_close(what, &y.as_vec(), &got, 2e-6);
        let c = backward(ops::pairing(y, &u)?);
        for (name, p) in [("dx", &x), ("dW", w), ("db", b)] {
            assert_close(&format!("{what}: {name} composed"), &c.get(p).as_vec(), &g.get(p).as_vec(), 1e-5);
        }
    }
    Ok(())
}

#[test]
fn conv2d() -> Result<()> {
    for (batch, s) in cases() {
        let [x, w, b] = &arguments(batch, &s);
        let output = s.output()?;
        check(
            &format!("{batch} {s:?}"),
            [x, w, b],
            |x| ops::conv2d(x, w, b, &s, EVERYTHING),
            |x| composed::conv2d(x, w, b, &s, output, EVERYTHING),
            |x, w, b| convolved(x, w, b, &s),
        )?;
        let tapeless = ops::conv2d(x.clone(), w, b, &s, EVERYTHING)?.as_vec();
        assert_eq!(tapeless, ops::conv2d(x.retaped::<Recording>(), w, b, &s, EVERYTHING)?.as_vec());
    }
    Ok(())
}

#[test]
fn conv_pool() -> Result<()> {
    for (batch, s) in fused_cases() {
        for f in [Activation::Tanh, Activation::Relu] {
            let [x, w, b] = &arguments(batch, &s);
            // Sums of many taps would saturate tanh, and differences of 1 are 0.
            let w = &(w.clone() * (1.5 / (s.taps() as f32).sqrt()));
            let output = s.output()?;
            check(
                &format!("{batch} {s:?} {f:?}"),
                [x, w, b],
                |x| ops::conv_pool(x, w, b, &s, f, EVERYTHING),
                |x| {
                    let y = composed::conv2d(x, w, b, &s, output, EVERYTHING)?;
                    let y = if f == Activation::Tanh { composed::tanh(y)? } else { composed::relu(y)? };
                    composed::max_pool2d(y, output, s.pooled()?)
                },
                |x, w, b| block(x, w, b, &s, f),
            )?;
            let tapeless = ops::conv_pool(x.clone(), w, b, &s, f, EVERYTHING)?.as_vec();
            let taped = ops::conv_pool(x.retaped::<Recording>(), w, b, &s, f, EVERYTHING)?;
            assert_eq!(tapeless, taped.as_vec());
            // The three operations after one another.
            let apart = |x: Matrix<Recording>| {
                ops::max_pool2d(f.apply(ops::conv2d(x, w, b, &s, EVERYTHING)?)?, output)
            };
            let apart = apart(x.retaped())?;
            assert_close("apart", &tapeless, &apart.as_vec(), 2e-6);
            let u = random(batch, s.pooled()?.pixels(), 3);
            let (g, c) = (backward(ops::pairing(taped, &u)?), backward(ops::pairing(apart, &u)?));
            for p in [x, w, b] {
                assert_close("gradient apart", &g.get(p).as_vec(), &c.get(p).as_vec(), 1e-5);
            }
        }
    }
    Ok(())
}

#[test]
fn max_pool2d() -> Result<()> {
    for (batch, image) in [
        (1, shape(1, 2, 2)),
        (3, shape(1, 3, 2)),
        (2, shape(5, 2, 5)),
        (2, shape(3, 7, 6)),
        (40, shape(17, 4, 9)),
    ] {
        let output = shape(image.channels, image.height / 2, image.width / 2);
        let u = random(batch, output.pixels(), 3);
        let du = doubles(&u);
        for x in [random(batch, image.pixels(), 0), permuted(&random(batch, image.pixels(), 0))] {
            let y = ops::max_pool2d(x.retaped::<Recording>(), image)?;
            assert_eq!(doubles(&y.retaped()), pooled(&doubles(&x), image));
            assert_eq!(y.as_vec(), ops::max_pool2d(x.clone(), image)?.as_vec());
            let c = composed::max_pool2d(x.retaped::<Recording>(), image, output)?;
            assert_eq!(y.as_vec(), c.as_vec());
            let g = backward(ops::pairing(y, &u)?);
            assert_slopes("pool", &x, &g, |x| pair(&pooled(x, image), &du));
            assert_eq!(g.get(&x).as_vec(), backward(ops::pairing(c, &u)?).get(&x).as_vec());
        }
    }
    Ok(())
}
