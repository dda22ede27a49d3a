//! Steps of a training run take the memory of the steps before.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use eigengate::Result;
use eigengate::data::{Dataset, ImageShape};
use eigengate::device;
use eigengate::nn::{Activation, Cnn, Mlp, Network};
use eigengate::spectra::{SpectralPenalty, Taps};
use eigengate::train::{JacobianPenalty, Projections, Training};

/// Counts blocks of the size of the activations, an input batch or the logits of the networks below. Primes, so that
/// nothing else is as large (products allocate memory of their own for packed blocks).
struct Counting;

const BATCH: usize = 257;
const WIDTH: usize = 211;
const INPUTS: usize = 5 * 7;
const CLASSES: usize = 3;
/// Of the convolution, which leaves 1x2 pixels after pooling.
const CHANNELS: usize = 11;

static BLOCKS: AtomicUsize = AtomicUsize::new(0);
static IN_USE: AtomicUsize = AtomicUsize::new(0);

fn counts(layout: Layout) -> bool {
    [WIDTH, INPUTS, CLASSES, 2 * CHANNELS].iter().any(|width| layout.size() == BATCH * width * 4)
}

// SAFETY: every call goes on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if counts(layout) {
            BLOCKS.fetch_add(1, Relaxed);
            IN_USE.fetch_add(1, Relaxed);
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if counts(layout) {
            IN_USE.fetch_sub(1, Relaxed);
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn data(batches: usize) -> Result<Dataset> {
    let images = ndarray::Array2::from_shape_fn((batches * BATCH, INPUTS), |(i, j)| {
        ((i * 31 + j * 17) % 101) as f32 / 202.0 + ((i * j) % 13) as f32 / 26.0
    });
    let labels = (0..batches * BATCH).map(|i| (i % CLASSES) as u8).collect();
    Dataset::new(images, labels, ImageShape { channels: 1, height: 5, width: 7 }, CLASSES)
}

/// One test, because the counters are the process's.
#[test]
fn steps_allocate_no_activations_and_runs_give_their_memory_back() -> Result<()> {
    let penalty = SpectralPenalty::new(1.0).with_tau(2).with_taps(Taps::All);
    let jacobian = JacobianPenalty::new(0.01).with_projections(Projections::Random(2));
    let training = Training::new(1, BATCH).with_penalty(penalty).with_penalty(jacobian).with_progress(false);
    let blocks_of_a_run = |kind: &str, batches: usize| -> Result<usize> {
        let data = data(batches)?;
        let mut net: Box<dyn Network> = match kind {
            "mlp" => Box::new(Mlp::new(&[INPUTS, WIDTH, WIDTH, CLASSES], Activation::Tanh, 1)?),
            _ => Box::new(Cnn::new(data.shape(), &[CHANNELS], &[WIDTH, CLASSES], Activation::Tanh, 1)?),
        };
        let before = BLOCKS.load(Relaxed);
        training.run(&mut *net, &data, None)?;
        Ok(BLOCKS.load(Relaxed) - before)
    };
    for kind in ["mlp", "cnn"] {
        let (few, many) = (blocks_of_a_run(kind, 3)?, blocks_of_a_run(kind, 12)?);
        assert!(few >= 5, "a step of the {kind} has activations: {few}");
        assert_eq!(few, many, "blocks of 3 and of 12 steps of the {kind}");
        assert_eq!(IN_USE.load(Relaxed), 0, "blocks after the runs of the {kind}");
    }

    // What is freed outside of a run waits for the next tensor of its size.
    drop(device::zeros(BATCH, WIDTH)?);
    let before = BLOCKS.load(Relaxed);
    let again = device::zeros(BATCH, WIDTH)?;
    assert_eq!(BLOCKS.load(Relaxed), before);
    drop(again);
    device::release_memory()?;
    assert_eq!(IN_USE.load(Relaxed), 0);
    Ok(())
}
