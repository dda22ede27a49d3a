//! How large an experiment is, and what is measured.

/// Sizes of an experiment: as published, or smaller to try it.
///
/// ```
/// use eigengate::experiments::Scale;
///
/// let tiny = Scale { name: "tiny".into(), train_images: Some(500), ..Scale::quick() };
/// assert_eq!(tiny.epochs, Some(12));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Stands in the rows and, unless it is `full`, in front of every key. Another scale needs another name.
    pub name: String,
    /// The first images of the training set, at least 1; all by default.
    pub train_images: Option<usize>,
    /// The first images of the test set, at least 2; all by default.
    pub test_images: Option<usize>,
    /// Hidden widths and channels are divided by this, at least 1.
    pub width_divisor: usize,
    /// Batch sizes are divided by this, at least 1.
    pub batch_divisor: usize,
    /// Epochs instead of the published ones.
    pub epochs: Option<usize>,
    /// Attacks and noise.
    pub evaluation: Evaluation,
}

/// What a trained network goes through.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Sizes of FGSM, on all test images.
    pub fgsm_eps: Vec<f32>,
    /// Sizes of PGD.
    pub pgd_eps: Vec<f32>,
    /// Steps of PGD, each eps / 30.
    pub pgd_steps: usize,
    /// The first test images, which PGD attacks; all where there are fewer.
    pub pgd_images: usize,
    /// Standard deviations of Gaussian noise, on all test images.
    pub noise: Vec<f32>,
}

impl Scale {
    /// As published. FGSM at 14 sizes from 0 to 0.3, PGD-40 at 10 sizes from 0.01 to 0.3 on 1000 images, noise from 0.05
    /// to 0.5.
    pub fn full() -> Self {
        let pgd_eps = vec![0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3];
        Self {
            name: Self::FULL.to_owned(),
            train_images: None,
            test_images: None,
            width_divisor: 1,
            batch_divisor: 1,
            epochs: None,
            evaluation: Evaluation {
                fgsm_eps: vec![
                    0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3,
                ],
                pgd_eps,
                pgd_steps: 40,
                pgd_images: 1000,
                noise: (1..=10).map(|n| n as f32 / 20.0).collect(),
            },
        }
    }

    /// A sixth of the training images in batches of a sixth, a quarter of the widths, 2000 test images, 12 epochs:
    /// seconds a run. The numbers are not those of the paper.
    pub fn quick() -> Self {
        let full = Self::full();
        Self {
            name: Self::QUICK.to_owned(),
            train_images: Some(10_000),
            test_images: Some(2000),
            width_divisor: 4,
            batch_divisor: 6,
            epochs: Some(12),
            evaluation: Evaluation {
                pgd_eps: vec![0.02, 0.04, 0.1, 0.2],
                pgd_images: 500,
                ..full.evaluation
            },
        }
    }

    pub(super) const FULL: &str = "full";
    pub(super) const QUICK: &str = "quick";
}
