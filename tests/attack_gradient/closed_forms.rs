//! An affine model, where the best change of given size is known.

use crate::victims::Affine;
use eigengate::Result;
use eigengate::attack::{
    Accumulate, Batch, Bim, FastFgsm, Fgm, Fgsm, FixedEps, L1Step, Loss, MiFgsm, Norm, Pgd, Projection,
    RandomFgsm, Start, Step,
};
use ndarray::{Array2, arr2};

/// Logits (w x, -w x); pixels far from 0 and 1, right is class 0. A pixel without weight must stay.
fn model() -> Affine {
    Affine { w: vec![0.6, -0.8, 0.0, 0.3] }
}

fn image() -> Array2<f32> {
    arr2(&[[0.5f32, 0.45, 0.5, 0.55]])
}

/// How far the images of an attack are from `want`.
#[track_caller]
fn reaches(attack: &dyn FixedEps, eps: f32, want: &[f32]) {
    let found = attack.perturb(&model(), Batch::new(image().view(), &[0]), eps).unwrap();
    for (pixel, (found, want)) in found.images.iter().zip(want).enumerate() {
        assert!(
            (found - want).abs() < 2e-6,
            "{} at {eps}, pixel {pixel}: {found}, wanted {want}",
            attack.name()
        );
    }
}

/// The image moved by `-size d`.
fn moved(size: f32, d: [f32; 4]) -> Vec<f32> {
    image().iter().zip(d).map(|(x, d)| x - size * d).collect()
}

#[test]
fn linf_moves_every_pixel_against_its_weight() {
    let (eps, sign) = (0.1, [1.0, -1.0, 0.0, 1.0]);
    let attacks: [&dyn FixedEps; 7] = [
        &Fgsm,
        &Fgm::new(),
        &Fgm::new().with_loss(Loss::Margin),
        &Bim::new(),
        &MiFgsm::new(),
        &MiFgsm::new().with_accumulate(Accumulate::Direction),
        &Pgd::new().with_start(Start::Clean),
    ];
    for attack in attacks {
        reaches(attack, eps, &moved(eps, sign));
    }
    // Steps that do not reach the end: exactly as many as were asked for.
    reaches(&Bim::new().with_steps(3).with_step(Step::Fixed(0.02)), eps, &moved(0.06, sign));
    reaches(&MiFgsm::new().with_steps(3).with_step(Step::Fixed(0.02)), eps, &moved(0.06, sign));
    reaches(&Pgd::new().with_start(Start::Clean).with_steps(7), eps, &moved(0.7 / 30.0, sign));
}

#[test]
fn l2_moves_along_the_weights() {
    let (eps, length) = (0.2, 1.09f32.sqrt());
    let unit = [0.6 / length, -0.8 / length, 0.0, 0.3 / length];
    let attacks: [&dyn FixedEps; 5] = [
        &Fgm::new().with_norm(Norm::L2),
        &Bim::new().with_norm(Norm::L2),
        &MiFgsm::new().with_norm(Norm::L2),
        &Pgd::new().with_norm(Norm::L2).with_start(Start::Clean),
        &Pgd::new().with_norm(Norm::L2).with_start(Start::Clean).with_projection(Projection::Exact),
    ];
    for attack in attacks {
        reaches(attack, eps, &moved(eps, unit));
    }
    let few = Bim::new().with_norm(Norm::L2).with_steps(3).with_step(Step::Fixed(0.02));
    reaches(&few, eps, &moved(0.06, unit));
}

#[test]
fn l1_moves_the_pixel_with_the_largest_weight() {
    let eps = 0.3;
    let one = [0.0, -1.0, 0.0, 0.0];
    reaches(&Fgm::new().with_norm(Norm::L1), eps, &moved(eps, one));
    let share = [0.6 / 1.7, -0.8 / 1.7, 0.0, 0.3 / 1.7];
    reaches(&Fgm::new().with_norm(Norm::L1).with_l1_step(L1Step::Proportional), eps, &moved(eps, share));
    // A share of a half: two of the four pixels, equally.
    let two = Fgm::new().with_norm(Norm::L1).with_l1_step(L1Step::Sparse(0.5));
    reaches(&two, eps, &moved(eps, [0.5, -0.5, 0.0, 0.0]));
    // One of four pixels: the same as FGM as long as the pixel has room.
    reaches(&Pgd::new().with_norm(Norm::L1).with_start(Start::Clean), eps, &moved(eps, one));
}

/// Beyond the end of the best pixel, at 1, the rest of the change goes to the second best: 0.55 and 0.25.
#[test]
fn l1_fills_pixels_in_the_order_of_their_weights() -> Result<()> {
    let (eps, image) = (0.8f32, image());
    let attack = Pgd::new().with_norm(Norm::L1).with_steps(200).with_start(Start::Clean);
    let found = attack.perturb(&model(), Batch::new(image.view(), &[0]), eps)?;
    let loss = |d: &[f32]| 0.6 * d[0] - 0.8 * d[1] + 0.3 * d[3];
    let d: Vec<f32> = found.images.iter().zip(&image).map(|(x, x0)| x - x0).collect();
    assert!(d.iter().map(|d| d.abs()).sum::<f32>() <= eps + 1e-6);
    let best = -0.8 * 0.55 - 0.6 * 0.25;
    // The optimum up to a step.
    assert!(loss(&d) < best + 0.8 * eps / 30.0 && loss(&d) > best - 1e-5, "{d:?}: {} {best}", loss(&d));
    // Scaling instead of the exact projection does not fill pixels.
    let scaled = attack.with_projection(Projection::BallThenBox).with_l1_step(L1Step::Proportional);
    let found = scaled.perturb(&model(), Batch::new(image.view(), &[0]), eps)?;
    let d: Vec<f32> = found.images.iter().zip(&image).map(|(x, x0)| x - x0).collect();
    assert!(loss(&d) > best + 0.02, "{d:?}");
    Ok(())
}

#[test]
fn pixels_are_clipped_before_or_behind_the_ball() -> Result<()> {
    // The second pixel is at its end after a tenth of the way.
    let image = arr2(&[[0.5f32, 0.95, 0.5, 0.5]]);
    let end = |projection| {
        let attack = Pgd::new()
            .with_norm(Norm::L2)
            .with_start(Start::Clean)
            .with_projection(projection)
            .with_steps(100);
        let found = attack.with_keep(eigengate::attack::Keep::Last).perturb(
            &model(),
            Batch::new(image.view(), &[0]),
            0.3,
        )?;
        Ok::<_, eigengate::Error>(Norm::L2.between(&image.row(0).to_vec(), &found.images.row(0).to_vec()))
    };
    let behind = end(Projection::BallThenBox)?;
    for projection in [Projection::BoxThenBall, Projection::Exact] {
        let size = end(projection)?;
        assert!((size - 0.3).abs() < 1e-6, "{projection:?} {size}");
    }
    assert!(behind < 0.3 - 1e-4, "{behind}");
    assert_eq!(end(Projection::Usual)?, behind);
    Ok(())
}

#[test]
fn targets_turn_the_way_round() -> Result<()> {
    let image = image();
    let attacks: Vec<Box<dyn FixedEps>> = crate::all().into_iter().map(|(attack, _)| attack).collect();
    for attack in attacks {
        let eps = 0.05;
        let toward = |target: u8| {
            let targets = [target];
            let batch = Batch::new(image.view(), &[0]).with_targets(&targets);
            attack.perturb(&model(), batch, eps)
        };
        let z = |x: &Array2<f32>| 0.6 * x[[0, 0]] - 0.8 * x[[0, 1]] + 0.3 * x[[0, 3]];
        let (own, other) = (toward(0)?, toward(1)?);
        // z is the logit of class 0.
        assert!(z(&own.images) > z(&image) && z(&other.images) < z(&image), "{}", attack.name());
        // The clean image is class 0: 0.6 / 2 - 0.36 + 0.165 = 0.105.
        assert!(own.success[0], "{}", attack.name());
        assert_eq!(other.success[0], z(&other.images) < 0.0, "{}", attack.name());
        let untargeted = attack.perturb(&model(), Batch::new(image.view(), &[0]), eps)?;
        assert_eq!(untargeted.images, other.images, "two classes: away from one is to the other");
    }
    Ok(())
}

/// 300 pixels whose weights are the same, 100 without.
#[test]
fn random_starts_of_one_step_are_those_of_their_papers() -> Result<()> {
    let model = Affine { w: (0..400).map(|i| if i < 300 { 0.01 } else { 0.0 }).collect() };
    let image = Array2::from_elem((1, 400), 0.5f32);
    let (eps, batch) = (0.1f32, Batch::new(image.view(), &[0]));
    let change = |attack: &dyn FixedEps| -> Result<Vec<f32>> {
        Ok(attack.perturb(&model, batch, eps)?.images.iter().map(|x| (x - 0.5) / eps).collect())
    };
    let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
    // Tramer: +-1/2, then -1/2.
    let d = change(&RandomFgsm::new())?;
    let up = d[..300].iter().filter(|d| near(**d, 0.0)).count();
    assert!(d[..300].iter().all(|d| near(*d, 0.0) || near(*d, -1.0)) && (120..180).contains(&up), "{up}");
    assert!(d[300..].iter().all(|d| near(d.abs(), 0.5)));
    let d = change(&RandomFgsm::new().with_alpha(0.25))?;
    assert!(d[..300].iter().all(|d| near(*d, -0.5) || near(*d, -1.0)));
    // Wong: uniform in [-1, 1], then -1.25, cut at -1: 5/8 of all are at the end.
    let d = change(&FastFgsm::new())?;
    let cut = d[..300].iter().filter(|d| near(**d, -1.0)).count();
    assert!(d[..300].iter().all(|d| (-1.00001..=-0.24999).contains(d)) && (160..215).contains(&cut), "{cut}");
    assert!(d[300..].iter().any(|d| d.abs() > 0.8) && d[300..].iter().any(|d| d.abs() < 0.2));
    // Another seed and another restart are other numbers.
    let other = change(&FastFgsm::new().with_seed(1))?;
    assert_ne!(d, other);
    let again = FastFgsm::new().run(&model, batch, eps, 1)?.images;
    assert_ne!(again, FastFgsm::new().run(&model, batch, eps, 0)?.images);
    Ok(())
}

#[test]
fn random_starts_fill_their_ball() -> Result<()> {
    // One step too small to matter, kept last: the start.
    let (pixels, examples, eps) = (4, 2000, 0.2);
    let model = Affine { w: vec![1.0; pixels] };
    let images = Array2::from_elem((examples, pixels), 0.5f32);
    let labels = vec![0; examples];
    let sizes = |norm: Norm, start: Start| -> Result<Vec<f64>> {
        let still = Pgd::new().with_norm(norm).with_start(start).with_steps(1).with_relative_step(1e-6);
        let found = still.perturb(&model, Batch::new(images.view(), &labels), eps)?;
        let size = |row: usize| norm.between(&images.row(row).to_vec(), &found.images.row(row).to_vec());
        Ok((0..examples).map(|row| size(row) / f64::from(eps)).collect())
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    // Uniform in a ball of n dimensions: the mean radius is n / (n + 1). Standard error below 0.004.
    for norm in [Norm::L2, Norm::L1, Norm::Linf] {
        let sizes = sizes(norm, Start::Uniform)?;
        assert!((mean(&sizes) - 0.8).abs() < 0.015, "{norm} {}", mean(&sizes));
        assert!(sizes.iter().all(|size| *size <= 1.0 + 1e-5));
    }
    // A uniform radius: 1/2.
    let radius = mean(&sizes(Norm::L2, Start::UniformRadius)?);
    assert!((radius - 0.5).abs() < 0.025, "{radius}");
    Ok(())
}
