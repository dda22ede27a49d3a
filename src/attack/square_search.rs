//! One example in the Square attack.

use super::ball::into_box;
use super::norm::Norm;
use super::square_window::pattern;
use crate::data::ImageShape;
use crate::seed::Stream;

/// Keeps divisions finite, as in the authors' program.
const SMALL: f64 = 1e-12;

/// What is the same for all examples.
pub(super) struct Rules {
    pub(super) norm: Norm,
    pub(super) shape: ImageShape,
    pub(super) eps: f32,
}

/// The image of an example so far, and its random numbers.
pub(super) struct Search {
    /// Of the batch.
    pub(super) row: usize,
    clean: Vec<f32>,
    best: Vec<f32>,
    loss: f64,
    random: Stream,
}

/// A square at a row and a column, in all channels.
struct Window {
    top: usize,
    left: usize,
    side: usize,
}

impl Window {
    /// Anywhere inside the image.
    fn anywhere(side: usize, shape: ImageShape, random: &mut Stream) -> Self {
        let mut place = |length: usize| random.below((length - side + 1) as u64) as usize;
        Self { top: place(shape.height), left: place(shape.width), side }
    }

    /// Positions in an image of its pixels in a channel, row by row.
    fn pixels(&self, shape: ImageShape, channel: usize) -> impl Iterator<Item = usize> {
        let (top, left, side) = (self.top, self.left, self.side);
        let first = channel * shape.height * shape.width;
        (top..top + side)
            .flat_map(move |row| (left..left + side).map(move |column| first + row * shape.width + column))
    }
}

impl Search {
    pub(super) fn new(row: usize, clean: Vec<f32>, random: Stream) -> Self {
        Self { row, best: clean.clone(), clean, loss: f64::INFINITY, random }
    }

    /// Writes the start.
    pub(super) fn start(&mut self, rules: &Rules, x: &mut [f32]) {
        match rules.norm {
            Norm::L2 => self.tiles(rules, x),
            _ => self.stripes(rules, x),
        }
    }

    /// Writes a proposal with a square of this side. `patterns` are those of L2, as they are and turned.
    pub(super) fn propose(&mut self, rules: &Rules, side: usize, patterns: &[Vec<f64>; 2], x: &mut [f32]) {
        match rules.norm {
            Norm::L2 => self.move_window(rules, side, patterns, x),
            _ => self.move_square(rules, side, x),
        }
    }

    /// What the model says of the image written last: it stays if its loss is smaller than the smallest one.
    pub(super) fn judge(&mut self, loss: f64, x: &[f32]) {
        if loss < self.loss {
            self.loss = loss;
            self.best.copy_from_slice(x);
        }
    }

    /// `x0 + eps` or `x0 - eps` in every column of every channel.
    fn stripes(&mut self, rules: &Rules, x: &mut [f32]) {
        let ImageShape { channels, height, width } = rules.shape;
        for channel in 0..channels {
            let signs: Vec<f32> = (0..width).map(|_| self.sign()).collect();
            for row in 0..height {
                for (column, sign) in signs.iter().enumerate() {
                    let i = (channel * height + row) * width + column;
                    x[i] = into_box(self.clean[i] + rules.eps * sign, self.clean[i], rules.eps);
                }
            }
        }
    }

    /// One square by `2 eps` up or down.
    fn move_square(&mut self, rules: &Rules, side: usize, x: &mut [f32]) {
        x.copy_from_slice(&self.best);
        let window = Window::anywhere(side, rules.shape, &mut self.random);
        for channel in 0..rules.shape.channels {
            let change = 2.0 * rules.eps * self.sign();
            for i in window.pixels(rules.shape, channel) {
                x[i] = into_box(self.best[i] + change, self.clean[i], rules.eps);
            }
        }
    }

    /// A pattern on tiles of a fifth of the shorter side, in each with a direction, and a sign by channel.
    fn tiles(&mut self, rules: &Rules, x: &mut [f32]) {
        let ImageShape { channels, height, width } = rules.shape;
        let side = height.min(width) / 5;
        let places = |length: usize| {
            let tiles = length / side;
            (0..tiles).map(move |tile| (length - tiles * side) / 2 + tile * side)
        };
        let patterns = [pattern(side, false), pattern(side, true)];
        let mut change = vec![0.0; x.len()];
        for top in places(height) {
            for left in places(width) {
                let window = Window { top, left, side };
                let pattern = &patterns[usize::from(self.coin())];
                for channel in 0..channels {
                    let sign = f64::from(self.sign());
                    let pixels = window.pixels(rules.shape, channel);
                    pixels.zip(pattern).for_each(|(i, value)| change[i] = sign * value);
                }
            }
        }
        self.stretch(rules, &change, x);
    }

    /// Empties one window of the change; its length, that of another, and what is left of `eps` go into the other one, where the old
    /// change and a pattern add up.
    fn move_window(&mut self, rules: &Rules, side: usize, patterns: &[Vec<f64>; 2], x: &mut [f32]) {
        let (shape, eps) = (rules.shape, f64::from(rules.eps));
        let mut change: Vec<f64> =
            self.best.iter().zip(&self.clean).map(|(x, clean)| f64::from(*x) - f64::from(*clean)).collect();
        let taker = Window::anywhere(side, shape, &mut self.random);
        let giver = Window::anywhere(side, shape, &mut self.random);
        let whole: f64 = change.iter().map(|d| d * d).sum();
        let channels = shape.channels;
        let old: Vec<Vec<f64>> =
            (0..channels).map(|channel| taker.pixels(shape, channel).map(|i| change[i]).collect()).collect();
        let all = (0..channels)
            .flat_map(|channel| giver.pixels(shape, channel).chain(taker.pixels(shape, channel)));
        // What both windows share counts once: it is emptied as it is added.
        let mut both = 0.0;
        for i in all {
            both += change[i] * change[i];
            change[i] = 0.0;
        }
        let length = ((eps * eps - whole).max(0.0) / channels as f64 + both).sqrt();
        let pattern = &patterns[usize::from(self.coin())];
        for (channel, old) in old.iter().enumerate() {
            let sign = f64::from(self.sign());
            let size = SMALL + old.iter().map(|d| d * d).sum::<f64>().sqrt();
            let new: Vec<f64> =
                old.iter().zip(pattern).map(|(old, value)| sign * value + old / size).collect();
            let size = SMALL + new.iter().map(|d| d * d).sum::<f64>().sqrt();
            taker.pixels(shape, channel).zip(new).for_each(|(i, value)| change[i] = value / size * length);
        }
        self.stretch(rules, &change, x);
    }

    /// `x0` and a change of length `eps` in this direction, clipped to `[0, 1]`.
    fn stretch(&self, rules: &Rules, change: &[f64], x: &mut [f32]) {
        let length = SMALL + change.iter().map(|d| d * d).sum::<f64>().sqrt();
        let scale = f64::from(rules.eps) / length;
        for ((x, clean), change) in x.iter_mut().zip(&self.clean).zip(change) {
            *x = (f64::from(*clean) + scale * change).clamp(0.0, 1.0) as f32;
        }
    }

    fn coin(&mut self) -> bool {
        self.random.below(2) == 1
    }

    fn sign(&mut self) -> f32 {
        if self.coin() { 1.0 } else { -1.0 }
    }
}
