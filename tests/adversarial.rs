//! Adversarial training: its images, the doubled batch, resumption, what it does to digits.

#[path = "common/errors.rs"]
mod errors;
#[path = "adversarial/images.rs"]
mod images;
#[path = "adversarial/reference.rs"]
mod reference;
#[path = "adversarial/resume.rs"]
mod resume;
#[path = "adversarial/spy.rs"]
mod spy;
#[path = "adversarial/training.rs"]
mod training;

use eigengate::data::{Dataset, ImageShape};
use eigengate::nn::{Activation, Mlp, Network};
use ndarray::Array2;

/// Images of 12 pixels in three classes, all different and many of them near 0 or 1.
fn data(examples: usize) -> Dataset {
    let labels: Vec<u8> = (0..examples).map(|i| (i % 3) as u8).collect();
    let images = Array2::from_shape_fn((examples, 12), |(i, j)| {
        let noise = ((i * 31 + j * 17 + i * i * j) % 1009) as f32 / 1008.0;
        0.6 * noise + if j % 3 == i % 3 { 0.4 } else { 0.0 }
    });
    Dataset::new(images, labels, ImageShape { channels: 1, height: 3, width: 4 }, 3).unwrap()
}

fn net() -> Mlp {
    Mlp::new(&[12, 20, 16, 3], Activation::Tanh, 2).unwrap()
}

fn bits(net: &Mlp) -> Vec<u32> {
    net.parameters().iter().flat_map(|p| p.values()).map(f32::to_bits).collect()
}
