//! Batch normalisation: float64 differences, PyTorch's numbers, its composition, threads, what is refused.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/gradients.rs"]
mod gradients;

use eigengate::device::{Matrix, Recording, matrix, to_device};
use eigengate::exchange::Npz;
use eigengate::nn::ops::{BatchStatistics, GradientsOf, batch_norm, batch_norm_fixed, composed, pairing};
use eigengate::{Error, Result};
use errors::{has, text};
use gradients::{
    Grads, assert_close, assert_slopes, backward, bits, doubles, largest, pair, permuted, random,
};
use ndarray::{ArrayD, Axis, Ix1, Ix3};

const ALL: GradientsOf = GradientsOf::Everything;
const SHAPES: [(usize, usize); 7] = [(2, 1), (7, 1), (2, 3), (5, 9), (32, 16), (33, 17), (100, 65)];

/// Mean and biased variance of every column.
fn moments(x: &[f64], width: usize) -> (Vec<f64>, Vec<f64>) {
    let batch = (x.len() / width) as f64;
    let column = |j: usize| x.iter().skip(j).step_by(width);
    let mean: Vec<f64> = (0..width).map(|j| column(j).sum::<f64>() / batch).collect();
    let variance =
        (0..width).map(|j| column(j).map(|x| (x - mean[j]).powi(2)).sum::<f64>() / batch).collect();
    (mean, variance)
}

fn affine(x: &[f64], (mean, variance): (&[f64], &[f64]), gamma: &[f64], beta: &[f64], eps: f64) -> Vec<f64> {
    let width = mean.len();
    let at = |(i, x): (usize, &f64)| {
        let j = i % width;
        gamma[j] * (x - mean[j]) / (variance[j] + eps).sqrt() + beta[j]
    };
    x.iter().enumerate().map(at).collect()
}

fn reference(x: &[f64], gamma: &[f64], beta: &[f64], eps: f64) -> Vec<f64> {
    let (mean, variance) = moments(x, gamma.len());
    affine(x, (&mean, &variance), gamma, beta, eps)
}

/// Largest of `|gamma| / sqrt(variance + eps)`: what rounding in float32 is magnified by.
fn gain(gamma: &[f64], variance: &[f64], eps: f64) -> f64 {
    gamma.iter().zip(variance).map(|(g, v)| g.abs() / (v + eps).sqrt()).fold(1.0, f64::max)
}

fn assert_same(what: &str, got: (&Grads, [&Matrix; 3]), want: (&Grads, [&Matrix; 3]), bound: f64) {
    for (got_at, want_at) in got.1.into_iter().zip(want.1) {
        let want: Vec<f64> = want.0.get(want_at).as_vec().into_iter().map(f64::from).collect();
        assert_close(what, &got.0.get(got_at).as_vec(), &want, bound);
    }
}

#[test]
fn outputs_and_gradients() -> Result<()> {
    for ((batch, width), eps) in SHAPES.into_iter().flat_map(|s| [(s, 1e-5), (s, 0.3)]) {
        let what = format!("{batch} x {width}, eps {eps}");
        let (x, u) = (random(batch, width, 0), random(batch, width, 3));
        let (gamma, beta) = (random(1, width, 1), random(1, width, 2));
        let (dx, dgamma, dbeta, du) = (doubles(&x), doubles(&gamma), doubles(&beta), doubles(&u));
        let (mean, variance) = moments(&dx, width);
        let bound = 5e-6 * gain(&dgamma, &variance, eps).powi(2) * (batch as f64).sqrt();

        let (y, statistics) = batch_norm(x.retaped::<Recording>(), &gamma, &beta, eps, ALL)?;
        let values = y.as_vec();
        assert_close(
            &what,
            &values,
            &reference(&dx, &dgamma, &dbeta, eps),
            1e-6 * gain(&dgamma, &variance, eps),
        );
        let unbiased: Vec<f64> = variance.iter().map(|v| v * batch as f64 / (batch - 1) as f64).collect();
        assert_close(&what, &statistics.mean().as_vec(), &mean, 1e-6);
        assert_close(&what, &statistics.variance().as_vec(), &unbiased, 1e-6);
        let plain = batch_norm(x.clone(), &gamma, &beta, eps, GradientsOf::Input)?.0;
        assert_eq!(bits(&plain.as_vec()), bits(&values), "{what}: without a tape");

        // Times 2, so that a factor from above is not forgotten.
        let g = backward(pairing(y, &u)? * 2.0);
        let loss = |x: &[f64], gamma: &[f64], beta: &[f64]| 2.0 * pair(&reference(x, gamma, beta, eps), &du);
        assert_slopes(&format!("dx of {what}"), &x, &g, (1e-4, bound), |x| loss(x, &dgamma, &dbeta));
        assert_slopes(&format!("dgamma of {what}"), &gamma, &g, (1e-3, bound), |v| loss(&dx, v, &dbeta));
        assert_slopes(&format!("dbeta of {what}"), &beta, &g, (1e-3, bound), |v| loss(&dx, &dgamma, v));

        let t = permuted(&x);
        let (y, _) = batch_norm(t.retaped::<Recording>(), &gamma, &beta, eps, ALL)?;
        let same = backward(pairing(y, &u)? * 2.0);
        assert_eq!(bits(&same.get(&t).as_vec()), bits(&g.get(&x).as_vec()), "{what}: transposed in memory");
        for x in [&x, &t] {
            let (y, mean, variance) =
                composed::batch_norm(x.retaped::<Recording>(), &gamma, &beta, eps, ALL)?;
            assert_close(&what, &values, &doubles(&y.retaped()), bound);
            assert_close(&what, &statistics.mean().as_vec(), &doubles(&mean), 1e-6);
            assert_close(&what, &statistics.variance().as_vec(), &doubles(&variance), 1e-6);
            let c = backward(pairing(y, &u)? * 2.0);
            assert_same(&what, (&same, [&t, &gamma, &beta]), (&c, [x, &gamma, &beta]), bound);
        }
    }
    Ok(())
}

#[test]
fn channels_of_images() -> Result<()> {
    // A channel of several columns is one column of as many rows.
    for (batch, channels, places) in [(1, 1, 2), (1, 3, 4), (2, 1, 9), (5, 4, 6), (33, 5, 7), (40, 2, 33)] {
        let what = format!("{batch} x {channels} channels of {places}");
        let (width, eps) = (channels * places, 1e-3);
        let (x, u) = (random(batch, width, 0), random(batch, width, 3));
        let (gamma, beta) = (random(1, channels, 1), random(1, channels, 2));
        let (dx, dgamma, dbeta, du) = (doubles(&x), doubles(&gamma), doubles(&beta), doubles(&u));
        let by_channel = |x: &[f64]| -> Vec<f64> {
            let rows = (0..batch).flat_map(|b| (0..places).map(move |p| (b, p)));
            rows.flat_map(|(b, p)| (0..channels).map(move |c| b * width + c * places + p))
                .map(|i| x[i])
                .collect()
        };
        let (mean, variance) = moments(&by_channel(&dx), channels);
        let loss = |x: &[f64], gamma: &[f64], beta: &[f64]| {
            pair(&reference(&by_channel(x), gamma, beta, eps), &by_channel(&du))
        };
        let bound = 5e-6 * gain(&dgamma, &variance, eps).powi(2) * ((batch * places) as f64).sqrt();
        let (y, statistics) = batch_norm(x.retaped::<Recording>(), &gamma, &beta, eps, ALL)?;
        let values = doubles(&y.retaped());
        assert_close(
            &what,
            &by_channel(&values).iter().map(|v| *v as f32).collect::<Vec<_>>(),
            &reference(&by_channel(&dx), &dgamma, &dbeta, eps),
            bound,
        );
        let count = (batch * places) as f64;
        let unbiased: Vec<f64> = variance.iter().map(|v| v * count / (count - 1.0)).collect();
        assert_close(&what, &statistics.mean().as_vec(), &mean, 1e-6);
        assert_close(&what, &statistics.variance().as_vec(), &unbiased, 1e-6);
        let g = backward(pairing(y, &u)?);
        assert_slopes(&format!("dx of {what}"), &x, &g, (1e-4, bound), |x| loss(x, &dgamma, &dbeta));
        assert_slopes(&format!("dgamma of {what}"), &gamma, &g, (1e-3, bound), |v| loss(&dx, v, &dbeta));
        assert_slopes(&format!("dbeta of {what}"), &beta, &g, (1e-3, bound), |v| loss(&dx, &dgamma, v));
        let (y, m, v) = composed::batch_norm(x.retaped::<Recording>(), &gamma, &beta, eps, ALL)?;
        assert_close(&what, &y.as_vec(), &values, bound);
        assert_close(&what, &m.as_vec(), &mean, 1e-5);
        assert_close(&what, &v.as_vec(), &unbiased, 1e-5);
        let c = backward(pairing(y, &u)?);
        assert_same(&what, (&g, [&x, &gamma, &beta]), (&c, [&x, &gamma, &beta]), bound);

        // With stored statistics, both forms.
        let stored = |x: &[f64]| affine(&by_channel(x), (&mean, &unbiased), &dgamma, &dbeta, eps);
        let y = batch_norm_fixed(x.retaped::<Recording>(), &gamma, &beta, &statistics, eps, ALL)?;
        let got: Vec<f32> = by_channel(&doubles(&y.retaped())).iter().map(|v| *v as f32).collect();
        assert_close(&what, &got, &stored(&dx), bound);
        let f = backward(pairing(y, &u)?);
        let dot = |x: &[f64]| pair(&stored(x), &by_channel(&du));
        assert_slopes(&format!("fixed dx of {what}"), &x, &f, (1e-3, bound), dot);
        let both = (statistics.mean(), statistics.variance());
        let y = composed::batch_norm_fixed(x.retaped::<Recording>(), &gamma, &beta, both, eps, ALL)?;
        let c = backward(pairing(y, &u)?);
        assert_same(&what, (&f, [&x, &gamma, &beta]), (&c, [&x, &gamma, &beta]), bound);
    }
    Ok(())
}

#[test]
fn stored_statistics() -> Result<()> {
    for (batch, width) in [(1, 1), (1, 5)].into_iter().chain(SHAPES) {
        let what = format!("{batch} x {width}");
        let eps = 1e-5;
        let (x, u) = (random(batch, width, 0), random(batch, width, 3));
        let (gamma, beta) = (random(1, width, 1), random(1, width, 2));
        let variance = matrix(
            &doubles(&random(1, width, 5)).iter().map(|v| (v * v + 0.1) as f32).collect::<Vec<_>>(),
            1,
            width,
        )?;
        let statistics = BatchStatistics::from_values(random(1, width, 4), variance)?;
        let (mean, variance) = (doubles(statistics.mean()), doubles(statistics.variance()));
        let (dx, dgamma, dbeta, du) = (doubles(&x), doubles(&gamma), doubles(&beta), doubles(&u));
        let f = |x: &[f64], gamma: &[f64], beta: &[f64]| affine(x, (&mean, &variance), gamma, beta, eps);

        let y = batch_norm_fixed(x.retaped::<Recording>(), &gamma, &beta, &statistics, eps, ALL)?;
        let values = y.as_vec();
        assert_close(&what, &values, &f(&dx, &dgamma, &dbeta), 3e-6);
        let plain = batch_norm_fixed(x.clone(), &gamma, &beta, &statistics, eps, GradientsOf::Input)?;
        assert_eq!(bits(&plain.as_vec()), bits(&values), "{what}: without a tape");
        let g = backward(pairing(y, &u)? * 2.0);
        let loss = |x: &[f64], gamma: &[f64], beta: &[f64]| 2.0 * pair(&f(x, gamma, beta), &du);
        let accuracy = (1e-3, 1e-5 * (batch as f64).sqrt());
        assert_slopes(&format!("dx of {what}"), &x, &g, accuracy, |x| loss(x, &dgamma, &dbeta));
        assert_slopes(&format!("dgamma of {what}"), &gamma, &g, accuracy, |v| loss(&dx, v, &dbeta));
        assert_slopes(&format!("dbeta of {what}"), &beta, &g, accuracy, |v| loss(&dx, &dgamma, v));
        let by_input = bits(&g.get(&x).as_vec());
        for x in [x.clone(), permuted(&x)] {
            let of = (statistics.mean(), statistics.variance());
            let y = composed::batch_norm_fixed(x.retaped::<Recording>(), &gamma, &beta, of, eps, ALL)?;
            assert_close(&what, &values, &doubles(&y.retaped()), 3e-6);
            let c = backward(pairing(y, &u)? * 2.0);
            let y = batch_norm_fixed(x.retaped::<Recording>(), &gamma, &beta, &statistics, eps, ALL)?;
            let same = backward(pairing(y, &u)? * 2.0);
            assert_same(&what, (&same, [&x, &gamma, &beta]), (&c, [&x, &gamma, &beta]), accuracy.1);
            assert_eq!(bits(&same.get(&x).as_vec()), by_input);
        }
    }
    Ok(())
}

#[test]
fn only_what_is_asked_for_is_computed() -> Result<()> {
    let (x, u, gamma, beta) = (random(6, 3, 0), random(6, 3, 3), random(1, 3, 1), random(1, 3, 2));
    let statistics = BatchStatistics::new(3)?;
    let whole = |fixed: bool, asked: GradientsOf| -> Result<Grads> {
        let x = x.retaped::<Recording>();
        let y = match fixed {
            true => batch_norm_fixed(x, &gamma, &beta, &statistics, 1e-5, asked)?,
            false => batch_norm(x, &gamma, &beta, 1e-5, asked)?.0,
        };
        Ok(backward(pairing(y, &u)?))
    };
    for fixed in [false, true] {
        let mut all = whole(fixed, ALL)?;
        for asked in [GradientsOf::Input, GradientsOf::Parameters, ALL] {
            let mut g = whole(fixed, asked)?;
            for (p, there) in [(&x, asked.input()), (&gamma, asked.parameters()), (&beta, asked.parameters())]
            {
                let got = g.get_or_alloc_mut(p).unwrap().to_vec();
                let want = all.get_or_alloc_mut(p).unwrap().to_vec();
                assert!(want.iter().any(|v| *v != 0.0));
                assert_eq!(got, if there { want } else { vec![0.0; got.len()] }, "{asked:?}, fixed: {fixed}");
            }
        }
    }
    Ok(())
}

#[test]
fn branches_of_a_tape_add_up() -> Result<()> {
    let (x, u, gamma, beta) = (random(6, 3, 0), random(6, 3, 3), random(1, 3, 1), random(1, 3, 2));
    let statistics = BatchStatistics::new(3)?;
    let norm = |x: Matrix<Recording>| batch_norm(x, &gamma, &beta, 1e-5, ALL).map(|(y, _)| y);
    let fixed = |x: Matrix<Recording>| batch_norm_fixed(x, &gamma, &beta, &statistics, 1e-5, ALL);
    for op in [&norm as &dyn Fn(Matrix<Recording>) -> Result<Matrix<Recording>>, &fixed] {
        let once = backward(pairing(op(x.retaped())?, &u)?);
        let first = pairing(op(x.retaped())?, &u)?;
        let twice = backward(first + pairing(op(x.retaped())?, &u)?);
        for p in [&x, &gamma, &beta] {
            let want: Vec<f64> = once.get(p).as_vec().into_iter().map(|v| 2.0 * f64::from(v)).collect();
            assert_close("twice", &twice.get(p).as_vec(), &want, 1e-5);
        }
    }
    Ok(())
}

#[test]
fn pytorch_gives_the_same_numbers() -> Result<()> {
    // Written by tests/parity/whitening.py with PyTorch 2.15.0: BatchNorm1d(6) in float64, three batches, then evaluation.
    let npz = Npz::open("tests/parity/whitening.npz")?;
    let row =
        |name: &str| -> Result<Matrix> { to_device(npz.get::<f32, Ix1>(name)?.insert_axis(Axis(0)).view()) };
    let (gamma, beta) = (row("norm_gamma")?, row("norm_beta")?);
    let (x, u) = (npz.get::<f32, Ix3>("norm_x")?, npz.get::<f32, Ix3>("norm_u")?);
    let close = |name: &str, got: Vec<f32>, want: ArrayD<f32>| {
        let want: Vec<f64> = want.into_iter().map(f64::from).collect();
        assert_close(name, &got, &want, 1e-4 * largest(&want));
    };
    let mut running = BatchStatistics::new(6)?;
    for step in 0..3 {
        let x = to_device(x.index_axis(Axis(0), step))?;
        let u = to_device(u.index_axis(Axis(0), step))?;
        let (y, batch) = batch_norm(x.retaped::<Recording>(), &gamma, &beta, 1e-5, ALL)?;
        running.update(&batch, BatchStatistics::MOMENTUM)?;
        let values = y.as_vec();
        let g = backward(pairing(y, &u)?);
        for (name, got) in [
            ("norm_y", values),
            ("norm_dx", g.get(&x).as_vec()),
            ("norm_dgamma", g.get(&gamma).as_vec()),
            ("norm_dbeta", g.get(&beta).as_vec()),
            ("norm_mean", running.mean().as_vec()),
            ("norm_variance", running.variance().as_vec()),
        ] {
            close(name, got, npz.get::<f32, ndarray::IxDyn>(name)?.index_axis_move(Axis(0), step));
        }
    }
    let (x, u) = (to_device(x.index_axis(Axis(0), 2))?, to_device(u.index_axis(Axis(0), 2))?);
    let y = batch_norm_fixed(x.retaped::<Recording>(), &gamma, &beta, &running, 1e-5, ALL)?;
    let values = y.as_vec();
    let g = backward(pairing(y, &u)?);
    for (name, got) in [
        ("norm_eval_y", values),
        ("norm_eval_dx", g.get(&x).as_vec()),
        ("norm_eval_dgamma", g.get(&gamma).as_vec()),
        ("norm_eval_dbeta", g.get(&beta).as_vec()),
    ] {
        close(name, got, npz.get(name)?);
    }
    Ok(())
}

#[test]
fn outputs_are_standardised_and_a_common_shift_changes_nothing() -> Result<()> {
    let (batch, width) = (200, 5);
    let (ones, zeros) = (matrix(&[1.0; 5], 1, width)?, matrix(&[0.0; 5], 1, width)?);
    // Multiples of 2^-10: a shift by 64 is exact in float32.
    let x: Vec<f32> =
        random(batch, width, 0).as_vec().iter().map(|v| (v * 1024.0).round() / 1024.0).collect();
    let run = |shift: f32| -> Result<(Vec<f32>, Vec<f32>)> {
        let x = matrix(&x.iter().map(|v| v + shift).collect::<Vec<_>>(), batch, width)?;
        let (y, _) = batch_norm(x.retaped::<Recording>(), &ones, &zeros, 1e-5, ALL)?;
        Ok((y.as_vec(), backward(pairing(y, &random(batch, width, 3))?).get(&x).as_vec()))
    };
    let ((y, dx), (shifted, gradient)) = (run(0.0)?, run(64.0)?);
    let wide = |v: &[f32]| v.iter().copied().map(f64::from).collect::<Vec<_>>();
    let (mean, variance) = moments(&wide(&y), width);
    assert!(mean.iter().all(|m| m.abs() < 1e-6) && variance.iter().all(|v| (v - 1.0).abs() < 1e-4));
    assert_close("y", &shifted, &wide(&y), 2e-5);
    assert_close("dx", &gradient, &wide(&dx), 5e-5);
    // A constant unit gives beta, and no gradient that is not finite.
    let flat = matrix(&[3.0; 10], 2, width)?;
    let (y, statistics) = batch_norm(flat.retaped::<Recording>(), &ones, &ones, 1e-5, ALL)?;
    assert_eq!((y.as_vec(), statistics.variance().as_vec()), (vec![1.0; 10], vec![0.0; 5]));
    assert!(backward(pairing(y, &random(2, width, 3))?).get(&flat).as_vec().iter().all(|v| v.is_finite()));
    Ok(())
}

#[test]
fn threads_do_not_change_a_bit() -> Result<()> {
    let (batch, width) = (1000, 37);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| -> Result<Vec<Vec<u32>>> {
            let (x, u) = (random(batch, width, 0), random(batch, width, 3));
            let (gamma, beta) = (random(1, width, 1), random(1, width, 2));
            let (y, statistics) = batch_norm(x.retaped::<Recording>(), &gamma, &beta, 1e-5, ALL)?;
            let mut all = vec![y.as_vec(), statistics.mean().as_vec(), statistics.variance().as_vec()];
            let g = backward(pairing(y, &u)?);
            all.extend([&x, &gamma, &beta].map(|p| g.get(p).as_vec()));
            Ok(all.iter().map(|values| bits(values)).collect())
        })
    };
    let one = run(1)?;
    for threads in [2, 5] {
        assert!(run(threads)? == one, "{threads} threads");
    }
    Ok(())
}

#[test]
fn bad_input_is_refused() -> Result<()> {
    let (one, running) = (random(1, 3, 1), BatchStatistics::new(3)?);
    assert_eq!(format!("{running:?}"), "BatchStatistics of 3 units");
    let run = |x: Matrix, gamma: &Matrix, beta: &Matrix, eps: f64| {
        batch_norm(x, gamma, beta, eps, ALL).map(|(_, s)| s)
    };
    let fixed = |x: Matrix, statistics: &BatchStatistics, eps: f64| {
        batch_norm_fixed(x, &one, &one, statistics, eps, ALL).map(|y| y.as_vec())
    };
    assert!(matches!(run(matrix(&[], 0, 3)?, &one, &one, 1e-5), Err(Error::Empty { .. })));
    assert!(matches!(run(matrix(&[], 3, 0)?, &one, &one, 1e-5), Err(Error::Empty { .. })));
    assert!(matches!(fixed(matrix(&[], 0, 3)?, &running, 1e-5), Err(Error::Empty { .. })));
    has(&text(run(random(1, 3, 0), &one, &one, 1e-5)), &["1 x 3", "2 rows", "batch_norm_fixed"]);
    assert!(fixed(random(1, 3, 0), &running, 1e-5).is_ok());
    has(&text(run(random(4, 3, 0), &random(1, 2, 0), &one, 1e-5)), &["gamma", "(1, 3)", "(1, 2)"]);
    has(&text(run(random(4, 3, 0), &one, &random(3, 1, 0), 1e-5)), &["beta", "(1, 3)", "(3, 1)"]);
    for eps in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        has(&text(run(random(4, 3, 0), &one, &one, eps)), &[&format!("eps = {eps}"), "greater than 0"]);
        has(&text(fixed(random(4, 3, 0), &running, eps)), &["eps"]);
    }
    has(&text(fixed(random(4, 3, 0), &BatchStatistics::new(2)?, 1e-5)), &["3 units", "2 units"]);

    assert!(matches!(BatchStatistics::new(0), Err(Error::Empty { .. })));
    let from = |mean: &[f32], variance: &[f32]| {
        BatchStatistics::from_values(matrix(mean, 1, mean.len())?, matrix(variance, 1, variance.len())?)
    };
    has(&text(from(&[0.0], &[1.0, 1.0])), &["variance", "(1, 1)", "(1, 2)"]);
    has(&text(from(&[0.0, f32::NAN], &[1.0, 1.0])), &["mean", "NaN"]);
    has(&text(from(&[0.0, 0.0], &[1.0, -1.0])), &["variance = -1"]);
    has(&text(from(&[0.0, 0.0], &[1.0, f32::NAN])), &["variance = NaN"]);

    let mut running = from(&[1.0, 2.0], &[3.0, 4.0])?;
    let batch = from(&[3.0, 6.0], &[5.0, 0.0])?;
    for momentum in [-0.1, 1.5, f64::NAN] {
        has(&text(running.update(&batch, momentum)), &["momentum", "0..=1"]);
    }
    has(&text(running.update(&from(&[1.0], &[1.0])?, 0.5)), &["2 units", "1 units"]);
    assert_eq!((running.mean().as_vec(), running.variance().as_vec()), (vec![1.0, 2.0], vec![3.0, 4.0]));
    running.update(&batch, 0.25)?;
    assert_eq!((running.mean().as_vec(), running.variance().as_vec()), (vec![1.5, 3.0], vec![3.5, 3.0]));
    Ok(())
}
