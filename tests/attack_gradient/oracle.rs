//! Step by step in float64, written without the library: a network of one hidden layer, its gradient, the steps.

use crate::victims::trained;
use eigengate::Result;
use eigengate::attack::{Bim, Fgm, FixedEps, Keep, L1Step, Loss, MiFgsm, Norm, Pgd, Projection, Start, Step};
use eigengate::data::Dataset;
use eigengate::nn::{Mlp, Network};

pub struct Oracle {
    w: [Vec<f64>; 4],
}

impl Oracle {
    pub fn of(net: &Mlp) -> Self {
        let values =
            |i: usize| -> Vec<f64> { net.parameters()[i].values().into_iter().map(f64::from).collect() };
        Self { w: [values(0), values(1), values(2), values(3)] }
    }

    fn hidden(&self, x: &[f64]) -> Vec<f64> {
        let dot = |w: &[f64]| w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        self.w[0].chunks(x.len()).zip(&self.w[1]).map(|(w, b)| (dot(w) + b).tanh()).collect()
    }

    pub fn logits(&self, x: &[f64]) -> Vec<f64> {
        let h = self.hidden(x);
        let dot = |w: &[f64]| w.iter().zip(&h).map(|(w, h)| w * h).sum::<f64>();
        self.w[2].chunks(h.len()).zip(&self.w[3]).map(|(w, b)| dot(w) + b).collect()
    }

    /// The gradient of the loss of a label by the image.
    pub fn gradient(&self, x: &[f64], label: usize, loss: Loss) -> Vec<f64> {
        let (h, z) = (self.hidden(x), self.logits(x));
        let mut dz: Vec<f64> = match loss {
            Loss::CrossEntropy => {
                let total: f64 = z.iter().map(|z| z.exp()).sum();
                z.iter().map(|z| z.exp() / total).collect()
            }
            _ => {
                let best =
                    (0..z.len()).filter(|c| *c != label).max_by(|a, b| z[*a].total_cmp(&z[*b])).unwrap();
                (0..z.len()).map(|c| f64::from(u8::from(c == best))).collect()
            }
        };
        dz[label] -= 1.0;
        let mut gradient = vec![0.0; x.len()];
        for (i, w) in self.w[0].chunks(x.len()).enumerate() {
            let slope: f64 = (0..z.len()).map(|c| dz[c] * self.w[2][c * h.len() + i]).sum();
            gradient.iter_mut().zip(w).for_each(|(g, w)| *g += slope * (1.0 - h[i] * h[i]) * w);
        }
        gradient
    }
}

fn size(norm: Norm, d: &[f64]) -> f64 {
    match norm {
        Norm::Linf => d.iter().fold(0.0, |m, d| m.max(d.abs())),
        Norm::L2 => d.iter().map(|d| d * d).sum::<f64>().sqrt(),
        Norm::L1 => d.iter().map(|d| d.abs()).sum(),
    }
}

/// The step of size 1; in L1 on eight pixels with room.
fn direction(norm: Norm, x: &[f64], g: &[f64]) -> Vec<f64> {
    match norm {
        Norm::Linf => g.iter().map(|g| g.signum()).collect(),
        Norm::L2 => g.iter().map(|v| v / size(Norm::L2, g)).collect(),
        Norm::L1 => {
            let mut pixels: Vec<usize> =
                (0..x.len()).filter(|i| if g[*i] > 0.0 { x[*i] < 1.0 } else { x[*i] > 0.0 }).collect();
            pixels.sort_by(|a, b| g[*b].abs().total_cmp(&g[*a].abs()));
            let mut d = vec![0.0; x.len()];
            pixels.iter().take(8).for_each(|i| d[*i] = g[*i].signum() / 8.0);
            d
        }
    }
}

/// The way back: in L1 the nearest point of ball and range, its threshold by bisection.
fn project(norm: Norm, x: &mut [f64], x0: &[f64], eps: f64) {
    let d: Vec<f64> = x.iter().zip(x0).map(|(x, x0)| x - x0).collect();
    match norm {
        Norm::Linf => {
            x.iter_mut().zip(x0).for_each(|(x, x0)| *x = x.clamp(x0 - eps, x0 + eps).clamp(0.0, 1.0));
        }
        Norm::L2 => {
            let factor = (eps / size(norm, &d)).min(1.0);
            x.iter_mut().zip(x0).zip(d).for_each(|((x, x0), d)| *x = (x0 + factor * d).clamp(0.0, 1.0));
        }
        Norm::L1 => {
            let room = |i: usize| if d[i] > 0.0 { 1.0 - x0[i] } else { x0[i] };
            let change = |i: usize, t: f64| (d[i].abs() - t).clamp(0.0, room(i)) * d[i].signum();
            let total = |t: f64| (0..d.len()).map(|i| change(i, t).abs()).sum::<f64>();
            let (mut low, mut high) = (0.0, 2.0);
            if total(0.0) <= eps {
                high = 0.0;
            }
            for _ in 0..100 {
                let middle = 0.5 * (low + high);
                if total(middle) > eps { low = middle } else { high = middle }
            }
            (0..d.len()).for_each(|i| x[i] = x0[i] + change(i, high));
        }
    }
}

/// What the loop does, from the clean image; `mu` is Dong's.
struct Plan {
    norm: Norm,
    loss: Loss,
    eps: f64,
    step: f64,
    steps: usize,
    mu: Option<f64>,
    /// Steps towards this class instead of away from the label.
    target: Option<usize>,
}

impl Plan {
    fn run(&self, oracle: &Oracle, x0: &[f64], label: usize) -> Vec<f64> {
        let (mut x, mut m) = (x0.to_vec(), vec![0.0; x0.len()]);
        for _ in 0..self.steps {
            let mut g = match self.target {
                None => oracle.gradient(&x, label, self.loss),
                Some(target) => oracle.gradient(&x, target, self.loss).iter().map(|g| -g).collect(),
            };
            if let Some(mu) = self.mu {
                let length = size(Norm::L1, &g);
                m.iter_mut().zip(&g).for_each(|(m, g)| *m = mu * *m + g / length);
                g.clone_from(&m);
            }
            let d = direction(self.norm, &x, &g);
            x.iter_mut().zip(d).for_each(|(x, d)| *x += self.step * d);
            project(self.norm, &mut x, x0, self.eps);
        }
        x
    }
}

/// Compares the first digits. A sign that float32 decides otherwise moves a pixel by far, and such pixels are counted.
#[track_caller]
fn follows(attack: &dyn FixedEps, plan: &Plan, data: &Dataset, net: &Mlp) {
    let oracle = Oracle::of(net);
    let data = data.take(12).unwrap();
    let targets = plan.target.map(|target| vec![target as u8; data.len()]);
    let mut batch = eigengate::attack::Batch::of(&data);
    if let Some(targets) = &targets {
        batch = batch.with_targets(targets);
    }
    let found = attack.perturb(net, batch, plan.eps as f32).unwrap();
    let (mut far, mut moved) = (0, 0);
    for row in 0..data.len() {
        let x0: Vec<f64> = data.images().row(row).iter().map(|x| f64::from(*x)).collect();
        let want = plan.run(&oracle, &x0, usize::from(data.labels()[row]));
        for ((found, want), x0) in found.images.row(row).iter().zip(&want).zip(&x0) {
            far += usize::from((f64::from(*found) - want).abs() > 1e-5);
            moved += usize::from((want - x0).abs() > 1e-3);
        }
    }
    assert!(far <= 4, "{}: {far} pixels differ", attack.name());
    assert!(moved > 60, "{}: {moved} pixels moved", attack.name());
}

#[test]
fn every_method_follows_the_oracle_step_by_step() -> Result<()> {
    let (net, data) = trained();
    let plan = |norm, eps: f64, step, steps| Plan {
        norm,
        loss: Loss::CrossEntropy,
        eps,
        step,
        steps,
        mu: None,
        target: None,
    };
    for (norm, eps) in [(Norm::Linf, 0.08), (Norm::L2, 1.2), (Norm::L1, 9.0)] {
        let clean = Pgd::new().with_norm(norm).with_start(Start::Clean).with_keep(Keep::Last);
        for steps in [1, 2, 7] {
            let pgd = clean.with_steps(steps).with_relative_step(0.25);
            follows(&pgd, &plan(norm, eps, 0.25 * eps, steps), data, net);
        }
        let margin = clean.with_steps(5).with_relative_step(0.25).with_loss(Loss::Margin);
        follows(&margin, &Plan { loss: Loss::Margin, ..plan(norm, eps, 0.25 * eps, 5) }, data, net);
        let targeted = Plan { target: Some(3), ..plan(norm, eps, 0.25 * eps, 5) };
        follows(&clean.with_steps(5).with_relative_step(0.25), &targeted, data, net);
        if norm != Norm::L1 {
            let fixed = Bim::new().with_norm(norm).with_steps(4).with_step(Step::Fixed(0.3 * eps as f32));
            follows(&fixed, &plan(norm, eps, 0.3 * eps, 4), data, net);
            follows(&Fgm::new().with_norm(norm), &plan(norm, eps, eps, 1), data, net);
            for mu in [1.0, 0.5] {
                let dong = MiFgsm::new().with_norm(norm).with_steps(6).with_momentum(mu);
                let want = Plan { mu: Some(f64::from(mu)), ..plan(norm, eps, 0.1 * eps, 6) };
                follows(&dong, &want, data, net);
            }
        }
    }
    Ok(())
}

/// Momentum of old gradients makes other images than none, and than foolbox's momentum of signs: else the test above could not see
/// it.
#[test]
fn momentum_makes_a_difference() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(30)?;
    // Large steps, so that gradients turn.
    let images =
        |attack: MiFgsm| attack.with_step(Step::OfEps(0.5)).attack(net, &data, 0.3).map(|found| found.images);
    let differ = |a: &ndarray::Array2<f32>, b: &ndarray::Array2<f32>| {
        a.iter().zip(b).filter(|(a, b)| (*a - *b).abs() > 0.01).count() as f64 / a.len() as f64
    };
    let dong = images(MiFgsm::new())?;
    let none = images(MiFgsm::new().with_momentum(0.0))?;
    let signs = images(MiFgsm::new().with_accumulate(eigengate::attack::Accumulate::Direction))?;
    assert!(differ(&dong, &none) > 0.02, "{}", differ(&dong, &none));
    assert!(differ(&dong, &signs) > 0.02, "{}", differ(&dong, &signs));
    let bim = Bim::new().with_step(Step::OfEps(0.5)).attack(net, &data, 0.3)?.images;
    assert!(differ(&none, &bim) < 1e-4);
    Ok(())
}

/// In L1 the share of the pixels is rounded up, and one pixel is the least.
#[test]
fn sparse_steps_move_the_pixels_that_they_say() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(5)?;
    for (share, count) in [(0.0, 1), (0.001, 1), (0.01, 8), (0.1, 79)] {
        let pgd =
            Pgd::new().with_norm(Norm::L1).with_start(Start::Clean).with_steps(1).with_relative_step(1.0);
        let pgd = pgd.with_l1_step(L1Step::Sparse(share)).with_projection(Projection::BoxThenBall);
        let found = pgd.with_keep(Keep::Last).attack(net, &data, 0.05)?.images;
        for row in 0..data.len() {
            let moved = found.row(row).iter().zip(data.images().row(row)).filter(|(a, b)| a != b).count();
            assert_eq!(moved, count, "share {share}");
        }
    }
    Ok(())
}
