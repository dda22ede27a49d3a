//! The adjoint of a convolutional block against float64 finite differences, its composition, and the block itself.

use crate::tensors::*;
use dfdx::prelude::AsArray;
use eigengate::data::ImageShape;
use eigengate::device::{Matrix, Recording, dims, matrix};
use eigengate::nn::Activation;
use eigengate::nn::ops::{self, Convolution, GradientsOf, composed};
use eigengate::{Error, Result};

const BOTH: [Activation; 2] = [Activation::Tanh, Activation::Relu];

fn sizes(
    (channels, height, width): (usize, usize, usize),
    outputs: usize,
    (kernel, stride, padding): (usize, usize, usize),
) -> Convolution {
    let image = ImageShape { channels, height, width };
    Convolution { stride, padding, ..Convolution::new(image, outputs, kernel) }
}

/// Batch and sizes: few and many channels, below, at and beyond the vector width; the smallest images; odd and even
/// sides; more images than one task has.
fn cases() -> Vec<(usize, Convolution)> {
    let plain = (3, 1, 0);
    vec![
        (1, sizes((1, 4, 4), 1, plain)),
        (2, sizes((1, 13, 12), 16, plain)),
        (3, sizes((3, 5, 6), 5, plain)),
        (1, sizes((4, 7, 4), 33, plain)),
        (2, sizes((5, 7, 9), 3, plain)),
        (2, sizes((16, 8, 7), 17, plain)),
        (1, sizes((17, 4, 11), 32, plain)),
        (2, sizes((33, 5, 4), 9, plain)),
        (70, sizes((2, 6, 5), 3, plain)),
        (35, sizes((6, 4, 5), 2, plain)),
        // Not fused.
        (2, sizes((3, 6, 5), 4, (3, 1, 1))),
        (2, sizes((2, 7, 9), 3, (5, 1, 0))),
        (1, sizes((2, 9, 8), 3, (3, 2, 0))),
        (2, sizes((1, 5, 4), 2, (2, 3, 1))),
    ]
}

fn fused(s: &Convolution) -> bool {
    (s.kernel, s.stride, s.padding) == (3, 1, 0)
}

/// `x`, weight, bias; weights such that tanh is curved and not saturated.
fn arguments(batch: usize, s: &Convolution) -> [Matrix; 3] {
    let weight = random(s.channels, s.taps(), 1) * (1.5 / (s.taps() as f32).sqrt());
    [random(batch, s.image.pixels(), 0), weight, random(1, s.channels, 2)]
}

/// The taps of the weight and the pixels of the image that meet at one position of the output.
type Patch = Vec<(usize, usize)>;

/// For every position of a channel.
fn patches(s: &Convolution) -> Vec<Patch> {
    let output = s.output().unwrap();
    let patch = |position: usize| {
        let (line, column) = (position / output.width, position % output.width);
        let pixel = |tap: usize| {
            let (channel, ky, kx) = (tap / s.kernel / s.kernel, tap / s.kernel % s.kernel, tap % s.kernel);
            let y = (line * s.stride + ky).checked_sub(s.padding).filter(|y| *y < s.image.height)?;
            let x = (column * s.stride + kx).checked_sub(s.padding).filter(|x| *x < s.image.width)?;
            Some((tap, (channel * s.image.height + y) * s.image.width + x))
        };
        (0..s.taps()).filter_map(pixel).collect()
    };
    (0..output.height * output.width).map(patch).collect()
}

/// The patch of the largest of every window.
fn winners(x: &[f64], w: &[f64], b: &[f64], s: &Convolution) -> Vec<Patch> {
    let (output, pooled, patches) = (s.output().unwrap(), s.pooled().unwrap(), patches(s));
    let mut winners = vec![];
    for image in x.chunks(s.image.pixels()) {
        for window in 0..pooled.pixels() {
            let (channel, line, column) = (
                window / pooled.width / pooled.height,
                window / pooled.width % pooled.height,
                window % pooled.width,
            );
            let mut best = (f64::NEG_INFINITY, 0);
            for corner in 0..4 {
                let position = (2 * line + corner / 2) * output.width + 2 * column + corner % 2;
                let products =
                    patches[position].iter().map(|(tap, pixel)| w[channel * s.taps() + tap] * image[*pixel]);
                let sum = b[channel] + products.sum::<f64>();
                if sum > best.0 {
                    best = (sum, position);
                }
            }
            winners.push(patches[best.1].clone());
        }
    }
    winners
}

/// The definition, with winners that are given.
fn pulled(g: &[f64], y: &[f64], w: &[f64], winners: &[Patch], s: &Convolution, f: Activation) -> Vec<f64> {
    let pooled = s.pooled().unwrap();
    let (outputs, windows, inputs) = (pooled.pixels(), pooled.height * pooled.width, s.image.pixels());
    let mut z = vec![0.0; g.len() / outputs * inputs];
    for (place, ((g, y), patch)) in g.iter().zip(y).zip(winners).enumerate() {
        let (image, channel) = (place / outputs, place % outputs / windows);
        let slope = if f == Activation::Tanh { 1.0 - y * y } else { f64::from(u8::from(*y > 0.0)) };
        for (tap, pixel) in patch {
            z[image * inputs + pixel] += g * slope * w[channel * s.taps() + tap];
        }
    }
    z
}

/// Other outputs than `y`, since no form may calculate its own. But relu has its zeros where `y` has: of four zeros the
/// first wins after the nonlinearity and the largest before it, and neither has a slope.
fn outputs_beside(y: &Matrix, f: Activation) -> Result<Matrix> {
    let (batch, outputs) = dims(y);
    let random = random(batch, outputs, 7).as_vec();
    let others = random.iter().zip(y.as_vec()).map(|(r, y)| match f {
        Activation::Tanh => (2.0 * r).tanh(),
        Activation::Relu => {
            if y > 0.0 {
                r.abs()
            } else {
                0.0
            }
        }
    });
    matrix(&others.collect::<Vec<_>>(), batch, outputs)
}

/// The composition for an input `x`.
fn composition(
    g: Matrix<Recording>,
    y: &Matrix,
    [x, w, b]: [&Matrix; 3],
    s: &Convolution,
    f: Activation,
) -> Result<Matrix<Recording>> {
    let output = s.output()?;
    let before = composed::conv2d(x.clone(), w, b, s, output, GradientsOf::Everything)?;
    let before = if f == Activation::Tanh { composed::tanh(before)? } else { composed::relu(before)? };
    composed::conv_pool_adjoint(g, &before, y, w, s, output, f)
}

#[test]
fn conv_pool_adjoint() -> Result<()> {
    for ((batch, s), f) in cases().into_iter().flat_map(|case| BOTH.map(|f| (case, f))) {
        let what = format!("{batch} {s:?} {f:?}");
        let [x, w, b] = &arguments(batch, &s);
        let outputs = s.pooled()?.pixels();
        let (dw, winners) = (doubles(w), winners(&doubles(x), &doubles(w), &doubles(b), &s));
        let u = random(batch, s.image.pixels(), 3);
        let du = doubles(&u);
        let g = random(batch, outputs, 4);
        let y = outputs_beside(&ops::conv_pool(x.clone(), w, b, &s, f, GradientsOf::Input)?, f)?;
        for (g, y) in [(g.clone(), y.clone()), (permuted(&g), permuted(&y))] {
            let (dg, dy) = (doubles(&g), doubles(&y));
            let value = |g: &[f64], y: &[f64], w: &[f64]| pair(&pulled(g, y, w, &winners, &s, f), &du);
            let z = ops::conv_pool_adjoint(g.retaped::<Recording>(), x, &y, w, b, &s, f)?;
            let tapeless = ops::conv_pool_adjoint(g.clone(), x, &y, w, b, &s, f)?;
            assert_eq!(z.as_vec(), tapeless.as_vec(), "{what}");
            let want = pulled(&dg, &dy, &dw, &winners, &s, f);
            let scale = want.iter().fold(0.0f64, |a, v| a.max(v.abs()));
            for (z, want) in z.as_vec().iter().zip(&want) {
                assert!((f64::from(*z) - want).abs() <= 1e-6 * scale, "{what}: {z} {want}");
            }
            let mut slopes = backward(ops::pairing(z, &u)?);
            assert_slopes(&format!("{what}: dg"), &g, &slopes, |g| value(g, &dy, &dw));
            assert_slopes(&format!("{what}: dW"), w, &slopes, |w| value(&dg, &dy, w));
            let curved = slopes.get_or_alloc_mut(&y).unwrap().iter().any(|v| *v != 0.0);
            assert_eq!(curved, f == Activation::Tanh, "{what}");
            if curved {
                assert_slopes(&format!("{what}: dy"), &y, &slopes, |y| value(&dg, y, &dw));
            }
            assert_eq!(reached(&mut slopes, [x, b, b]), [false; 3], "{what}");

            let z = composition(g.retaped(), &y, [x, w, b], &s, f)?;
            assert_close(&format!("{what}: composed"), &z.as_vec(), &tapeless.as_vec(), 2e-6);
            let mut c = backward(ops::pairing(z, &u)?);
            c.try_alloc_for(&y).unwrap();
            for (name, p) in [("dg", &g), ("dy", &y), ("dW", w)] {
                let (got, want) = (c.get(p).as_vec(), slopes.get(p).as_vec());
                assert_close(&format!("{what}: {name} composed"), &got, &want, 1e-5);
            }
            assert_eq!(reached(&mut c, [x, b, b]), [false; 3], "{what}");
        }
    }
    Ok(())
}

#[test]
fn it_is_the_backward_pass_of_the_block_whose_ties_it_shares() -> Result<()> {
    for ((batch, s), f) in cases().into_iter().flat_map(|case| BOTH.map(|f| (case, f))) {
        let [x, w, b] = arguments(batch, &s);
        // Sums of few whole numbers, of which many are equal.
        let whole = |x: &Matrix, factor: f32| {
            let (rows, columns) = dims(x);
            matrix(&x.as_vec().iter().map(|v| (factor * v).round()).collect::<Vec<_>>(), rows, columns)
        };
        let ties = [whole(&x, 0.6)?, whole(&random(s.channels, s.taps(), 1), 0.6)?, whole(&b, 1.0)?];
        for [x, w, b] in [[x, w, b], ties] {
            let y = ops::conv_pool(x.retaped::<Recording>(), &w, &b, &s, f, GradientsOf::Input)?;
            let (g, tap) = (random(batch, s.pooled()?.pixels(), 4), y.retaped());
            let dx = backward(ops::pairing(y, &g)?).get(&x).as_vec();
            let z = ops::conv_pool_adjoint(g.clone(), &x, &tap, &w, &b, &s, f)?.as_vec();
            match fused(&s) {
                true => assert_eq!(bits(&z), bits(&dx), "{s:?} {f:?}"),
                false => assert_close(&format!("{s:?} {f:?}"), &z, &dx, 1e-6),
            }
        }
    }
    Ok(())
}

#[test]
fn of_equal_ones_the_first_wins() -> Result<()> {
    // A constant image: all four outputs of a window are equal. Few channels, many, not fused.
    for s in [sizes((1, 6, 6), 2, (3, 1, 0)), sizes((5, 6, 6), 2, (3, 1, 0)), sizes((1, 4, 4), 2, (3, 1, 1))]
    {
        let pixels = s.image.pixels();
        let (x, b) = (matrix(&vec![0.5; pixels], 1, pixels)?, matrix(&[0.0; 2], 1, 2)?);
        let w = matrix(&vec![0.25; 2 * s.taps()], 2, s.taps())?;
        let f = Activation::Relu;
        // The convolution with padding is larger inside.
        let first = if s.padding == 1 { [5, 6, 9, 10] } else { [0, 2, 8, 10] };
        let y = matrix(&[1.0; 8], 1, 8)?;
        let winners: Vec<Patch> = first.repeat(2).into_iter().map(|at| patches(&s)[at].clone()).collect();
        let want = pulled(&[1.0; 8], &[1.0; 8], &doubles(&w), &winners, &s, f);
        let g = matrix(&[1.0; 8], 1, 8)?;
        for z in [
            ops::conv_pool_adjoint(g.retaped::<Recording>(), &x, &y, &w, &b, &s, f)?,
            composition(g.retaped(), &y, [&x, &w, &b], &s, f)?,
        ] {
            assert_eq!(doubles(&z.retaped()), want, "{s:?}");
        }
    }
    Ok(())
}

#[test]
fn gradients_are_added_to_what_is_there() -> Result<()> {
    for s in [sizes((1, 6, 6), 3, (3, 1, 0)), sizes((5, 6, 6), 3, (3, 1, 0)), sizes((2, 6, 6), 3, (3, 1, 1))]
    {
        let ([x, w, b], outputs) = (arguments(2, &s), s.pooled()?.pixels());
        let (g, y) = (random(2, outputs, 4), Activation::Tanh.apply(random(2, outputs, 7))?);
        let u = random(2, s.image.pixels(), 3);
        let loss = || {
            let g = g.retaped::<Recording>();
            ops::pairing(ops::conv_pool_adjoint(g, &x, &y, &w, &b, &s, Activation::Tanh)?, &u)
        };
        let (once, twice) = (backward(loss()?), backward(loss()? + loss()? * 2.0));
        for p in [&g, &y, &w] {
            let three: Vec<f32> = once.get(p).as_vec().iter().map(|v| 3.0 * v).collect();
            assert_close("three times", &twice.get(p).as_vec(), &three, 1e-5);
        }
    }
    Ok(())
}

/// Result and gradients, as bits: by image, and of the weight.
fn pass(batch: usize, s: &Convolution, f: Activation) -> (Vec<Vec<u32>>, Vec<u32>) {
    let ([x, w, b], outputs) = (arguments(batch, s), s.pooled().unwrap().pixels());
    let (g, y) = (random(batch, outputs, 4), f.apply(random(batch, outputs, 7)).unwrap());
    let z = ops::conv_pool_adjoint(g.retaped::<Recording>(), &x, &y, &w, &b, s, f).unwrap();
    let values = bits(&z.as_vec());
    let value = ops::square_sum(z, 0.5).unwrap();
    assert!(value.array() > 0.0);
    let mut slopes = backward(value);
    let mut of = |p: &Matrix| bits(slopes.get_or_alloc_mut(p).unwrap());
    (vec![values, of(&g), of(&y)], of(&w))
}

#[test]
fn neither_threads_nor_other_images_change_a_bit() {
    for (s, f) in [sizes((1, 8, 9), 17, (3, 1, 0)), sizes((16, 8, 7), 5, (3, 1, 0))].iter().zip(BOTH) {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| pass(150, s, f))
        };
        let one = run(1);
        assert!([2, 5].iter().all(|&threads| run(threads) == one), "{s:?}");
        let seven = pass(7, s, f);
        for (all, seven) in one.0.iter().zip(&seven.0) {
            assert!(all[..seven.len().min(all.len())] == seven[..], "{s:?}");
        }
    }
}

#[test]
fn wrong_sizes_are_refused() -> Result<()> {
    for s in [sizes((1, 8, 9), 2, (3, 1, 0)), sizes((1, 8, 9), 2, (3, 1, 1))] {
        let ([x, w, b], outputs) = (arguments(4, &s), s.pooled()?.pixels());
        let (g, y) = (random(4, outputs, 4), random(4, outputs, 7));
        let fails = |g: &Matrix, x: &Matrix, y: &Matrix, w: &Matrix, b: &Matrix, s: &Convolution| {
            ops::conv_pool_adjoint(g.clone(), x, y, w, b, s, Activation::Tanh).err().unwrap()
        };
        let text = |g: &Matrix, x: &Matrix, y: &Matrix, w: &Matrix, b: &Matrix| {
            let error = fails(g, x, y, w, b, &s);
            assert!(matches!(error, Error::Shape { .. }), "{error}");
            error.to_string()
        };
        let tap = text(&g, &x, &random(4, outputs + 1, 0), &w, &b);
        assert!(tap.contains("tap") && tap.contains(&format!("(4, {outputs})")), "{tap}");
        let cotangent = text(&random(3, outputs, 0), &x, &y, &w, &b);
        assert!(cotangent.contains("cotangent") && cotangent.contains("(3, "), "{cotangent}");
        let fewer = text(&g, &x, &random(3, outputs, 0), &w, &b);
        assert!(fewer.contains("tap") && fewer.contains("(3, "), "{fewer}");
        assert!(text(&g, &random(4, 71, 0), &y, &w, &b).contains("images of 1x8x9"));
        assert!(text(&g, &x, &y, &random(2, 8, 0), &b).contains("weight"));
        assert!(text(&g, &x, &y, &w, &random(1, 3, 0)).contains("bias"));
        let (none, nothing) = (matrix(&[], 0, 72)?, matrix(&[], 0, outputs)?);
        assert!(matches!(fails(&nothing, &none, &nothing, &w, &b, &s), Error::Empty { .. }));
    }
    // The convolution leaves one pixel, and there is nothing to pool.
    let s = sizes((1, 3, 3), 1, (3, 1, 0));
    let [x, w, b] = arguments(1, &s);
    let one = random(1, 1, 0);
    let small = ops::conv_pool_adjoint(one.clone(), &x, &one, &w, &b, &s, Activation::Tanh);
    assert!(matches!(small, Err(Error::Parameter { .. })));
    Ok(())
}
