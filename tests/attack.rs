//! Attacks: closed forms, properties, independence of batches and threads, what is refused.

#[path = "common/victims.rs"]
mod victims;

use eigengate::attack::{
    Adversarial, Batch, Classifier, Cotangent, Fgsm, FixedEps, Keep, Pgd, PulledBack, RandomStep,
    attack_over_eps,
};
use eigengate::data::{Dataset, ImageShape};
use eigengate::nn::{Mlp, Network};
use eigengate::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis, s};
use victims::{Affine, affine_data, trained};

#[test]
fn on_an_affine_model_both_reach_the_closed_form() -> Result<()> {
    // A pixel without weight must stay: sign(0) = 0.
    let model = Affine { w: vec![1.0, -2.0, 0.5, 0.0] };
    let data = affine_data();
    let eps = 0.1;
    // Against class 0 every pixel moves by -eps sign(w), clipped to [0, 1]; against class 1 by +eps sign(w).
    let want = ndarray::arr2(&[[0.4, 0.6, 0.0, 0.5], [1.0, 0.1, 0.6, 1.0]]);
    let close = |found: &Adversarial| (&found.images - &want).iter().all(|d: &f32| d.abs() < 1e-6);
    let fgsm = Fgsm.attack(&model, &data, eps)?;
    assert!(close(&fgsm), "{:?}", fgsm.images);
    // The gradient of an affine model has one sign everywhere.
    let one = RandomStep::new().attack(&model, &data, eps)?;
    assert!(close(&one), "{:?}", one.images);
    for keep in [Keep::Best, Keep::Last, Keep::LastByLoss] {
        // From a random start the unweighted pixel keeps its random value, so start at the image.
        let pgd = Pgd::new().with_random_start(false).with_keep(keep).attack(&model, &data, eps)?;
        assert!(close(&pgd), "{keep:?} {:?}", pgd.images);
        // From one end of the ball to the other is 2 eps: 60 steps of eps / 30.
        let random = Pgd::new().with_steps(60).with_keep(keep).attack(&model, &data, eps)?;
        let three = |a: &Array2<f32>| a.slice(s![.., ..3]).to_owned();
        assert!((&three(&random.images) - &three(&want)).iter().all(|d| d.abs() < 1e-6));
    }
    Ok(())
}

#[test]
fn a_saturated_example_still_has_a_gradient() -> Result<()> {
    // p = 1 - 3e-35 of the right class: 1 - p rounds to 0, the sum of the others does not.
    let model = Affine { w: vec![40.0, 0.0, 0.0, 0.0] };
    let images = Array2::from_elem((1, 4), 1.0);
    let data = Dataset::new(images, vec![0], ImageShape { channels: 1, height: 2, width: 2 }, 2)?;
    assert_eq!(Fgsm.attack(&model, &data, 0.25)?.images[[0, 0]], 0.75);
    Ok(())
}

/// The gradient of the cross-entropy of one image by its pixels, in float64.
fn oracle(net: &Mlp, image: &[f64], label: usize) -> Vec<f64> {
    let p: Vec<Vec<f64>> =
        net.parameters().iter().map(|p| p.values().into_iter().map(f64::from).collect()).collect();
    let dot = |w: &[f64], x: &[f64]| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
    let h: Vec<f64> = p[0].chunks(784).zip(&p[1]).map(|(w, b)| (dot(w, image) + b).tanh()).collect();
    let z: Vec<f64> = p[2].chunks(h.len()).zip(&p[3]).map(|(w, b)| dot(w, &h) + b).collect();
    let total: f64 = z.iter().map(|z| z.exp()).sum();
    let dz = |c: usize| z[c].exp() / total - if c == label { 1.0 } else { 0.0 };
    let dh =
        |i: usize| (0..z.len()).map(|c| dz(c) * p[2][c * h.len() + i]).sum::<f64>() * (1.0 - h[i] * h[i]);
    let mut gradient = vec![0.0; 784];
    for (i, w) in p[0].chunks(784).enumerate() {
        let slope = dh(i);
        gradient.iter_mut().zip(w).for_each(|(g, w)| *g += slope * w);
    }
    gradient
}

#[test]
fn fgsm_follows_a_float64_oracle() -> Result<()> {
    let (net, data) = trained();
    let eps = 0.07f32;
    let found = Fgsm.attack(net, data, eps)?.images;
    let mut compared = 0;
    for i in 0..20 {
        let image: Vec<f64> = data.images().row(i).iter().map(|x| f64::from(*x)).collect();
        let gradient = oracle(net, &image, usize::from(data.labels()[i]));
        let largest = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
        for (j, g) in gradient.iter().enumerate().filter(|(_, g)| g.abs() > 1e-4 * largest) {
            let want = (image[j] as f32 + eps * g.signum() as f32).clamp(0.0, 1.0);
            assert!((found[[i, j]] - want).abs() < 1e-6, "image {i}, pixel {j}: {} {want}", found[[i, j]]);
            compared += 1;
        }
    }
    assert!(compared > 10_000, "{compared}");
    Ok(())
}

#[test]
fn restarts_start_elsewhere() -> Result<()> {
    // Steps too small to matter: the best of several starts is not always the first.
    let (net, data) = trained();
    let still = Pgd::new().with_steps(1).with_relative_step(1e-6).with_restarts(4);
    let restarts = still.attack(net, data, 0.1)?.restarts;
    for restart in 0..4 {
        assert!(restarts.contains(&restart), "restart {restart} is never the best");
    }
    Ok(())
}

fn attacks() -> Vec<Box<dyn FixedEps>> {
    vec![
        Box::new(Fgsm),
        Box::new(RandomStep::new().with_seed(2)),
        Box::new(Pgd::new().with_steps(10)),
        Box::new(Pgd::new().with_steps(10).with_keep(Keep::Last)),
        Box::new(Pgd::new().with_steps(5).with_restarts(2).with_keep(Keep::LastByLoss)),
        Box::new(Pgd::new().with_steps(5).with_restarts(3).with_random_start(false)),
    ]
}

#[test]
fn images_stay_in_their_ball_and_range() -> Result<()> {
    let (net, data) = trained();
    for attack in attacks() {
        for eps in [0.0, 1e-3, 0.1, 0.5, 2.0] {
            let found = attack.attack(net, data, eps)?;
            let name = attack.name();
            assert!(found.images.iter().all(|x| (0.0..=1.0).contains(x)), "{name} {eps}");
            let change = (&found.images - &data.images()).iter().fold(0.0f32, |m, d| m.max(d.abs()));
            assert!(change <= eps + 1e-6, "{name}: {change} beyond {eps}");
            if eps == 0.0 {
                assert_eq!(found.images, data.images(), "{name}: eps = 0 changed an image");
            } else {
                assert!(change > 0.99 * eps.min(1.0) * 0.9, "{name}: {change} of {eps} used");
            }
        }
    }
    Ok(())
}

#[test]
fn results_depend_on_the_example_alone() -> Result<()> {
    let (net, data) = trained();
    for attack in attacks() {
        let whole = attack.attack(net, data, 0.1)?;
        let part = |first: usize, last: usize| {
            let images = data.images();
            let images = images.slice(s![first..last, ..]);
            let batch = Batch::new(images, &data.labels()[first..last]).with_first(first);
            attack.perturb(net, batch, 0.1)
        };
        for (first, last) in [(0, 1), (7, 8), (250, 300), (13, 290)] {
            let part = part(first, last)?;
            assert_eq!(
                part.images,
                whole.images.slice(s![first..last, ..]),
                "{} {first}..{last}",
                attack.name()
            );
            assert_eq!(part.steps, &whole.steps[first..last]);
        }
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(
                pool.install(|| attack.attack(net, data, 0.1))?.images,
                whole.images,
                "{threads} threads"
            );
        }
    }
    Ok(())
}

#[test]
fn more_work_never_weakens_an_attack() -> Result<()> {
    let (net, data) = trained();
    let error = |attack: &dyn FixedEps| -> Result<f64> {
        Ok(attack_over_eps(net, data, attack, &[0.08])?.curve("").error[0])
    };
    let clean = attack_over_eps(net, data, &Fgsm, &[0.0])?.curve("").error[0];
    let fgsm = error(&Fgsm)?;
    let few = error(&Pgd::new().with_steps(10))?;
    let many = error(&Pgd::new().with_steps(40))?;
    let restarts = error(&Pgd::new().with_steps(40).with_restarts(3))?;
    let last = error(&Pgd::new().with_steps(40).with_keep(Keep::Last))?;
    assert!(clean < 0.15 && fgsm > clean + 0.1, "{clean} {fgsm}");
    assert!(few <= many && many <= restarts && last <= many, "{few} {many} {restarts} {last}");
    assert!(many > fgsm, "{many} {fgsm}");
    Ok(())
}

#[test]
fn seeds_matter_only_for_the_start() -> Result<()> {
    let (net, data) = trained();
    let images =
        |seed| Ok::<_, Error>(Pgd::new().with_steps(3).with_seed(seed).attack(net, data, 0.1)?.images);
    assert_eq!(images(1)?, images(1)?);
    assert_ne!(images(1)?, images(2)?);
    // Every example starts elsewhere: the random offsets of two equal images differ.
    let twice = Dataset::new(
        ndarray::stack(Axis(0), &[data.images().row(0), data.images().row(0)]).unwrap(),
        vec![data.labels()[0]; 2],
        data.shape(),
        10,
    )?;
    let pair = Pgd::new().with_steps(1).attack(net, &twice, 0.1)?.images;
    assert_ne!(pair.row(0), pair.row(1));
    Ok(())
}

#[test]
fn records_have_a_row_per_example_and_eps() -> Result<()> {
    let (net, data) = trained();
    let eps = [0.0, 0.05, 0.1];
    let records = attack_over_eps(net, data, &Fgsm, &eps)?;
    let frame = records.frame()?;
    assert_eq!((frame.height(), frame.width()), (900, 12));
    let fooled = frame.column("fooled")?.bool()?;
    let curve = records.curve("net");
    assert_eq!(curve.eps, [0.0, 0.05, 0.1]);
    for (k, error) in curve.error.iter().enumerate() {
        let count = (300 * k..300 * (k + 1)).filter(|&i| fooled.get(i).unwrap()).count();
        assert_eq!(*error, count as f64 / 300.0);
        assert!((curve.standard_error[k] - (error * (1.0 - error) / 300.0).sqrt()).abs() < 1e-15);
    }
    // The record says of each image what the network says of it.
    let found = Fgsm.attack(net, data, 0.1)?.images;
    let logits = Classifier::logits(net, found.view())?;
    let (margin, linf, l2) =
        (frame.column("margin")?.f64()?, frame.column("linf")?.f64()?, frame.column("l2")?.f64()?);
    for i in 0..300 {
        let label = usize::from(data.labels()[i]);
        let row = logits.row(i);
        let other = (0..10).filter(|c| *c != label).map(|c| row[c]).fold(f32::NEG_INFINITY, f32::max);
        assert!((margin.get(600 + i).unwrap() - f64::from(row[label] - other)).abs() < 1e-5);
        let change: Vec<f64> =
            found.row(i).iter().zip(data.images().row(i)).map(|(a, b)| f64::from(a - b)).collect();
        assert!((linf.get(600 + i).unwrap() - change.iter().fold(0.0, |m, d| d.abs().max(m))).abs() < 1e-7);
        assert!((l2.get(600 + i).unwrap() - change.iter().map(|d| d * d).sum::<f64>().sqrt()).abs() < 1e-5);
    }
    Ok(())
}

/// A model whose gradient is NaN, and one that counts classes wrongly.
struct Broken;

impl Classifier for Broken {
    fn inputs(&self) -> usize {
        4
    }
    fn classes(&self) -> usize {
        2
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        Ok(Array2::zeros((images.nrows(), 2)))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, _: &mut Cotangent<'_>) -> Result<PulledBack> {
        Ok(PulledBack { logits: self.logits(images)?, gradient: Array2::from_elem(images.dim(), f32::NAN) })
    }
}

/// A model of the user's whose arrays have other sizes than it promises, and an attack that forgets a record.
struct Careless {
    classes: usize,
}

impl Classifier for Careless {
    fn inputs(&self) -> usize {
        4
    }
    fn classes(&self) -> usize {
        self.classes
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        Ok(Array2::zeros((images.nrows(), 2)))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, _: &mut Cotangent<'_>) -> Result<PulledBack> {
        Ok(PulledBack { logits: self.logits(images)?, gradient: Array2::zeros((images.nrows(), 3)) })
    }
}

impl FixedEps for Careless {
    fn name(&self) -> String {
        "careless".to_owned()
    }
    fn run(&self, model: &dyn Classifier, batch: Batch<'_>, eps: f32, _: usize) -> Result<Adversarial> {
        let found = Fgsm.perturb(model, batch, eps)?;
        Ok(Adversarial { steps: vec![], ..found })
    }
}

#[test]
fn what_a_users_model_or_attack_gives_is_checked() -> Result<()> {
    let data = affine_data();
    let told = |result: Result<()>, part: &str| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Shape { .. }) && error.to_string().contains(part), "{error}");
    };
    for attack in attacks() {
        told(attack.attack(&Careless { classes: 2 }, &data, 0.1).map(drop), "input gradient");
        told(attack.attack(&Careless { classes: 3 }, &data, 0.1).map(drop), "logits");
    }
    let affine = Affine { w: vec![1.0; 4] };
    told(attack_over_eps(&affine, &data, &Careless { classes: 2 }, &[0.1]).map(drop), "what the attack gave");
    let (net, digits) = trained();
    let pulled = Classifier::pull_back(net, digits.images(), &mut |_, _| Ok(Array2::zeros((1, 10))));
    told(pulled.map(drop), "cotangent");
    Ok(())
}

#[test]
fn bad_input_is_refused() -> Result<()> {
    let model = Affine { w: vec![1.0; 4] };
    let data = affine_data();
    for attack in attacks() {
        for eps in [-0.1, f32::NAN, f32::INFINITY] {
            let text = attack.attack(&model, &data, eps).unwrap_err().to_string();
            assert!(text.contains("eps"), "{text}");
        }
        assert!(matches!(attack.attack(&Broken, &data, 0.1), Err(Error::NotFinite { .. })));
        assert!(matches!(attack.attack(&Affine { w: vec![1.0; 5] }, &data, 0.1), Err(Error::Shape { .. })));
        let perturb = |images: Array2<f32>, labels: &[u8]| {
            attack.perturb(&model, Batch::new(images.view(), labels), 0.1).map(|_| ()).unwrap_err()
        };
        assert!(matches!(perturb(Array2::zeros((0, 4)), &[]), Error::Empty { .. }));
        assert!(matches!(perturb(Array2::zeros((2, 4)), &[0]), Error::Shape { .. }));
        assert!(matches!(perturb(Array2::zeros((1, 4)), &[2]), Error::Parameter { name: "label", .. }));
        assert!(matches!(perturb(Array2::from_elem((1, 4), f32::NAN), &[0]), Error::NotFinite { .. }));
        assert!(matches!(
            perturb(Array2::from_elem((1, 4), 1.5), &[0]),
            Error::Parameter { name: "pixel", .. }
        ));
    }
    for bad in [Pgd::new().with_steps(0), Pgd::new().with_restarts(0), Pgd::new().with_relative_step(-1.0)] {
        assert!(matches!(bad.attack(&model, &data, 0.1), Err(Error::Parameter { .. })));
    }
    assert!(matches!(attack_over_eps(&model, &data, &Fgsm, &[]), Err(Error::Empty { .. })));
    let text = attack_over_eps(&model, &data, &Fgsm, &[0.1, -0.5]).unwrap_err().to_string();
    assert!(text.contains("eps = -0.5"), "{text}");
    Ok(())
}
