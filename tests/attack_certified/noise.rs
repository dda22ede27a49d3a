//! Noise: definitions, independence, what is refused.

use crate::errors::{has, text};
use crate::nets::images;
use crate::nets::trained;
use eigengate::Result;
use eigengate::attack::{Classifier, Noise, NoiseKind, noise_over_levels};
use eigengate::data::ImageShape;
use eigengate::seed::{Purpose, stream};
use ndarray::{Array2, s};

const KINDS: [NoiseKind; 5] =
    [NoiseKind::Gaussian, NoiseKind::Uniform, NoiseKind::SaltAndPepper, NoiseKind::Blur, NoiseKind::Contrast];

const SHAPE: ImageShape = ImageShape { channels: 2, height: 9, width: 7 };

fn apply(noise: Noise, x: &Array2<f32>, level: f32) -> Array2<f32> {
    noise.apply(x.view(), SHAPE, level, 0).unwrap()
}

/// Grey pixels away from both ends, so that small noise is not cut.
fn grey(rows: usize) -> Array2<f32> {
    images(rows, SHAPE.pixels(), 4).mapv(|x| 0.3 + 0.4 * x)
}

#[test]
fn level_zero_changes_nothing_and_all_stay_in_range() -> Result<()> {
    let x = images(6, SHAPE.pixels(), 1);
    for kind in KINDS {
        assert_eq!(apply(Noise::new(kind), &x, 0.0), x, "{kind:?}");
        for level in [0.2, 0.5, 1.0] {
            let noisy = apply(Noise::new(kind), &x, level);
            assert!(noisy.iter().all(|x| (0.0..=1.0).contains(x)), "{kind:?}");
            assert_ne!(noisy, x, "{kind:?}");
        }
    }
    Ok(())
}

#[test]
fn gaussian_noise_is_that_of_the_published_runs() -> Result<()> {
    // The stream of (seed, noise, example), pixel after pixel, times the level, added in float32.
    let x = images(3, SHAPE.pixels(), 2);
    let noise = Noise::new(NoiseKind::Gaussian).without_clip().with_seed(5);
    let noisy = noise.apply(x.view(), SHAPE, 0.3, 40)?;
    for i in 0..3 {
        let mut random = stream(5, Purpose::Noise, 40 + i as u64);
        for j in 0..SHAPE.pixels() {
            assert_eq!(noisy[[i, j]].to_bits(), (x[[i, j]] + random.normal() as f32 * 0.3).to_bits());
        }
    }
    Ok(())
}

#[test]
fn moments_are_those_of_the_level() -> Result<()> {
    let x = Array2::from_elem((400, SHAPE.pixels()), 0.5f32);
    let n = (400 * SHAPE.pixels()) as f64;
    let moments = |kind, level| {
        let change = apply(Noise::new(kind).without_clip(), &x, level).mapv(|x| f64::from(x) - 0.5);
        let mean = change.sum() / n;
        (mean, (change.mapv(|d| d * d).sum() / n - mean * mean).sqrt(), change)
    };
    // Five standard errors: of a mean 5 / sqrt(n), of a deviation about 5 / sqrt(2 n).
    let (mean, deviation, _) = moments(NoiseKind::Gaussian, 0.2);
    assert!(mean.abs() < 0.2 * 5.0 / n.sqrt() && (deviation / 0.2 - 1.0).abs() < 4.0 / n.sqrt());
    let (mean, deviation, change) = moments(NoiseKind::Uniform, 0.3);
    assert!(mean.abs() < 0.3 * 5.0 / n.sqrt());
    assert!((deviation / (0.3 / 3f64.sqrt()) - 1.0).abs() < 4.0 / n.sqrt(), "{deviation}");
    assert!(change.iter().all(|d| d.abs() <= 0.3 + 1e-7) && change.iter().any(|d| d.abs() > 0.29));
    let salted = apply(Noise::new(NoiseKind::SaltAndPepper), &x, 0.1);
    let share = |value: f32| salted.iter().filter(|x| **x == value).count() as f64 / n;
    assert!((share(0.0) - 0.05).abs() < 5.0 * (0.05 / n).sqrt(), "{}", share(0.0));
    assert!((share(1.0) - 0.05).abs() < 5.0 * (0.05 / n).sqrt(), "{}", share(1.0));
    assert!((share(0.5) - 0.9).abs() < 5.0 * (0.1 / n).sqrt());
    Ok(())
}

#[test]
fn a_larger_level_hits_the_same_pixels_and_more() -> Result<()> {
    let x = grey(20);
    let noise = Noise::new(NoiseKind::SaltAndPepper);
    let (few, many) = (apply(noise, &x, 0.1), apply(noise, &x, 0.4));
    assert!(few.iter().zip(&many).zip(&x).all(|((few, many), x)| few == x || few == many));
    // Gaussian and uniform noise only grow.
    for kind in [NoiseKind::Gaussian, NoiseKind::Uniform] {
        let noise = Noise::new(kind).without_clip();
        let (one, two) = (apply(noise, &x, 0.01) - &x, apply(noise, &x, 0.02) - &x);
        assert!(one.iter().zip(&two).all(|(one, two)| (2.0 * one - two).abs() < 1e-6), "{kind:?}");
    }
    Ok(())
}

/// scipy's `gaussian_filter(image, sigma, mode="reflect", truncate=4)` written out: a weight for every pair of pixels.
fn blurred(x: &[f32], height: usize, width: usize, sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5) as i64;
    let weight = |d: i64| (-0.5 * (d as f64 / sigma).powi(2)).exp();
    let total: f64 = (-radius..=radius).map(weight).sum();
    let fold = |mut at: i64, n: i64| {
        while !(0..n).contains(&at) {
            at = if at < 0 { -1 - at } else { 2 * n - 1 - at };
        }
        at
    };
    let mut out = vec![0.0; x.len()];
    for y in 0..height as i64 {
        for z in 0..width as i64 {
            for dy in -radius..=radius {
                for dz in -radius..=radius {
                    let at = fold(y + dy, height as i64) * width as i64 + fold(z + dz, width as i64);
                    let w = weight(dy) * weight(dz) / (total * total);
                    out[(y * width as i64 + z) as usize] += w * f64::from(x[at as usize]);
                }
            }
        }
    }
    out
}

#[test]
fn blur_is_a_gaussian_with_mirrored_borders() -> Result<()> {
    let x = images(2, SHAPE.pixels(), 7);
    for level in [0.4, 1.0, 3.5] {
        let got = apply(Noise::new(NoiseKind::Blur), &x, level);
        for i in 0..2 {
            for channel in 0..2 {
                let pixels = 63 * channel..63 * (channel + 1);
                let plane = x.slice(s![i, pixels.clone()]).to_vec();
                let want = blurred(&plane, SHAPE.height, SHAPE.width, f64::from(level));
                for (got, want) in got.slice(s![i, pixels]).iter().zip(want) {
                    assert!((f64::from(*got) - want).abs() < 2e-7, "{level}: {got} {want}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn contrast_shrinks_around_the_mean_of_a_channel() -> Result<()> {
    let x = images(3, SHAPE.pixels(), 8);
    let faded = apply(Noise::new(NoiseKind::Contrast), &x, 0.7);
    for i in 0..3 {
        for channel in 0..2 {
            let pixels = 63 * channel..63 * (channel + 1);
            let (x, faded) = (x.slice(s![i, pixels.clone()]), faded.slice(s![i, pixels]));
            let mean = x.iter().map(|x| f64::from(*x)).sum::<f64>() / 63.0;
            for (x, faded) in x.iter().zip(faded) {
                let want = mean + 0.3 * (f64::from(*x) - mean);
                assert!((f64::from(*faded) - want).abs() < 1e-6, "{faded} {want}");
            }
        }
    }
    let gone = apply(Noise::new(NoiseKind::Contrast), &x, 1.0);
    assert!((gone[[0, 0]] - gone[[0, 50]]).abs() < 1e-7 && (gone[[0, 0]] - gone[[0, 70]]).abs() > 1e-4);
    Ok(())
}

#[test]
fn results_depend_on_the_example_alone() -> Result<()> {
    let x = grey(40);
    for kind in KINDS {
        let noise = Noise::new(kind).with_seed(3);
        let whole = apply(noise, &x, 0.4);
        let part = noise.apply(x.slice(s![7..20, ..]), SHAPE, 0.4, 7)?;
        assert_eq!(part, whole.slice(s![7..20, ..]), "{kind:?}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(pool.install(|| apply(noise, &x, 0.4)), whole);
        let random = !matches!(kind, NoiseKind::Blur | NoiseKind::Contrast);
        assert_eq!(apply(noise.with_seed(4), &x, 0.4) != whole, random, "{kind:?}");
        // Images in another order of memory.
        let other = x.t().as_standard_layout().into_owned();
        assert_eq!(noise.apply(other.t(), SHAPE, 0.4, 0)?, whole, "{kind:?}");
    }
    Ok(())
}

#[test]
fn bad_input_is_refused() -> Result<()> {
    let x = grey(2);
    for kind in KINDS {
        for level in [-0.1, f32::NAN, f32::INFINITY] {
            has(&text(Noise::new(kind).apply(x.view(), SHAPE, level, 0)), &["level"]);
        }
        let other = ImageShape { channels: 1, ..SHAPE };
        has(&text(Noise::new(kind).apply(x.view(), other, 0.1, 0)), &["63 pixels", "126"]);
    }
    for kind in [NoiseKind::SaltAndPepper, NoiseKind::Contrast] {
        has(&text(Noise::new(kind).apply(x.view(), SHAPE, 1.1, 0)), &["level = 1.1", "at most 1"]);
    }
    Ok(())
}

#[test]
fn records_say_what_the_model_makes_of_noise() -> Result<()> {
    let (nets, data) = trained();
    let net = nets[0].1.attacked();
    let noise = Noise::new(NoiseKind::Gaussian).with_seed(2);
    // Levels in any order; without noise the error is that of clean images.
    let levels = [0.6, 0.0, 0.3];
    let records = noise_over_levels(net, data, noise, &levels)?;
    assert_eq!(records.attack(), "Gaussian noise");
    let curve = records.curve("noise");
    for (level, error) in levels.iter().zip(&curve.error) {
        let noisy = noise.apply(data.images(), data.shape(), *level, 0)?;
        let logits = Classifier::logits(net, noisy.view())?;
        let wrong = logits.outer_iter().zip(data.labels()).filter(|(z, label)| {
            let z = z.to_vec();
            (0..10).any(|k| z[k] > z[usize::from(**label)])
        });
        assert_eq!(*error, wrong.count() as f64 / data.len() as f64, "{level}");
    }
    assert!(curve.error[0] > curve.error[1] + 0.05, "{curve:?}");
    assert_eq!(records.frame()?.height(), 3 * data.len());
    // Without clipping images leave [0, 1], and that is no error.
    noise_over_levels(net, data, noise.without_clip(), &[0.5])?;
    has(&text(noise_over_levels(net, data, noise, &[0.1, -1.0])), &["level = -1"]);
    has(&text(noise_over_levels(net, data, noise, &[])), &["empty"]);
    Ok(())
}
