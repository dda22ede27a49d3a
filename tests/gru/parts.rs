//! The smaller operations around it: the mean squared error, steps as sequences.

use crate::errors::{has, text};
use crate::tensors::*;
use dfdx::prelude::{AsArray, SplitTape};
use eigengate::Result;
use eigengate::device::{Matrix, Recording, matrix};
use eigengate::nn::ops::{self, composed};

fn error(y: &[f64], target: &[f64]) -> f64 {
    y.iter().zip(target).map(|(y, t)| (y - t).powi(2)).sum::<f64>() / y.len() as f64
}

#[test]
fn squared_error() -> Result<()> {
    for (rows, width) in [(1, 1), (3, 5), (70, 1), (100, 50)] {
        let target = random(rows, width, 1);
        for y in [random(rows, width, 0), permuted(&random(rows, width, 0))] {
            let loss = ops::squared_error(y.retaped::<Recording>(), &target)?;
            let want = error(&doubles(&y), &doubles(&target));
            assert!((f64::from(loss.array()) - want).abs() < 1e-6 * want.max(0.1));
            assert_eq!(loss.array(), ops::squared_error(y.clone(), &target)?.array());
            // Scaled, so that a factor from above is not forgotten.
            let g = backward(loss * 3.0);
            assert_slopes("y", &y, &g, |y| 3.0 * error(y, &doubles(&target)));
            let c = backward(composed::squared_error(y.retaped::<Recording>(), &target)? * 3.0);
            assert_close("gradient", &g.get(&y).as_vec(), &c.get(&y).as_vec(), 1e-6);
        }
    }
    let wrong = ops::squared_error(random(2, 3, 0), &random(3, 2, 0)).map(|_| ());
    has(&text(wrong), &["target", "(2, 3)", "(3, 2)"]);
    has(&text(ops::squared_error(matrix(&[], 0, 3)?, &random(1, 3, 0)).map(|_| ())), &["empty"]);
    Ok(())
}

#[test]
fn stack_steps() -> Result<()> {
    let (batch, width) = (3, 2);
    let parts: Vec<Matrix> = (0..4).map(|i| random(batch, width, i)).collect();
    let u = random(batch * 4, width, 9);
    // One part is used before the stack too, one behind it.
    let run = |stack: fn(&[Matrix], Recording) -> Result<Matrix<Recording>>| -> Result<(Vec<f32>, Grads)> {
        let (doubled, tape) = (parts[1].retaped::<Recording>() * 2.0).split_tape();
        let all = [parts[0].clone(), doubled, parts[1].clone(), permuted(&parts[3])];
        let y = stack(&all, tape)?;
        let values = y.as_vec();
        let loss = ops::pairing(y, &u)? + ops::square_sum(parts[0].retaped::<Recording>(), 0.5)?;
        Ok((values, backward(loss)))
    };
    let (y, g) = run(ops::stack_steps)?;
    let (u_of, row) = (u.as_vec(), |t: usize, b: usize| (4 * b + t) * width);
    for b in 0..batch {
        for i in 0..width {
            let of = |part: usize| parts[part].as_vec()[b * width + i];
            let want = [of(0), 2.0 * of(1), of(1), of(3)];
            for t in 0..4 {
                assert_eq!(y[row(t, b) + i], want[t]);
            }
            let slope = |part: usize| g.get(&parts[part]).as_vec()[b * width + i];
            assert!((slope(0) - u_of[row(0, b) + i] - of(0)).abs() < 1e-6);
            assert!((slope(1) - 2.0 * u_of[row(1, b) + i] - u_of[row(2, b) + i]).abs() < 1e-6);
        }
    }
    let (c, of_composition) = run(composed::stack_steps)?;
    assert_eq!(c, y);
    assert_close("gradient", &g.get(&parts[1]).as_vec(), &of_composition.get(&parts[1]).as_vec(), 1e-6);
    let (none, tape) = parts[0].retaped::<Recording>().split_tape();
    has(&text(ops::stack_steps(&[none, random(3, 1, 0)], tape).map(|_| ())), &["a step", "(3, 2)", "(3, 1)"]);
    has(&text(ops::stack_steps(&[], Recording::default()).map(|_| ())), &["stack of steps", "empty"]);
    Ok(())
}
