//! Minimal-norm attacks as attacks of given size.

use crate::networks::trained;
use crate::victims::Affine;
use eigengate::Result;
use eigengate::attack::{
    Batch, CarliniWagner, Classifier, DeepFool, Fab, FixedEps, MinimalNorm, Norm, WithinEps,
};
use ndarray::{Array2, arr2};

#[test]
fn images_within_the_ball_count_and_others_are_drawn_back() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(70)?;
    let cases: [(WithinEps, [f32; 3]); 5] = [
        (WithinEps::new(DeepFool::new()), [0.3, 0.8, 8.0]),
        (WithinEps::new(DeepFool::new().with_norm(Norm::Linf)), [0.01, 0.04, 0.6]),
        (WithinEps::new(CarliniWagner::new().with_steps(50).with_learning_rate(0.1)), [0.3, 0.8, 8.0]),
        (WithinEps::new(Fab::new().with_steps(8).with_restarts(2)), [0.01, 0.04, 0.6]),
        (WithinEps::new(Fab::new().with_steps(8).with_norm(Norm::L2).with_targets(3)), [0.3, 0.8, 8.0]),
    ];
    for (attack, sizes) in cases {
        let mut before = 0;
        for eps in sizes {
            let found = attack.attack(net, &data, eps)?;
            let logits = Classifier::logits(net, found.images.view())?;
            for row in 0..70 {
                let (clean, image) = (data.images().row(row).to_vec(), found.images.row(row).to_vec());
                assert!(attack.norm().between(&clean, &image) <= f64::from(eps) + 1e-6);
                assert!(image.iter().all(|x| (0.0..=1.0).contains(x)));
                let batch = Batch::of(&data);
                assert_eq!(found.success[row], batch.fooled(row, &logits.row(row).to_vec()), "{attack:?}");
                assert!((found.margins[row] - batch.margin(row, &logits.row(row).to_vec())).abs() < 1e-4);
                assert_eq!(found.success[row], found.first_success[row].is_some());
            }
            let count = found.success.iter().filter(|s| **s).count();
            assert!(count > before, "{attack:?} {eps}: {count}");
            before = count;
        }
        assert!(before >= 69, "{attack:?} {before}");
        // Nothing changes within 0.
        let none = attack.attack(net, &data, 0.0)?;
        assert_eq!(none.images, data.images());
    }
    Ok(())
}

#[test]
fn fab_ends_where_an_image_is_near_enough() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(70)?;
    let fab = Fab::new().with_steps(15);
    for (fab, eps) in
        [(fab, 0.04), (fab.with_targets(9), 0.04), (fab.with_norm(Norm::L2).with_targets(4), 0.8)]
    {
        let nearest = MinimalNorm::attack(&fab, net, &data)?;
        let found = WithinEps::new(fab).attack(net, &data, eps)?;
        let mut sooner = 0;
        for row in 0..70 {
            // The same success as the whole search; or a little more, of images drawn back.
            if nearest.distances[row] <= f64::from(eps) {
                assert!(found.success[row]);
                sooner += usize::from(found.calls[row].gradient < nearest.calls[row].gradient);
            } else {
                // One more question, for the judgement.
                assert_eq!(found.calls[row].gradient, nearest.calls[row].gradient);
                assert_eq!(found.calls[row].forward, nearest.calls[row].forward + 1);
            }
        }
        assert!(sooner > 10, "{sooner}");
        assert!(found.success.iter().filter(|s| **s).count() < 70);
    }
    Ok(())
}

#[test]
fn a_far_image_that_still_fools_when_drawn_back_counts() -> Result<()> {
    // The boundary is 0.1 away in every pixel; the overshoot leads to 0.4.
    let model = Affine { w: arr2(&[[0.0, 0.0], [1.0, -1.0]]), b: vec![0.2, 0.0] };
    let images = Array2::from_elem((1, 2), 0.5);
    let batch = Batch::new(images.view(), &[0]);
    let attack = WithinEps::new(DeepFool::new().with_norm(Norm::Linf).with_overshoot(3.0));
    let near = attack.run(&model, batch, 0.09, 0)?;
    assert!(!near.success[0] && near.margins[0] > 0.0 && near.first_success[0].is_none());
    assert!((near.images[[0, 0]] - 0.59).abs() < 1e-6 && (near.images[[0, 1]] - 0.41).abs() < 1e-6);
    let far = attack.run(&model, batch, 0.15, 0)?;
    assert!(far.success[0] && far.first_success[0] == Some(1));
    assert!((far.images[[0, 0]] - 0.65).abs() < 1e-6);
    assert_eq!((far.calls[0].forward, far.calls[0].gradient), (1 + 1 + 1 + 1, 1));
    // Misclassified as it is.
    let wrong = attack.run(&model, Batch::new(images.view(), &[1]), 0.0, 0)?;
    assert!(wrong.success[0] && wrong.first_success[0] == Some(0) && wrong.images == images);
    for eps in [-1.0, f32::NAN] {
        assert!(attack.run(&model, batch, eps, 0).unwrap_err().to_string().contains("eps"));
    }
    assert_eq!((attack.name(), attack.norm(), attack.restarts()), ("DeepFool".to_owned(), Norm::Linf, 1));
    assert_eq!(format!("{attack:?}"), "WithinEps(DeepFool, Linf)");
    Ok(())
}
