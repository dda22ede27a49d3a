//! What is refused, and with which words.

use crate::errors::{has, text};
use crate::victims::Affine;
use eigengate::Error;
use eigengate::attack::{
    Batch, CarliniWagner, Classifier, Cotangent, DeepFool, Fab, MinimalNorm, Norm, PulledBack,
};
use ndarray::{Array2, ArrayView2, arr2};

fn model() -> Affine {
    Affine { w: arr2(&[[0.0, 0.0], [1.0, -1.0]]), b: vec![0.2, 0.0] }
}

fn told(attack: &dyn MinimalNorm) -> String {
    let images = arr2(&[[0.5, 0.5]]);
    text(attack.search(&model(), Batch::new(images.view(), &[0])))
}

#[test]
fn settings_out_of_range() {
    let (deep, cw, fab) = (DeepFool::new(), CarliniWagner::new(), Fab::new());
    has(&told(&deep.with_norm(Norm::L1)), &["norm", "L1", "Linf or L2"]);
    has(&told(&fab.with_norm(Norm::L1)), &["norm", "L1", "Linf or L2"]);
    has(&told(&deep.with_steps(0)), &["steps = 0", "at least 1"]);
    has(&told(&deep.with_overshoot(-0.1)), &["overshoot = -0.1"]);
    has(&told(&deep.with_overshoot(f32::NAN)), &["overshoot = NaN"]);
    for few in [0, 1] {
        has(&told(&deep.with_candidates(Some(few))), &[&format!("candidates = {few}"), "at least 2"]);
    }
    has(&told(&cw.with_steps(0)), &["steps = 0"]);
    has(&told(&cw.with_searches(0)), &["searches = 0"]);
    has(&told(&cw.with_learning_rate(0.0)), &["learning_rate = 0"]);
    has(&told(&cw.with_first_weight(f32::INFINITY)), &["first_weight = inf"]);
    has(&told(&cw.with_confidence(-1.0)), &["confidence = -1"]);
    has(&told(&fab.with_steps(0)), &["steps = 0"]);
    has(&told(&fab.with_restarts(0)), &["restarts = 0"]);
    has(&told(&fab.with_alpha_max(1.5)), &["alpha_max = 1.5"]);
    has(&told(&fab.with_eta(0.9)), &["eta = 0.9"]);
    for beta in [0.0, 1.0, f32::NAN] {
        has(&told(&fab.with_beta(beta)), &["beta = "]);
    }
    has(&told(&fab.with_reach(Some(0.0))), &["reach = 0"]);
}

#[test]
fn batches_that_do_not_fit() {
    let attacks: [&dyn MinimalNorm; 3] = [&DeepFool::new(), &CarliniWagner::new().with_steps(2), &Fab::new()];
    let one = arr2(&[[0.5, 0.5]]);
    for attack in attacks {
        let refused = |images: &Array2<f32>, labels: &[u8]| {
            attack.search(&model(), Batch::new(images.view(), labels)).unwrap_err()
        };
        assert!(matches!(refused(&Array2::zeros((0, 2)), &[]), Error::Empty { .. }));
        assert!(matches!(refused(&Array2::zeros((1, 3)), &[0]), Error::Shape { .. }));
        assert!(matches!(refused(&one, &[0, 1]), Error::Shape { .. }));
        assert!(matches!(refused(&one, &[2]), Error::Parameter { name: "label", .. }));
        assert!(matches!(refused(&arr2(&[[0.5, 1.5]]), &[0]), Error::Parameter { name: "pixel", .. }));
        assert!(matches!(refused(&arr2(&[[0.5, f32::NAN]]), &[0]), Error::NotFinite { .. }));
        // A model with one class has no boundary.
        let single = Affine { w: arr2(&[[1.0, 1.0]]), b: vec![0.0] };
        has(&text(attack.search(&single, Batch::new(one.view(), &[0]))), &["classes", "at least 2"]);
        // NaN of the model.
        let broken = Affine { w: arr2(&[[0.0, 0.0], [f32::NAN, 0.0]]), b: vec![0.0, 0.0] };
        let result = attack.search(&broken, Batch::new(one.view(), &[0]));
        assert!(matches!(result, Err(Error::NotFinite { .. })));
    }
}

/// A model that gives fewer logits backward than it promises, and forward.
struct Careless;

impl Classifier for Careless {
    fn inputs(&self) -> usize {
        2
    }
    fn classes(&self) -> usize {
        3
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> eigengate::Result<Array2<f32>> {
        Ok(Array2::from_shape_fn((images.nrows(), 3), |(_, class)| -(class as f32)))
    }
    fn pull_back(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &mut Cotangent<'_>,
    ) -> eigengate::Result<PulledBack> {
        let logits = Array2::zeros((images.nrows(), 1));
        cotangent(0..images.nrows(), logits.view())?;
        Ok(PulledBack { logits, gradient: images.to_owned() })
    }
}

#[test]
fn models_of_other_sizes_than_they_promise() {
    let one = arr2(&[[0.5, 0.5]]);
    let attacks: [&dyn MinimalNorm; 3] = [&DeepFool::new(), &CarliniWagner::new().with_steps(2), &Fab::new()];
    for attack in attacks {
        let error = text(attack.search(&Careless, Batch::new(one.view(), &[0])));
        has(&error, &["logits of the model", ", 3)", ", 1)"]);
    }
}

#[test]
fn targets_where_there_are_none() {
    let one = arr2(&[[0.5, 0.5]]);
    let targeted = Batch::new(one.view(), &[0]).with_targets(&[1]);
    let deep = text(DeepFool::new().search(&model(), targeted));
    has(&deep, &["targets", "DeepFool is untargeted", "CarliniWagner"]);
    has(&text(Fab::new().search(&model(), targeted)), &["targets", "FAB is untargeted"]);
    assert!(CarliniWagner::new().with_steps(20).search(&model(), targeted).is_ok());
}
