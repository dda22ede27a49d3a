//! Models made for a test.

use eigengate::Result;
use eigengate::attack::{Classifier, Cotangent, PulledBack};
use ndarray::{Array1, Array2, ArrayView2};
use std::cell::RefCell;

/// Logits `x W' + b`.
#[derive(Clone)]
pub struct Affine {
    pub w: Array2<f32>,
    pub b: Array1<f32>,
}

impl Classifier for Affine {
    fn inputs(&self) -> usize {
        self.w.ncols()
    }
    fn classes(&self) -> usize {
        self.w.nrows()
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        // Row by row: a row must depend on its image alone.
        let dot = |i: usize, c: usize| -> f64 {
            images.row(i).iter().zip(self.w.row(c)).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum()
        };
        Ok(Array2::from_shape_fn((images.nrows(), self.w.nrows()), |(i, c)| {
            (dot(i, c) + f64::from(self.b[c])) as f32
        }))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let logits = self.logits(images)?;
        let u = cotangent(0..images.nrows(), logits.view())?;
        Ok(PulledBack { gradient: u.dot(&self.w), logits })
    }
}

/// Remembers all images that it is asked about, in order, and its answers.
pub struct Spy<'a> {
    pub model: &'a dyn Classifier,
    pub asked: RefCell<Vec<Array2<f32>>>,
    pub answered: RefCell<Vec<Array2<f32>>>,
}

impl<'a> Spy<'a> {
    pub fn new(model: &'a dyn Classifier) -> Self {
        Self { model, asked: RefCell::new(vec![]), answered: RefCell::new(vec![]) }
    }
}

impl Classifier for Spy<'_> {
    fn inputs(&self) -> usize {
        self.model.inputs()
    }
    fn classes(&self) -> usize {
        self.model.classes()
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        self.asked.borrow_mut().push(images.to_owned());
        let logits = self.model.logits(images)?;
        self.answered.borrow_mut().push(logits.clone());
        Ok(logits)
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        self.asked.borrow_mut().push(images.to_owned());
        let pulled = self.model.pull_back(images, cotangent)?;
        self.answered.borrow_mut().push(pulled.logits.clone());
        Ok(pulled)
    }
}

/// From logits and the cotangent of the new logits: the new logits, and the cotangent of the old ones.
pub type Map = fn(&[f32], &[f32]) -> (Vec<f32>, Vec<f32>);

/// Another model whose logits, and their derivatives, pass through a function of each row.
pub struct Through<'a> {
    pub model: &'a dyn Classifier,
    pub map: Map,
}

fn outside(map: Map, logits: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut all = logits.to_owned();
    let none = vec![0.0; logits.ncols()];
    for mut row in all.rows_mut() {
        let new = map(&row.to_vec(), &none).0;
        row.assign(&Array1::from(new));
    }
    all
}

impl Classifier for Through<'_> {
    fn inputs(&self) -> usize {
        self.model.inputs()
    }
    fn classes(&self) -> usize {
        self.model.classes()
    }
    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        Ok(outside(self.map, self.model.logits(images)?.view()))
    }
    fn pull_back(&self, images: ArrayView2<'_, f32>, cotangent: &mut Cotangent<'_>) -> Result<PulledBack> {
        let map = self.map;
        let mut pulled = self.model.pull_back(images, &mut |rows, logits| {
            let mut u = cotangent(rows, outside(map, logits).view())?;
            for (mut u, z) in u.rows_mut().into_iter().zip(logits.rows()) {
                let inside = map(&z.to_vec(), &u.to_vec()).1;
                u.assign(&Array1::from(inside));
            }
            Ok(u)
        })?;
        pulled.logits = outside(map, pulled.logits.view());
        Ok(pulled)
    }
}
