//! One example under Carlini and Wagner's attack.

use ndarray::ArrayView1;

/// Clean images are drawn in by this much, so that black and white pixels have a finite `w`.
const INSIDE: f64 = 0.999_999;
/// The largest weight of the margin that is tried.
const LARGEST: f64 = 1e10;

/// One example: its weight, and Adam's state.
pub(super) struct Example {
    /// Its row of the batch.
    pub(super) row: usize,
    /// `c` and the interval that it is in.
    pub(super) weight: f64,
    lower: f64,
    upper: f64,
    /// Whether an image fooled at this `c`.
    pub(super) fooled: bool,
    /// Whether the search at this `c` goes on.
    pub(super) active: bool,
    /// The loss at the last check.
    pub(super) loss: f64,
    /// Adam's steps so far, through all searches.
    pub(super) taken: usize,
    pixels: Vec<Pixel>,
    /// The image of `w0 + w`.
    pub(super) image: Vec<f32>,
}

/// One pixel: `w0`, `w`, their images in `[-1, 1]`, and Adam's mean gradient and square.
#[derive(Clone, Copy, Default)]
struct Pixel {
    start: f64,
    start_tanh: f64,
    w: f64,
    tanh: f64,
    mean: f64,
    square: f64,
}

impl Example {
    pub(super) fn new(row: usize, clean: ArrayView1<'_, f32>, weight: f32) -> Self {
        let pixel = |x: &f32| {
            let start = (INSIDE * (2.0 * f64::from(*x) - 1.0)).atanh();
            Pixel { start, start_tanh: start.tanh(), ..Pixel::default() }
        };
        Self {
            row,
            weight: f64::from(weight),
            lower: 0.0,
            upper: f64::INFINITY,
            fooled: false,
            active: true,
            loss: f64::INFINITY,
            taken: 0,
            pixels: clean.iter().map(pixel).collect(),
            image: vec![0.0; clean.len()],
        }
    }

    /// Adam anew; in a `last` repeated search with the smallest weight that fooled.
    pub(super) fn restart(&mut self, last: bool) {
        if last {
            self.weight = self.upper.min(LARGEST);
        }
        (self.fooled, self.active, self.loss) = (false, true, f64::INFINITY);
        for p in &mut self.pixels {
            (p.w, p.tanh, p.mean, p.square) = (0.0, p.start_tanh, 0.0, 0.0);
        }
        self.draw();
    }

    fn draw(&mut self) {
        for (image, p) in self.image.iter_mut().zip(&self.pixels) {
            *image = (0.5 + 0.5 * p.tanh) as f32;
        }
    }

    /// `|x - x'|^2`.
    pub(super) fn squared_distance(&self) -> f64 {
        self.pixels.iter().map(|p| (0.5 * (p.tanh - p.start_tanh)).powi(2)).sum()
    }

    /// Adam's `count`-th step, counted from 1, along the loss whose margin has this gradient by the image.
    pub(super) fn step(&mut self, margin: ArrayView1<'_, f32>, learning_rate: f64, count: usize) {
        let (keep_mean, keep_square, guard) = (0.9f64, 0.999f64, 1e-8);
        let count = count.min(i32::MAX as usize) as i32;
        let (unbias_mean, unbias_square) = (1.0 - keep_mean.powi(count), 1.0 - keep_square.powi(count));
        for (p, g) in self.pixels.iter_mut().zip(margin) {
            // d|x - x'|^2 / dx = 2 (x - x') = tanh - tanh'; dx / dw = (1 - tanh^2) / 2.
            let by_image = p.tanh - p.start_tanh + self.weight * f64::from(*g);
            let g = by_image * 0.5 * (1.0 - p.tanh * p.tanh);
            p.mean = keep_mean * p.mean + (1.0 - keep_mean) * g;
            p.square = keep_square * p.square + (1.0 - keep_square) * g * g;
            p.w -= learning_rate * (p.mean / unbias_mean) / ((p.square / unbias_square).sqrt() + guard);
            p.tanh = (p.start + p.w).tanh();
        }
        self.taken += 1;
        self.draw();
    }

    /// The next `c`: half way between one that was too small and one that was not, or ten times as much.
    pub(super) fn bisect(&mut self) {
        match self.fooled {
            true => self.upper = self.weight,
            false => self.lower = self.weight,
        }
        self.weight =
            if self.upper.is_finite() { 0.5 * (self.lower + self.upper) } else { 10.0 * self.weight };
    }
}
