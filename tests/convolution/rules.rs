//! What holds for convolution and pooling beside their numbers: ties, NaN, what is computed, the same bits, errors.

use super::tensors::*;
use super::{EVERYTHING, arguments, shape, sizes};
use eigengate::device::{Matrix, Recording, matrix};
use eigengate::nn::Activation;
use eigengate::nn::ops::{self, Convolution, GradientsOf, composed};
use eigengate::{Error, Result};

#[test]
fn of_equal_ones_the_first_has_the_gradient() -> Result<()> {
    let image = shape(2, 4, 5);
    let x = matrix(&[0.5; 40], 1, 40)?;
    let want: Vec<f32> = (0..40)
        .map(|i| if i % 20 < 14 && i % 20 / 5 % 2 == 0 && i % 5 < 4 && i % 5 % 2 == 0 { 1.0 } else { 0.0 })
        .collect();
    let ones = matrix(&[1.0; 8], 1, 8)?;
    for pool in [
        ops::max_pool2d(x.retaped::<Recording>(), image)?,
        composed::max_pool2d(x.retaped::<Recording>(), image, shape(2, 2, 2))?,
    ] {
        assert_eq!(backward(ops::pairing(pool, &ones)?).get(&x).as_vec(), want);
    }
    // A constant image of 6x6 pixels has four equal outputs in each of 2x2 windows: each patch of a winner begins at
    // an even place, and the pixels of the last row and column belong to none.
    for channels in [1, 5] {
        let s = sizes((channels, 6, 6), 1, (3, 1, 0));
        let x = matrix(&vec![0.5; 36 * channels], 1, 36 * channels)?;
        let (w, b) = (matrix(&vec![0.25; 9 * channels], 1, 9 * channels)?, matrix(&[0.0], 1, 1)?);
        let y = ops::conv_pool(x.retaped::<Recording>(), &w, &b, &s, Activation::Relu, EVERYTHING)?;
        let g = backward(ops::pairing(y, &matrix(&[1.0; 4], 1, 4)?)?);
        let along = [1.0, 1.0, 2.0, 1.0, 1.0, 0.0];
        let plane = along.iter().flat_map(|y| along.iter().map(move |x| 0.25 * x * y));
        assert_eq!(g.get(&x).as_vec(), plane.collect::<Vec<f32>>().repeat(channels));
        assert_eq!(g.get(&w).as_vec(), vec![2.0; 9 * channels]);
    }
    Ok(())
}

#[test]
fn nan_stays_visible() -> Result<()> {
    let image = shape(1, 4, 4);
    for place in [0, 1, 4, 5] {
        let mut values = [0.0; 16];
        (values[place], values[(place + 1) % 2]) = (f32::NAN, 7.0);
        values[place] = f32::NAN;
        let x = matrix(&values, 1, 16)?;
        for y in [ops::max_pool2d(x.clone(), image)?, composed::max_pool2d(x.clone(), image, shape(1, 2, 2))?]
        {
            assert!(y.as_vec()[0].is_nan() && y.as_vec()[1..] == [0.0; 3], "{place}: {:?}", y.as_vec());
        }
        let g = backward(ops::pairing(ops::max_pool2d(x.retaped::<Recording>(), image)?, &random(1, 4, 0))?);
        assert!(g.get(&x).as_vec()[place] != 0.0);
    }
    // One pixel of the last column is under one window, whatever the number of channels.
    for channels in [1, 16] {
        let s = sizes((channels, 6, 6), 2, (3, 1, 0));
        let [x, w, b] = arguments(1, &s);
        let mut values = x.as_vec();
        values[5] = f32::NAN;
        let x = matrix(&values, 1, values.len())?;
        for f in [Activation::Tanh, Activation::Relu] {
            let y = ops::conv_pool(x.clone(), &w, &b, &s, f, EVERYTHING)?.as_vec();
            let nan: Vec<bool> = y.iter().map(|y| y.is_nan()).collect();
            assert_eq!(nan, [false, true, false, false, false, true, false, false]);
        }
    }
    Ok(())
}

#[test]
fn only_what_is_asked_for_is_computed() -> Result<()> {
    for (asked, input, parameters) in [
        (GradientsOf::Input, true, false),
        (GradientsOf::Parameters, false, true),
        (GradientsOf::Everything, true, true),
    ] {
        // Few channels, many channels, not fused.
        for s in
            [sizes((1, 6, 6), 3, (3, 1, 0)), sizes((16, 6, 6), 3, (3, 1, 0)), sizes((2, 6, 6), 3, (3, 1, 1))]
        {
            let [x, w, b] = arguments(2, &s);
            for pool in [false, true] {
                let run = |asked| -> Result<Grads> {
                    let y = match pool {
                        true => {
                            ops::conv_pool(x.retaped::<Recording>(), &w, &b, &s, Activation::Tanh, asked)?
                        }
                        false => ops::conv2d(x.retaped::<Recording>(), &w, &b, &s, asked)?,
                    };
                    let (rows, columns) = eigengate::device::dims(&y);
                    Ok(backward(ops::pairing(y, &random(rows, columns, 3))?))
                };
                let (mut some, all) = (run(asked)?, run(EVERYTHING)?);
                assert_eq!(reached(&mut some, [&x, &w, &b]), [input, parameters, parameters], "{asked:?}");
                for (p, asked) in [(&x, input), (&w, parameters), (&b, parameters)] {
                    assert!(!asked || some.get(p).as_vec() == all.get(p).as_vec());
                }
            }
        }
    }
    Ok(())
}

#[test]
fn gradients_are_added_to_what_is_there() -> Result<()> {
    // One input and one set of parameters, used twice.
    for s in [sizes((1, 6, 6), 3, (3, 1, 0)), sizes((5, 6, 6), 3, (3, 1, 0)), sizes((2, 6, 6), 3, (3, 1, 1))]
    {
        let [x, w, b] = arguments(2, &s);
        let u = random(2, s.pooled()?.pixels(), 3);
        let loss = || {
            let y = ops::conv_pool(x.retaped::<Recording>(), &w, &b, &s, Activation::Tanh, EVERYTHING)?;
            ops::pairing(y, &u)
        };
        let (once, twice) = (backward(loss()?), backward(loss()? + loss()? * 2.0));
        for p in [&x, &w, &b] {
            let three: Vec<f32> = once.get(p).as_vec().iter().map(|v| 3.0 * v).collect();
            assert_close("three times", &twice.get(p).as_vec(), &three, 1e-5);
        }
    }
    Ok(())
}

/// Result and gradients of a pass, as bits.
fn pass(batch: usize, s: &Convolution, fused: bool) -> Vec<Vec<u32>> {
    let [x, w, b] = arguments(batch, s);
    let x_tape = x.retaped::<Recording>();
    let y = match fused {
        true => ops::conv_pool(x_tape, &w, &b, s, Activation::Tanh, EVERYTHING).unwrap(),
        false => ops::conv2d(x_tape, &w, &b, s, EVERYTHING).unwrap(),
    };
    let u = random(batch, eigengate::device::dims(&y).1, 3);
    let values = bits(&y.as_vec());
    let g = backward(ops::pairing(y, &u).unwrap());
    let mut all: Vec<_> = [&x, &w, &b].iter().map(|p| bits(&g.get(*p).as_vec())).collect();
    all.push(values);
    all
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    for s in
        [sizes((1, 8, 9), 17, (3, 1, 0)), sizes((16, 8, 7), 5, (3, 1, 0)), sizes((3, 7, 7), 4, (3, 2, 1))]
    {
        for fused in [false, true] {
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| pass(150, &s, fused))
            };
            let one = run(1);
            assert!([2, 5].iter().all(|&threads| run(threads) == one), "{s:?}");
        }
    }
}

#[test]
fn a_row_does_not_depend_on_its_batch() {
    for s in
        [sizes((1, 8, 9), 17, (3, 1, 0)), sizes((16, 8, 7), 5, (3, 1, 0)), sizes((3, 7, 7), 4, (3, 2, 1))]
    {
        for fused in [false, true] {
            let (one, seven) = (pass(1, &s, fused), pass(7, &s, fused));
            for (one, seven) in [(&one[0], &seven[0]), (&one[3], &seven[3])] {
                assert_eq!(one[..], seven[..one.len()]);
            }
        }
    }
}

#[test]
fn bad_sizes_are_refused_with_the_sizes() -> Result<()> {
    let s = sizes((1, 28, 28), 16, (3, 1, 0));
    let [x, w, b] = arguments(2, &s);
    let text = |error: Option<Error>| error.unwrap().to_string();
    let conv = |x: &Matrix, w: &Matrix, b: &Matrix, s: &Convolution| {
        let fused = ops::conv_pool(x.clone(), w, b, s, Activation::Tanh, EVERYTHING).err();
        let plain = text(ops::conv2d(x.clone(), w, b, s, EVERYTHING).err());
        assert_eq!(text(fused), plain);
        plain
    };
    let wrong = conv(&random(2, 783, 0), &w, &b, &s);
    assert!(wrong.contains("(batch, 784), images of 1x28x28") && wrong.contains("(2, 783)"), "{wrong}");
    let wrong = conv(&x, &random(16, 8, 0), &b, &s);
    assert!(wrong.contains("weight") && wrong.contains("(16, 9)") && wrong.contains("(16, 8)"), "{wrong}");
    let wrong = conv(&x, &w, &random(1, 15, 0), &s);
    assert!(wrong.contains("bias") && wrong.contains("(1, 16)") && wrong.contains("(1, 15)"), "{wrong}");
    let wrong = conv(&random(2, 6, 0), &w, &b, &sizes((1, 2, 3), 16, (5, 1, 1)));
    assert!(wrong.contains("1x2x3") && wrong.contains("5x5") && wrong.contains("padding of 1"), "{wrong}");
    assert!(conv(&matrix(&[], 0, 784)?, &w, &b, &s).contains("empty"));
    for zero in [
        sizes((1, 28, 28), 0, (3, 1, 0)),
        sizes((1, 28, 28), 16, (0, 1, 0)),
        sizes((1, 28, 28), 16, (3, 0, 0)),
        sizes((0, 28, 28), 16, (3, 1, 0)),
        sizes((1, usize::MAX, 28), 16, (3, 1, 0)),
        sizes((1, 28, 28), 16, (3, 1, usize::MAX)),
        sizes((1, 28, 28), usize::MAX, (3, 1, 0)),
        sizes((1, 28, 28), 16, (usize::MAX, 1, 0)),
    ] {
        assert!(matches!(zero.output(), Err(Error::Parameter { .. })), "{zero:?}");
    }
    assert!(matches!(ops::max_pool2d(random(1, 3, 0), shape(1, 1, 3)), Err(Error::Parameter { .. })));
    assert!(matches!(ops::max_pool2d(random(1, 3, 0), shape(1, 2, 2)), Err(Error::Shape { .. })));
    assert!(matches!(ops::max_pool2d(matrix(&[], 0, 4)?, shape(1, 2, 2)), Err(Error::Empty { .. })));
    // The convolution leaves one pixel, and there is nothing to pool.
    let s = sizes((1, 3, 3), 1, (3, 1, 0));
    let [x, w, b] = arguments(1, &s);
    let wrong = text(ops::conv_pool(x, &w, &b, &s, Activation::Tanh, EVERYTHING).err());
    assert!(wrong.contains("1x1x1") && wrong.contains("2x2"), "{wrong}");
    Ok(())
}
