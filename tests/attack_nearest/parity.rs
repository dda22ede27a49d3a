//! The float64 oracle and the peers of tests/parity/attack_nearest.py, on two networks and 40 digits, two of them
//! misclassified.

use crate::victims::{Affine, search};
use eigengate::Result;
use eigengate::attack::{
    Batch, CarliniWagner, DeepFool, Fab, FixedEps, MinimalNorm, Nearest, Norm, WithinEps,
};
use eigengate::data::mnist;
use eigengate::exchange::Npz;
use eigengate::nn::{Activation, Mlp, Network};
use ndarray::{Array1, Array2, Axis, Ix1};

struct Case {
    name: &'static str,
    npz: Npz,
    net: Mlp,
    images: Array2<f32>,
    labels: Vec<u8>,
}

fn cases() -> Result<Vec<Case>> {
    let digits = mnist::shipped()?.test;
    let nets =
        [("tanh", &[784, 30, 10][..], Activation::Tanh), ("relu", &[784, 20, 20, 10], Activation::Relu)];
    let case = |(name, widths, activation): (&'static str, &[usize], Activation)| {
        let npz = Npz::open("tests/parity/attack_nearest.npz")?;
        let mut net = Mlp::new(widths, activation, 0)?;
        for (index, parameter) in net.parameters_mut().into_iter().enumerate() {
            let values: Array2<f32> = npz.get(&format!("{name}.p{index}"))?;
            parameter.set_values(values.into_raw_vec_and_offset().0)?;
        }
        let rows: Array1<i64> = npz.get(&format!("{name}.rows"))?;
        let rows: Vec<usize> = rows.iter().map(|row| *row as usize).collect();
        let images = digits.images().select(Axis(0), &rows);
        let labels = rows.iter().map(|row| digits.labels()[*row]).collect();
        Ok(Case { name, npz, net, images, labels })
    };
    nets.into_iter().map(case).collect()
}

impl Case {
    fn attack(&self, attack: &dyn MinimalNorm) -> Result<Nearest> {
        attack.search(&self.net, Batch::new(self.images.view(), &self.labels))
    }

    fn stored(&self, key: &str) -> Result<Vec<f64>> {
        Ok(self.npz.get::<f64, Ix1>(&format!("{}.{key}", self.name))?.to_vec())
    }

    /// Relative differences from stored distances, largest last. Success must be the same for all digits.
    #[track_caller]
    fn differences(&self, key: &str, found: &Nearest) -> Result<Vec<f64>> {
        let want = self.stored(key)?;
        let mut differences = vec![];
        for (row, (got, want)) in found.distances.iter().zip(&want).enumerate() {
            assert_eq!(got.is_nan(), want.is_nan(), "{} {key} {row}: {got}, wanted {want}", self.name);
            match *want {
                0.0 => assert_eq!(*got, 0.0, "{} {key} {row}", self.name),
                want if want.is_nan() => {}
                want => differences.push((got - want).abs() / want),
            }
        }
        differences.sort_by(f64::total_cmp);
        Ok(differences)
    }

    /// Asserts the oracle's success, and its distances up to the rounding of float32 networks.
    #[track_caller]
    fn assert_oracle(&self, key: &str, attack: &dyn MinimalNorm) -> Result<Nearest> {
        let found = self.attack(attack)?;
        let largest = self.differences(key, &found)?.pop().unwrap_or(0.0);
        assert!(largest < 2e-5, "{} {key}: {largest:e}", self.name);
        Ok(found)
    }

    /// The same, and in how many steps.
    #[track_caller]
    fn assert_steps(&self, key: &str, attack: &dyn MinimalNorm) -> Result<()> {
        let found = self.assert_oracle(key, attack)?;
        let want: Array1<i64> = self.npz.get(&format!("{}.{key}.steps", self.name))?;
        for (row, (got, want)) in found.steps.iter().zip(&want).enumerate() {
            // Where the search fails the library keeps the best image.
            assert!(!found.success[row] || i64::from(*got) == *want, "{key} {row}: {got}, wanted {want}");
        }
        Ok(())
    }
}

#[test]
fn deep_fool_is_that_of_the_oracle_and_of_foolbox() -> Result<()> {
    for case in cases()? {
        for norm in [Norm::Linf, Norm::L2] {
            let deep = DeepFool::new().with_norm(norm);
            for steps in [1, 2, 3, 50] {
                case.assert_steps(&format!("deepfool.{norm}.{steps}"), &deep.with_steps(steps))?;
            }
            case.assert_steps(&format!("deepfool.{norm}.3classes"), &deep.with_candidates(Some(3)))?;
            case.assert_steps(&format!("deepfool.{norm}.far"), &deep.with_overshoot(0.5))?;
            case.assert_oracle(&format!("peer.foolbox.deepfool.{norm}"), &deep)?;
        }
        // torchattacks clips the sum of steps with the image, adds nothing to a step, and stops short of the boundary for
        // about half of the digits. Where it does not, it ends as far away.
        let ours = case.attack(&DeepFool::new())?;
        let theirs = case.stored("peer.torchattacks.deepfool")?;
        let both = ours.distances.iter().zip(&theirs).filter(|(_, theirs)| **theirs > 0.0);
        let shares: Vec<f64> = both.map(|(ours, theirs)| ours / theirs).collect();
        assert!(shares.len() > 12 && shares.iter().all(|share| (0.999..1.03).contains(share)), "{shares:?}");
        assert!(!ours.success.contains(&false));
    }
    Ok(())
}

#[test]
fn fab_is_that_of_the_oracle_and_of_torchattacks() -> Result<()> {
    for case in cases()? {
        for norm in [Norm::Linf, Norm::L2] {
            let fab = Fab::new().with_norm(norm);
            for steps in [1, 2, 3, 5, 10] {
                case.assert_steps(&format!("fab.{norm}.{steps}"), &fab.with_steps(steps))?;
            }
            let whole = case.assert_oracle(&format!("fab.{norm}.100"), &fab)?;
            for steps in [1, 3, 20] {
                case.assert_oracle(&format!("fab_t.{norm}.{steps}"), &fab.with_steps(steps).with_targets(9))?;
            }
            let other = fab.with_steps(10).with_alpha_max(0.3).with_eta(1.2).with_beta(0.7);
            case.assert_steps(&format!("fab.{norm}.other"), &other)?;
            // torchattacks has AutoAttack's FAB, here with 100 steps and a size that all images are within.
            let theirs = case.differences(&format!("peer.torchattacks.fab.{norm}"), &whole)?;
            assert!(theirs.iter().all(|d| *d < 1e-4), "{} {norm} {theirs:?}", case.name);
            // FAB-T at two sizes: the same success for every digit.
            for eps in if norm == Norm::Linf { ["0.03", "0.06"] } else { ["0.5", "1.0"] } {
                let want = case.stored(&format!("peer.torchattacks.fab_t.{norm}.{eps}"))?;
                let batch = Batch::new(case.images.view(), &case.labels);
                let within = WithinEps::new(fab.with_targets(9));
                let found = within.perturb(&case.net, batch, eps.parse().unwrap_or(f32::NAN))?;
                let got: Vec<f64> = found.success.iter().map(|s| f64::from(u8::from(*s))).collect();
                assert_eq!(got, want, "{} {norm} {eps}", case.name);
            }
        }
    }
    Ok(())
}

#[test]
fn carlini_wagner_is_that_of_the_oracle_and_near_to_that_of_foolbox() -> Result<()> {
    for case in cases()? {
        let cw = CarliniWagner::new().with_learning_rate(0.1);
        let all = cw.with_abort_early(false);
        case.assert_oracle("cw.one", &all.with_searches(1).with_steps(40).with_first_weight(1.0))?;
        case.assert_oracle("cw.some", &all.with_searches(5).with_steps(60))?;
        case.assert_oracle("cw.repeat", &all.with_searches(10).with_steps(40))?;
        case.assert_oracle("cw.kappa", &cw.with_steps(100).with_confidence(1.5))?;
        let slow = cw.with_learning_rate(0.01).with_searches(6).with_steps(100).with_first_weight(0.1);
        case.assert_oracle("cw.slow", &slow)?;
        let cw = cw.with_steps(100);
        // Whether a loss has fallen by 1e-4 of it may be decided by rounding: for one digit it is.
        let found = case.attack(&cw)?;
        let differences = case.differences("cw.abort", &found)?;
        assert!(differences.iter().rev().skip(1).all(|d| *d < 2e-5) && differences.iter().all(|d| *d < 0.1));
        let targets: Vec<u8> = case.labels.iter().map(|label| (label + 3) % 10).collect();
        let batch = Batch::new(case.images.view(), &case.labels).with_targets(&targets);
        let targeted = cw.search(&case.net, batch)?;
        assert!(case.differences("cw.targeted", &targeted)?.iter().all(|d| *d < 2e-5));
        // In float32 foolbox's derivative of tanh at black pixels is rounded to a few bits.
        for (key, found) in [("cw", &found), ("cw.targeted", &targeted)] {
            let theirs = case.differences(&format!("peer.foolbox.{key}"), found)?;
            assert!(theirs[20] < 0.005 && theirs.iter().all(|d| *d < 0.1), "{} {theirs:?}", case.name);
        }
    }
    Ok(())
}

#[test]
fn projections_are_those_of_linear_and_quadratic_programs() -> Result<()> {
    let npz = Npz::open("tests/parity/attack_nearest.npz")?;
    let points: Array2<f32> = npz.get("projection.points")?;
    let normals: Array2<f32> = npz.get("projection.normals")?;
    let offsets: Array1<f64> = npz.get("projection.offsets")?;
    for norm in [Norm::Linf, Norm::L2] {
        let want: Array1<f64> = npz.get(&format!("projection.{norm}"))?;
        for (row, want) in want.iter().enumerate() {
            let mut w = Array2::zeros((2, normals.ncols()));
            w.row_mut(1).assign(&normals.row(row));
            let model = Affine { w, b: vec![0.0, -offsets[row] as f32] };
            let image = points.select(Axis(0), &[row]);
            let found = search(&Fab::new().with_norm(norm).with_steps(1).with_eta(1.0), &model, &image);
            let got = norm.between(&image.row(0).to_vec(), &found.images.row(0).to_vec());
            assert!((got - want).abs() < 1e-6, "{norm} {row}: {got}, wanted {want}");
        }
    }
    Ok(())
}
