//! Whitening: float64 differences, PyTorch's numbers, its composition, stored factors, threads, what is refused.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/gradients.rs"]
mod gradients;

use eigengate::device::{Matrix, Recording, dims, matrix, to_array, to_device};
use eigengate::exchange::Npz;
use eigengate::nn::ops::{
    Whitening, WhiteningFactor, WhiteningKind, composed, pairing, whiten, whiten_fixed,
};
use eigengate::{Error, Result};
use errors::{has, text};
use gradients::{assert_close, assert_slopes, backward, bits, doubles, largest, pair, permuted, random};
use ndarray::{Array1, Array2, Axis, Ix2, s};

const KINDS: [WhiteningKind; 2] = [WhiteningKind::Cholesky, WhiteningKind::Zca];

/// Batch and width: 2 rows, 1 column, fewer rows than columns, beyond vector widths and blocks.
const SHAPES: [(usize, usize); 8] = [(2, 1), (7, 1), (2, 3), (9, 5), (5, 9), (16, 16), (40, 17), (150, 33)];

/// The inverse, by Gauss and Jordan without pivots: of positive definite matrices.
fn inverse(a: &Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let mut rows: Vec<Vec<f64>> = a.rows().into_iter().map(|row| row.to_vec()).collect();
    for (i, row) in rows.iter_mut().enumerate() {
        row.extend((0..n).map(|j| if i == j { 1.0 } else { 0.0 }));
    }
    for k in 0..n {
        let pivot = 1.0 / rows[k][k];
        rows[k].iter_mut().for_each(|v| *v *= pivot);
        let from = rows[k].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != k) {
            let factor = row[k];
            row.iter_mut().zip(&from).for_each(|(to, from)| *to -= factor * from);
        }
    }
    Array2::from_shape_fn((n, n), |(i, j)| rows[i][n + j])
}

/// `C^(-1/2)` by the iteration of Denman and Beavers; without eigenvectors.
fn inverse_root(c: &Array2<f64>) -> Array2<f64> {
    let (mut y, mut z) = (c.clone(), Array2::eye(c.nrows()));
    for _ in 0..60 {
        let next = (&y + &inverse(&z)) * 0.5;
        let root = (&z + &inverse(&y)) * 0.5;
        let done = (&root - &z).iter().all(|d| d.abs() <= 1e-15 * root[[0, 0]].abs());
        (y, z) = (next, root);
        if done {
            break;
        }
    }
    z
}

/// L with `C = L L'`.
fn cholesky(c: &Array2<f64>) -> Array2<f64> {
    let n = c.nrows();
    let mut l: Array2<f64> = Array2::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            let rest = c[[i, j]] - (0..j).map(|k| l[[i, k]] * l[[j, k]]).sum::<f64>();
            l[[i, j]] = if i == j { rest.sqrt() } else { rest / l[[j, j]] };
        }
    }
    l
}

/// The whole operation in float64: SCIENCE, "C = X'X/B + ridge, C = L L', output = L^-1 X'".
fn reference(x: &[f64], batch: usize, whitening: &Whitening) -> Vec<f64> {
    let x = Array2::from_shape_vec((batch, x.len() / batch), x.to_vec()).unwrap();
    let centred = &x - &x.mean_axis(Axis(0)).unwrap();
    let c = centred.t().dot(&centred) / batch as f64 + Array2::<f64>::eye(x.ncols()) * whitening.ridge;
    let y = match whitening.kind {
        WhiteningKind::Zca => centred.dot(&inverse_root(&c)),
        WhiteningKind::Cholesky => {
            let l = cholesky(&c);
            let mut y = centred.clone();
            for mut row in y.rows_mut() {
                for i in 0..l.nrows() {
                    let known: f64 = (0..i).map(|j| l[[i, j]] * row[j]).sum();
                    row[i] = (row[i] - known) / l[[i, i]];
                }
            }
            y
        }
    };
    y.into_iter().collect()
}

/// The length of the longest row of W: what rounding in float32 is magnified by.
fn gain(factor: &WhiteningFactor) -> Result<f64> {
    let w = to_array(factor.matrix())?;
    Ok(w.rows().into_iter().map(|row| f64::from(row.dot(&row)).sqrt()).fold(1.0, f64::max))
}

#[test]
fn outputs_and_gradients() -> Result<()> {
    for kind in KINDS {
        for ((batch, width), ridge) in SHAPES.into_iter().flat_map(|s| [(s, 1e-5), (s, 0.1)]) {
            let whitening = Whitening { kind, ridge };
            let what = format!("{} of {batch} x {width} with ridge {ridge}", kind.name());
            let (x, u) = (random(batch, width, 0), random(batch, width, 3));
            let du = doubles(&u);
            let (y, factor) = whiten(x.retaped::<Recording>(), &whitening)?;
            let values = y.as_vec();
            let gain = gain(&factor)?;
            assert_close(&what, &values, &reference(&doubles(&x), batch, &whitening), 1e-6 * gain);

            let (plain, same) = whiten(x.clone(), &whitening)?;
            assert_eq!(bits(&plain.as_vec()), bits(&values), "{what}: without a tape");
            assert_eq!(bits(&same.matrix().as_vec()), bits(&factor.matrix().as_vec()));
            let fixed = whiten_fixed(x.clone(), &factor)?;
            assert_eq!(bits(&fixed.as_vec()), bits(&values), "{what}: with the factor of the batch");

            // Times 2, so that a factor from above is not forgotten.
            let g = backward(pairing(y, &u)? * 2.0);
            // Second derivatives are as large as 1 / ridge.
            let bound = 2e-6 * gain + 2e-7 * gain * gain;
            let f = |x: &[f64]| 2.0 * pair(&reference(x, batch, &whitening), &du);
            assert_slopes(&what, &x, &g, (2e-5, bound), f);

            let t = permuted(&x);
            let (y, _) = whiten(t.retaped::<Recording>(), &whitening)?;
            let same = backward(pairing(y, &u)? * 2.0).get(&t).as_vec();
            assert_eq!(bits(&same), bits(&g.get(&x).as_vec()), "{what}: transposed in memory");

            for x in [x, t] {
                let (y, mean, matrix) = composed::whiten(x.retaped::<Recording>(), &whitening)?;
                assert_close(&what, &values, &doubles(&y.retaped()), 1e-6 * gain);
                assert_close(&what, &factor.mean().as_vec(), &doubles(&mean), 1e-6);
                // Where they differ, the mean does in its last bit.
                assert_close(&what, &factor.matrix().as_vec(), &doubles(&matrix), 1e-6 * gain);
                let c = backward(pairing(y, &u)? * 2.0);
                let want: Vec<f64> = c.get(&x).as_vec().into_iter().map(f64::from).collect();
                assert_close(&what, &same, &want, bound);
            }
        }
    }
    Ok(())
}

#[test]
fn pytorch_gives_the_same_numbers() -> Result<()> {
    // Written by tests/parity/whitening.py with PyTorch 2.15.0: torch.linalg.cholesky and eigh with autograd, in float64.
    let npz = Npz::open("tests/parity/whitening.npz")?;
    let mut cases = 0;
    for name in npz.names() {
        let Some(case) = name.strip_suffix("_x").filter(|case| *case != "norm") else { continue };
        let get = |part: &str| npz.get::<f32, Ix2>(&format!("{case}_{part}"));
        let kind = WhiteningKind::from_name(case.split('_').next().unwrap_or_default())?;
        let (x, u) = (to_device(get("x")?.view())?, to_device(get("u")?.view())?);
        let (y, _) = whiten(x.retaped::<Recording>(), &Whitening { kind, ..Whitening::default() })?;
        // Fewer rows than columns: rounding is magnified by 1 / sqrt(ridge), and once more in the gradient. PyTorch's own
        // float32 is 1.4e-3 (y) and 3.6e-3 (dx) away from its float64 there.
        let (forward, backwards) = if case == "cholesky_wide" { (2e-4, 2e-3) } else { (1e-5, 5e-5) };
        assert_relative(&format!("{case}: y"), &y.as_vec(), get("y")?, forward);
        let dx = backward(pairing(y, &u)?).get(&x).as_vec();
        assert_relative(&format!("{case}: dx"), &dx, get("dx")?, backwards);
        cases += 1;
    }
    assert_eq!(cases, 5);
    Ok(())
}

#[track_caller]
fn assert_relative(what: &str, got: &[f32], want: Array2<f32>, tolerance: f64) {
    let want: Vec<f64> = want.into_iter().map(f64::from).collect();
    assert_close(what, got, &want, tolerance * largest(&want));
}

/// Rows `x = A s` of independent signals `s`, whose covariance has eigenvalues from `first` down to `last`.
fn correlated(batch: usize, width: usize, (first, last): (f32, f32)) -> Result<Matrix> {
    let (signals, mixing) = (to_array(&random(batch, width, 5))?, to_array(&random(width, width, 6))?);
    // Uniform numbers in [-1, 1) have variance 1/3, a random matrix of them rows of length sqrt(width / 3).
    let scales = Array1::from_shape_fn(width, |n| {
        let lambda = first * (last / first).powf(n as f32 / (width - 1) as f32);
        (lambda * 9.0 / width as f32).sqrt()
    });
    to_device((signals * &scales).dot(&mixing.t()).view())
}

#[test]
fn outputs_have_the_identity_as_covariance() -> Result<()> {
    for kind in KINDS {
        // The last one is a layer in need of it: many units, condition number 1e7 and more.
        for (x, tolerance) in [
            (random(50, 8, 0), 1e-5),
            (correlated(64, 64, (1.0, 0.1))?, 2e-4),
            (correlated(1000, 200, (100.0, 1e-5))?, 2e-3),
        ] {
            let (batch, width) = dims(&x);
            let whitening = Whitening { kind, ..Whitening::default() };
            let (y, factor) = whiten(x, &whitening)?;
            let (y, w) = (to_array(&y)?.mapv(f64::from), to_array(factor.matrix())?.mapv(f64::from));
            assert!(y.mean_axis(Axis(0)).unwrap().iter().all(|mean| mean.abs() < tolerance));
            let covariance = y.t().dot(&y) / batch as f64;
            // The ridge takes its share: W C W' = I - ridge W W'.
            let whole = &covariance + &(w.dot(&w.t()) * whitening.ridge);
            let worst = (&whole - &Array2::<f64>::eye(width)).iter().fold(0.0f64, |m, d| m.max(d.abs()));
            assert!(worst < tolerance, "{} of {batch} x {width}: {worst:e}", kind.name());
            if width == 8 {
                assert_close(
                    "covariance",
                    &covariance.mapv(|c| c as f32).into_raw_vec_and_offset().0,
                    &Array2::eye(8).into_raw_vec_and_offset().0,
                    1e-4,
                );
            }
            let lower = w.indexed_iter().all(|((i, j), v)| j <= i || *v == 0.0);
            assert_eq!((lower, w == w.t()), (kind == WhiteningKind::Cholesky, kind == WhiteningKind::Zca));
        }
    }
    Ok(())
}

#[test]
fn a_common_shift_changes_nothing() -> Result<()> {
    let (batch, width) = (30, 7);
    // Multiples of 2^-10: a shift by 16 is exact in float32.
    let x = to_array(&random(batch, width, 0))?.mapv(|v| (v * 1024.0).round() / 1024.0);
    let u = random(batch, width, 3);
    for kind in KINDS {
        let whitening = Whitening { kind, ..Whitening::default() };
        let run = |shift: f32| -> Result<(Vec<f32>, Vec<f32>)> {
            let x = to_device(x.mapv(|v| v + shift).view())?;
            let (y, _) = whiten(x.retaped::<Recording>(), &whitening)?;
            Ok((y.as_vec(), backward(pairing(y, &u)?).get(&x).as_vec()))
        };
        let ((y, dx), (shifted, gradient)) = (run(0.0)?, run(16.0)?);
        let wide = |v: &[f32]| v.iter().copied().map(f64::from).collect::<Vec<_>>();
        assert_close("y", &shifted, &wide(&y), 1e-4);
        assert_close("dx", &gradient, &wide(&dx), 1e-4);
        // And so the gradient along the shift is 0 for every unit.
        for unit in 0..width {
            let sum: f32 = dx.iter().skip(unit).step_by(width).sum();
            assert!(sum.abs() < 2e-5, "{sum}");
        }
    }
    Ok(())
}

#[test]
fn equal_eigenvalues_are_nothing_special() -> Result<()> {
    // Orthogonal columns of one length, of a Hadamard matrix: C is a multiple of the identity.
    let x = Array2::from_shape_fn(
        (8, 4),
        |(i, j)| if (i & (j + 1)).count_ones() % 2 == 0 { 1.0f32 } else { -1.0 },
    );
    let (x, u) = (to_device(x.view())?, random(8, 4, 3));
    for kind in KINDS {
        let whitening = Whitening { kind, ridge: 0.25 };
        let (y, factor) = whiten(x.retaped::<Recording>(), &whitening)?;
        let w = to_array(factor.matrix())?;
        assert!((w - Array2::<f32>::eye(4) / 1.25f32.sqrt()).iter().all(|d| d.abs() < 1e-6));
        let f = |x: &[f64]| pair(&reference(x, 8, &whitening), &doubles(&u));
        let g = backward(pairing(y, &u)?);
        assert_slopes(kind.name(), &x, &g, (1e-3, 2e-6), f);
    }
    Ok(())
}

#[test]
fn threads_do_not_change_a_bit() -> Result<()> {
    // More rows than one block of the covariance, more columns than one of its triangle.
    let (batch, width) = (1100, 260);
    for kind in KINDS {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| -> Result<[Vec<u32>; 3]> {
                let (x, u) = (correlated(batch, width, (10.0, 1e-3))?, random(batch, width, 3));
                let whitening = Whitening { kind, ..Whitening::default() };
                let (y, factor) = whiten(x.retaped::<Recording>(), &whitening)?;
                let values = bits(&y.as_vec());
                let dx = backward(pairing(y, &u)?).get(&x).as_vec();
                Ok([values, bits(&dx), bits(&factor.matrix().as_vec())])
            })
        };
        let one = run(1)?;
        for threads in [2, 5] {
            assert!(run(threads)? == one, "{} with {threads} threads", kind.name());
        }
    }
    Ok(())
}

#[test]
fn stored_factors() -> Result<()> {
    let (batch, width) = (20, 6);
    let (training, x, u) = (random(batch, width, 0), random(9, width, 1), random(9, width, 3));
    for kind in KINDS {
        let whitening = Whitening { kind, ..Whitening::default() };
        let (_, factor) = whiten(training.clone(), &whitening)?;
        assert_eq!(format!("{factor:?}"), "WhiteningFactor of 6 units");
        let y = whiten_fixed(x.retaped::<Recording>(), &factor)?;
        let (mean, w) = (doubles(factor.mean()), doubles(factor.matrix()));
        let rows = |x: &[f64]| -> Vec<f64> {
            let row = |x: &[f64]| {
                let centred: Vec<f64> = x.iter().zip(&mean).map(|(x, m)| x - m).collect();
                w.chunks(width).map(|w| pair(w, &centred)).collect::<Vec<_>>()
            };
            x.chunks(width).flat_map(row).collect()
        };
        assert_close("y", &y.as_vec(), &rows(&doubles(&x)), 5e-6);
        // One row alone is the row of the batch.
        let first = to_array(&x)?.slice(s![..1, ..]).to_owned();
        let alone = whiten_fixed(to_device(first.view())?, &factor)?.as_vec();
        assert_close("one row", &alone, &rows(&doubles(&x))[..width], 5e-6);

        let f = |x: &[f64]| 2.0 * pair(&rows(x), &doubles(&u));
        let g = backward(pairing(y, &u)? * 2.0);
        assert_slopes("dx", &x, &g, (1e-3, 1e-5), f);
        let t = permuted(&x);
        let y = whiten_fixed(t.retaped::<Recording>(), &factor)?;
        assert_eq!(g.get(&x).as_vec(), backward(pairing(y, &u)? * 2.0).get(&t).as_vec());
        for x in [x.clone(), t] {
            let y = composed::whiten_fixed(x.retaped::<Recording>(), factor.mean(), factor.matrix())?;
            assert_close("composed y", &y.as_vec(), &rows(&doubles(&x)), 5e-6);
            let c = backward(pairing(y, &u)? * 2.0);
            assert_slopes("composed dx", &x, &c, (1e-3, 1e-5), f);
        }

        // From a covariance over the batch: the factor of that batch.
        let rows = to_array(&training)?.mapv(f64::from);
        let mean = rows.mean_axis(Axis(0)).unwrap();
        let centred = &rows - &mean;
        let covariance = centred.t().dot(&centred) / batch as f64;
        let same = WhiteningFactor::from_covariance(mean.view(), covariance.view(), &whitening)?;
        assert_close("mean", &same.mean().as_vec(), &doubles(factor.mean()), 1e-7);
        assert_close("W", &same.matrix().as_vec(), &w, 1e-5);
        let again = WhiteningFactor::new(factor.mean().clone(), factor.matrix().clone())?;
        assert_eq!(whiten_fixed(x.clone(), &again)?.as_vec(), whiten_fixed(x.clone(), &factor)?.as_vec());
    }
    Ok(())
}

#[test]
fn branches_of_a_tape_add_up() -> Result<()> {
    let (x, u) = (random(9, 4, 0), random(9, 4, 3));
    for kind in KINDS {
        let whitening = Whitening { kind, ridge: 0.1 };
        let (_, factor) = whiten(x.clone(), &whitening)?;
        let batch = |x: Matrix<Recording>| whiten(x, &whitening).map(|(y, _)| y);
        let fixed = |x: Matrix<Recording>| whiten_fixed(x, &factor);
        for op in [&batch as &dyn Fn(Matrix<Recording>) -> Result<Matrix<Recording>>, &fixed] {
            let once = backward(pairing(op(x.retaped())?, &u)?).get(&x).as_vec();
            let first = pairing(op(x.retaped())?, &u)?;
            let twice = backward(first + pairing(op(x.retaped())?, &u)?).get(&x).as_vec();
            let want: Vec<f64> = once.into_iter().map(|v| 2.0 * f64::from(v)).collect();
            assert_close("twice", &twice, &want, 1e-5);
        }
    }
    Ok(())
}

#[test]
fn bad_input_is_refused() -> Result<()> {
    let whitening = Whitening::default();
    for kind in KINDS {
        assert_eq!(WhiteningKind::from_name(kind.name())?, kind);
    }
    has(&text(WhiteningKind::from_name("pca")), &["pca", "cholesky or zca"]);
    let run = |x: Matrix, whitening: &Whitening| whiten(x, whitening).map(|(_, factor)| factor);
    assert!(matches!(run(matrix(&[], 0, 3)?, &whitening), Err(Error::Empty { .. })));
    assert!(matches!(run(matrix(&[], 3, 0)?, &whitening), Err(Error::Empty { .. })));
    has(&text(run(random(1, 3, 0), &whitening)), &["1 x 3", "2 rows", "whiten_fixed"]);
    for ridge in [0.0, -1e-5, f64::NAN, f64::INFINITY] {
        let refused = text(run(random(4, 3, 0), &Whitening { ridge, ..whitening }));
        has(&refused, &[&format!("ridge = {ridge}"), "greater than 0"]);
    }
    let nan = matrix(&[0.0, 1.0, 2.0, f32::NAN, 4.0, 5.0], 3, 2)?;
    has(&text(run(nan, &whitening)), &["batch to whiten", "NaN", "index 3"]);
    for kind in KINDS {
        // Two equal units, and a ridge below the rounding of their variance.
        let x = matrix(&[1e6, 1e6, -3e6, -3e6, 1.5e6, 1.5e6], 3, 2)?;
        has(&text(run(x, &Whitening { kind, ridge: 1e-12 })), &["2", "larger ridge"]);
        // A constant batch is whitened to zeros, unless W is beyond float32.
        let flat = matrix(&[1.0; 8], 4, 2)?;
        assert_eq!(whiten(flat.clone(), &Whitening { kind, ..whitening })?.0.as_vec(), [0.0; 8]);
        has(&text(run(flat, &Whitening { kind, ridge: 1e-80 })), &["2 x 2", "float32", "larger ridge"]);
    }

    let factor = run(random(9, 3, 0), &whitening)?;
    assert!(matches!(whiten_fixed(matrix(&[], 0, 3)?, &factor), Err(Error::Empty { .. })));
    let narrow = whiten_fixed(random(4, 2, 0), &factor).map(|y| y.as_vec());
    has(&text(narrow), &["(batch, 3)", "(4, 2)"]);
    let new = |mean: (usize, usize), matrix: (usize, usize)| {
        WhiteningFactor::new(random(mean.0, mean.1, 0), random(matrix.0, matrix.1, 0))
    };
    has(&text(new((1, 3), (3, 2))), &["(3, 3)", "(3, 2)"]);
    has(&text(new((2, 3), (3, 3))), &["(1, 3)", "(2, 3)"]);
    assert!(matches!(new((1, 0), (0, 0)), Err(Error::Empty { .. })));
    let nan = WhiteningFactor::new(matrix(&[0.0, f32::NAN], 1, 2)?, random(2, 2, 0));
    has(&text(nan), &["mean of a whitening factor", "index 1"]);

    let from = |mean: usize, covariance: Array2<f64>| {
        WhiteningFactor::from_covariance(Array1::zeros(mean).view(), covariance.view(), &whitening)
    };
    has(&text(from(3, Array2::eye(2))), &["(3, 3)", "(2, 2)"]);
    assert!(matches!(from(0, Array2::eye(0)), Err(Error::Empty { .. })));
    has(&text(from(2, -Array2::<f64>::eye(2))), &["positive definite", "ridge"]);
    assert!(matches!(from(2, Array2::from_elem((2, 2), f64::NAN)), Err(Error::NotFinite { .. })));
    Ok(())
}
