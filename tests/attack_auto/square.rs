//! Every proposal of Square against a float64 implementation, its schedule and its windows.

use crate::models::{Affine, Spy};
use crate::victims::trained;
use eigengate::Result;
use eigengate::attack::{Batch, Classifier, FixedEps, Norm, Square};
use eigengate::data::ImageShape;
use eigengate::seed::{Purpose, Stream, stream};
use ndarray::{Array1, Array2, s};
use std::collections::BTreeSet;

/// The share of pixels at a proposal counted from 0.
fn share(i: usize) -> f64 {
    0.8 / match i {
        0..=10 => 1.0,
        11..=50 => 2.0,
        51..=200 => 4.0,
        201..=500 => 8.0,
        501..=1000 => 16.0,
        1001..=2000 => 32.0,
        2001..=4000 => 64.0,
        4001..=6000 => 128.0,
        6001..=8000 => 256.0,
        _ => 512.0,
    }
}

fn side(norm: Norm, shape: ImageShape, i: usize) -> usize {
    let round = (share(i) * (shape.height * shape.width) as f64).sqrt().round() as usize;
    let fits = shape.height.min(shape.width);
    match norm {
        Norm::Linf => round.clamp(1, fits),
        _ if round.max(3) % 2 == 1 => round.max(3).min(fits - (fits + 1) % 2),
        _ => (round.max(3) + 1).min(fits - (fits + 1) % 2),
    }
}

fn norm_of(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The pattern of a window: layer upon layer of rectangles, two halves of opposite sign.
fn pattern(side: usize, turned: bool) -> Vec<f64> {
    let half = |rows: usize| {
        let mut d = vec![0.0; rows * side];
        for k in 0..=rows.max(side) / 2 {
            for r in 0..rows {
                for c in 0..side {
                    let inside = |i: usize, middle: usize| i + k >= middle && i <= middle + k;
                    if inside(r, rows / 2) && inside(c, side / 2) {
                        d[r * side + c] += 1.0 / ((k + 1) * (k + 1)) as f64;
                    }
                }
            }
        }
        let n = norm_of(&d);
        d.into_iter().map(move |v| v / n)
    };
    let mut d: Vec<f64> = half(side / 2).chain(half(side - side / 2).map(|v| -v)).collect();
    let n = norm_of(&d);
    d.iter_mut().for_each(|v| *v /= n);
    if turned { (0..side * side).map(|i| d[i % side * side + i / side]).collect() } else { d }
}

struct Replay {
    shape: ImageShape,
    eps: f64,
    clean: Vec<f64>,
    random: Stream,
}

impl Replay {
    fn sign(&mut self) -> f64 {
        if self.random.below(2) == 1 { 1.0 } else { -1.0 }
    }

    fn place(&mut self, side: usize) -> (usize, usize) {
        let row = self.random.below((self.shape.height - side + 1) as u64);
        (row as usize, self.random.below((self.shape.width - side + 1) as u64) as usize)
    }

    /// Which pixels of a channel are in a window.
    fn mask(&self, (top, left): (usize, usize), side: usize) -> Vec<usize> {
        let inside = |i: &usize| {
            let (r, c) = (i / self.shape.width, i % self.shape.width);
            r >= top && r < top + side && c >= left && c < left + side
        };
        (0..self.shape.height * self.shape.width).filter(inside).collect()
    }

    fn onto_sphere(&self, d: &[f64]) -> Vec<f64> {
        let n = norm_of(d) + 1e-12;
        self.clean.iter().zip(d).map(|(c, d)| (c + self.eps * d / n).clamp(0.0, 1.0)).collect()
    }

    fn start(&mut self, norm: Norm) -> Vec<f64> {
        let ImageShape { channels, height, width } = self.shape;
        let area = height * width;
        let mut d = vec![0.0; channels * area];
        if norm == Norm::Linf {
            for channel in 0..channels {
                for column in 0..width {
                    let sign = self.sign();
                    (0..height).for_each(|row| d[channel * area + row * width + column] = self.eps * sign);
                }
            }
            return self.clean.iter().zip(&d).map(|(c, d)| (c + d).clamp(0.0, 1.0)).collect();
        }
        let side = height.min(width) / 5;
        for tile_row in 0..height / side {
            for tile_column in 0..width / side {
                let top = height % side / 2 + tile_row * side;
                let left = width % side / 2 + tile_column * side;
                let pattern = pattern(side, self.random.below(2) == 1);
                for channel in 0..channels {
                    let sign = self.sign();
                    for (i, place) in self.mask((top, left), side).into_iter().enumerate() {
                        d[channel * area + place] = sign * pattern[i];
                    }
                }
            }
        }
        self.onto_sphere(&d)
    }

    fn propose(&mut self, norm: Norm, side: usize, best: &[f64]) -> Vec<f64> {
        let ImageShape { channels, height, width } = self.shape;
        let area = height * width;
        let place = self.place(side);
        let taker = self.mask(place, side);
        let mut d: Vec<f64> = best.iter().zip(&self.clean).map(|(x, c)| x - c).collect();
        if norm == Norm::Linf {
            for channel in 0..channels {
                let sign = self.sign();
                for place in &taker {
                    let d = &mut d[channel * area + place];
                    *d = (*d + 2.0 * self.eps * sign).clamp(-self.eps, self.eps);
                }
            }
            return self.clean.iter().zip(&d).map(|(c, d)| (c + d).clamp(0.0, 1.0)).collect();
        }
        let place = self.place(side);
        let giver = self.mask(place, side);
        let union: BTreeSet<usize> = taker.iter().chain(&giver).copied().collect();
        let all = |places: &BTreeSet<usize>, d: &[f64]| -> f64 {
            (0..channels).map(|c| places.iter().map(|p| d[c * area + p].powi(2)).sum::<f64>()).sum()
        };
        let rest = (self.eps.powi(2) - norm_of(&d).powi(2)).max(0.0);
        let length = (rest / channels as f64 + all(&union, &d)).sqrt();
        let pattern = pattern(side, self.random.below(2) == 1);
        let mut new = d.clone();
        (0..channels).for_each(|c| giver.iter().for_each(|p| new[c * area + p] = 0.0));
        for channel in 0..channels {
            let sign = self.sign();
            let old: Vec<f64> = taker.iter().map(|p| d[channel * area + p]).collect();
            let n = norm_of(&old) + 1e-12;
            let fresh: Vec<f64> = old.iter().zip(&pattern).map(|(old, p)| old / n + sign * p).collect();
            let n = norm_of(&fresh) + 1e-12;
            taker.iter().zip(fresh).for_each(|(p, v)| new[channel * area + p] = length * v / n);
        }
        self.onto_sphere(&new)
    }
}

#[test]
fn every_proposal_is_that_of_a_float64_implementation() -> Result<()> {
    let (net, data) = trained();
    let square = ImageShape { channels: 1, height: 28, width: 28 };
    let oblong = ImageShape { channels: 2, height: 14, width: 28 };
    let (mut compared, mut accepted) = (0, 0);
    for (norm, eps, shape) in [
        (Norm::Linf, 0.06f32, square),
        (Norm::Linf, 0.06, oblong),
        (Norm::L2, 1.0, square),
        (Norm::L2, 1.0, oblong),
    ] {
        for example in [0, 3, 7, 11, 50] {
            let (image, label) =
                (data.images().slice(s![example..=example, ..]).to_owned(), data.labels()[example]);
            let spy = Spy::new(net);
            let labels = [label];
            let batch = Batch::new(image.view(), &labels).with_first(example);
            Square::new(norm, shape).with_queries(260).with_seed(4).perturb(&spy, batch, eps)?;
            let asked = spy.asked.into_inner();
            let clean = image.iter().map(|x| f64::from(*x)).collect();
            let random = stream(4, Purpose::Square, example as u64);
            let mut replay = Replay { shape, eps: f64::from(eps), clean, random };
            let (mut best, mut best_margin) = (vec![], f64::INFINITY);
            for (n, x) in asked.iter().skip(1).enumerate() {
                let want = match n {
                    0 => replay.start(norm),
                    _ => replay.propose(norm, side(norm, shape, n - 1), &best),
                };
                for (place, (got, want)) in x.iter().zip(&want).enumerate() {
                    let error = (f64::from(*got) - want).abs();
                    assert!(
                        error < 1e-6,
                        "{norm} {shape:?} {example}, proposal {n}, pixel {place}: {got} {want}"
                    );
                }
                compared += 1;
                let z = Classifier::logits(net, x.view())?.row(0).to_vec();
                let other =
                    (0..10).filter(|c| *c != usize::from(label)).map(|c| z[c]).fold(f32::MIN, f32::max);
                let margin = f64::from(z[usize::from(label)]) - f64::from(other);
                if margin < best_margin {
                    accepted += usize::from(n > 0);
                    (best, best_margin) = (x.iter().map(|x| f64::from(*x)).collect(), margin);
                }
                // It leaves as soon as it fools.
                assert!(margin > 0.0 || n + 2 == asked.len());
            }
        }
    }
    println!("{compared} proposals compared, {accepted} accepted");
    assert!(compared > 2500 && accepted > 200, "{compared} {accepted}");
    Ok(())
}

/// A model that says the same of every image.
fn constant() -> Affine {
    Affine { w: Array2::zeros((3, 784)), b: Array1::from(vec![1.0, 0.0, 0.0]) }
}

#[test]
fn sides_follow_the_published_schedule_and_windows_reach_every_row() -> Result<()> {
    let model = constant();
    let image = Array2::from_elem((1, 784), 0.5f32);
    let shape = ImageShape { channels: 1, height: 28, width: 28 };
    // Of 784 pixels: the roots of 0.8 * 784 = 627.2, of half of it, …
    let linf = [25, 18, 13, 9, 6, 4, 3, 2, 2, 1];
    let l2 = [25, 19, 13, 9, 7, 5, 3, 3, 3, 3];
    let first = [0, 11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001];
    for (norm, sides) in [(Norm::Linf, linf), (Norm::L2, l2)] {
        let spy = Spy::new(&model);
        let square = Square::new(norm, shape).with_queries(8200);
        let found = square.perturb(&spy, Batch::new(image.view(), &[0]), 0.3)?;
        let asked = spy.asked.into_inner();
        assert_eq!((asked.len(), found.calls[0].forward, found.calls[0].gradient), (8202, 8202, 0));
        let start = &asked[1];
        let (mut rows, mut columns) = (BTreeSet::new(), BTreeSet::new());
        let mut largest = [0; 10];
        for (i, x) in asked[2..].iter().enumerate() {
            // Nothing is ever accepted, so each proposal differs from the start by its windows.
            let changed: Vec<usize> =
                (0..784).filter(|j| (x[[0, *j]] - start[[0, *j]]).abs() > 1e-5).collect();
            let phase = first.iter().filter(|f| i >= **f).count() - 1;
            let across: BTreeSet<usize> = changed.iter().map(|j| j / 28).collect();
            let along: BTreeSet<usize> = changed.iter().map(|j| j % 28).collect();
            let windows = if norm == Norm::Linf { 1 } else { 2 };
            assert!(across.len() <= windows * sides[phase], "proposal {i}: {} rows", across.len());
            assert!(along.len() <= windows * sides[phase], "proposal {i}: {} columns", along.len());
            if norm == Norm::Linf && !across.is_empty() {
                // A column changes in all rows of the square or in none.
                assert_eq!(across.len(), sides[phase], "proposal {i}");
            }
            largest[phase] = across.len().max(largest[phase]);
            rows.extend(across);
            columns.extend(along);
        }
        for (phase, side) in sides.into_iter().enumerate() {
            assert!(largest[phase] >= side, "{norm}, phase {phase}: {} of {side} rows", largest[phase]);
        }
        assert_eq!((rows.len(), columns.len()), (28, 28), "{norm}: some pixels are never reached");
    }
    Ok(())
}

#[test]
fn the_schedule_can_be_stretched_as_in_torchattacks() -> Result<()> {
    let model = constant();
    let image = Array2::from_elem((1, 784), 0.5f32);
    let shape = ImageShape { channels: 1, height: 28, width: 28 };
    let spy = Spy::new(&model);
    let square = Square::new(Norm::Linf, shape).with_queries(1000).with_rescaled(true);
    square.perturb(&spy, Batch::new(image.view(), &[0]), 0.3)?;
    let asked = spy.asked.into_inner();
    for (i, x) in asked[2..].iter().enumerate() {
        let rows: BTreeSet<usize> =
            (0..784).filter(|j| x[[0, *j]] != asked[1][[0, *j]]).map(|j| j / 28).collect();
        let want = side(Norm::Linf, shape, i * 10);
        assert!(rows.is_empty() || rows.len() == want, "proposal {i}: {} rows, not {want}", rows.len());
    }
    Ok(())
}
