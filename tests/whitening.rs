//! Whitening: float64 differences, PyTorch's numbers, its composition, stored factors, threads, what is refused.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/gradients.rs"]
mod gradients;

use eigengate::device::{Matrix, Recording, matrix, to_array, to_device};
use eigengate::exchange::Npz;
use eigengate::nn::ops::{
    Whitening, WhiteningFactor, WhiteningKind, composed, pairing, whiten, whiten_fixed,
};
use eigengate::{Error, Result};
use errors::{has, text};
use gradients::{assert_close, assert_slopes, backward, bits, doubles, largest, pair, permuted, random};
use ndarray::{Array1, Array2, Axis, s};

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
