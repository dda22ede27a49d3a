//! Random numbers that depend on what they are for, never on when or where they are drawn.
//!
//! Every use of chance draws from its own ChaCha8 stream, keyed by `(seed, purpose, index)`. So a result
//! does not depend on the order of the work, on the batch size or on the number of threads.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// What random numbers are drawn for. Two purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Initial parameters; the index counts the parameters of a network.
    Parameters = 1,
    /// The order of a data set in an epoch; the index is the epoch.
    Order = 2,
    /// An attack's random start; the index is the example (and restart).
    Attack = 3,
    /// The crop and the flip of an example in an epoch; the index is the example.
    Augmentation = 6,
    /// Directions of projected Jacobians; the index is the example (and epoch).
    Projection = 7,
    /// Starts of adversarial copies in training; the index is the example (and restart).
    AdversarialTraining = 10,
    /// Noise on images; the index is the example.
    Noise = 20,
    /// Starts and proposals of Square; the index is the example (and restart).
    Square = 21,
    /// Starts of APGD; the index is the example (and restart).
    ApgdStart = 22,
    /// Starts of FAB; the index is the example (and restart).
    FabStart = 23,
    /// Transformations of an image under attack; the index is the example.
    Transformation = 24,
    /// The weights of a random system; the index counts its arrays.
    RandomSystem = 30,
    /// Starting points of a search for fixed points; the index is the start.
    MultiStart = 31,
    /// Starts of the orbits of a portrait; the index is the orbit.
    OrbitStart = 32,
    /// The starting point of a trajectory of a planar task; the index is the trajectory.
    PlanarStart = 40,
    /// The noise on the observations of a trajectory; the index is the trajectory.
    PlanarNoise = 41,
    /// The windows of time series that a training step sees; the index is the place in its batch.
    Window = 42,
    /// Which stimuli change places between the halves of the repeats; the index is the shuffle.
    RepeatShuffle = 50,
    /// Stimuli drawn with replacement; the index is the replicate.
    StimulusBootstrap = 51,
    /// The stimuli and directions of a simulated population; the index counts them.
    Population = 52,
    /// Its trial noise; the index is the trial.
    TrialNoise = 53,
    /// The noise on the images of a pass; the index is the trial.
    PassNoise = 54,
    /// The start of an iteration for leading eigenvectors; the index is 0.
    LeadingStart = 55,
    /// The systems of an atlas; the index is the system.
    AtlasSearch = 60,
    /// The weights of a wide random network; the index is the unit, with its layer in the upper half (the epoch is the width).
    WideNetwork = 70,
}

/// A stream of random numbers.
pub struct Stream(ChaCha8Rng);

/// The stream of `(seed, purpose, index)`.
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> Stream {
    epoch_stream(seed, purpose, 0, index)
}

/// The stream of `(seed, purpose, epoch, index)`, for what is drawn anew in every epoch; that of epoch 0 is
/// [`stream`]`(seed, purpose, index)`.
pub fn epoch_stream(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> Stream {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&(purpose as u32).to_le_bytes());
    key[12..20].copy_from_slice(&epoch.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    Stream(rng)
}

impl Stream {
    /// Uniform in `[0, 1)`, a multiple of 2^-24.
    pub fn uniform(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// Uniform in `[low, high)` up to rounding.
    pub fn uniform_in(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Standard normal (Box and Muller 1958), below 5.8 in size.
    pub fn normal(&mut self) -> f64 {
        // In (0, 1]: its logarithm is finite.
        let radius = (-2.0 * (1.0 - f64::from(self.uniform())).ln()).sqrt();
        radius * (std::f64::consts::TAU * f64::from(self.uniform())).cos()
    }

    /// Uniform among `0..n` without bias; 0 where `n` is 0 or 1.
    pub fn below(&mut self, n: u64) -> u64 {
        if n < 2 {
            return 0;
        }
        // Values at or above the largest multiple of n would favour small remainders.
        let limit = u64::MAX - u64::MAX % n;
        loop {
            let value = self.0.next_u64();
            if value < limit {
                return value % n;
            }
        }
    }

    /// A uniformly random order of `0..n` (Fisher-Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last as u64 + 1) as usize);
        }
        order
    }
}
