//! 3x3 convolution and 2x2 max pooling of one image, whose numbers stay in the core's first cache.
//!
//! Nothing of the size of the convolution's output is ever stored: forward, four neighbouring outputs are in
//! registers and the largest of them leaves; backward, only that one has a gradient, which is a quarter of the
//! multiplications of a convolution's own backward pass.

mod forward;
mod lists;
mod narrow;
mod wide;

pub(crate) use forward::{Forward, conv_pool};

use crate::data::ImageShape;
use crate::numeric::Line;
use lists::Lists;
use narrow::Narrow;
use wide::Wide;

/// The sizes of the image and of what is pooled from it; `pooled.channels` are the output channels.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub image: ImageShape,
    pub pooled: ImageShape,
}

impl Sizes {
    /// Lines of one channel of the image.
    fn plane(&self) -> usize {
        self.image.height * self.image.width
    }

    /// Windows of one output channel.
    fn windows(&self) -> usize {
        self.pooled.height * self.pooled.width
    }

    /// Weights of one output channel.
    fn taps(&self) -> usize {
        9 * self.image.channels
    }

    /// How far the winner of a window stands behind the window's first pixel.
    fn corners(&self) -> [usize; 4] {
        [0, 1, self.image.width, self.image.width + 1]
    }
}

/// What one backward pass over an image needs.
pub(crate) struct Scratch {
    /// Few channels: the sums of an image. Many: the image or its gradient, channels-last.
    lines: Vec<Line>,
    lists: Lists,
}

/// The backward pass, by the way that is faster for the number of input channels.
pub(crate) enum Backward {
    Narrow(Narrow),
    Wide(Wide),
}

impl Backward {
    /// Input channels up to which a register holds a patch of one channel and not one pixel of sixteen.
    const NARROW: usize = 4;

    /// From `weight` `(out channels, in channels * 9)`.
    pub(crate) fn new(sizes: &Sizes, weight: &[f32]) -> Self {
        match sizes.image.channels <= Self::NARROW {
            true => Self::Narrow(Narrow::new(sizes, weight)),
            false => Self::Wide(Wide::new(sizes, weight)),
        }
    }

    /// How many numbers a weight gradient takes in the layout of the pass.
    pub(crate) fn layout(&self) -> usize {
        match self {
            Self::Narrow(narrow) => narrow.layout(),
            Self::Wide(wide) => wide.layout(),
        }
    }

    /// Adds a weight gradient in that layout to `dw` `(out channels, in channels * 9)`.
    pub(crate) fn fold(&self, sums: &[f64], dw: &mut [f32]) {
        match self {
            Self::Narrow(narrow) => narrow.fold(sums, dw),
            Self::Wide(wide) => wide.fold(sums, dw),
        }
    }

    /// Scratch for [`Backward::add_weights`] and [`Backward::add_input`].
    pub(crate) fn scratch(&self) -> Scratch {
        match self {
            Self::Narrow(narrow) => narrow.scratch(),
            Self::Wide(wide) => wide.scratch(),
        }
    }

    /// Adds one image's weight gradient to `sums`; `d` is the gradient by the winners before the nonlinearity.
    pub(crate) fn add_weights(
        &self,
        x: &[f32],
        d: &[f32],
        winners: &[u8],
        scratch: &mut Scratch,
        sums: &mut [f32],
    ) {
        match self {
            Self::Narrow(narrow) => narrow.add_weights(x, d, winners, scratch, sums),
            Self::Wide(wide) => wide.add_weights(x, d, winners, scratch, sums),
        }
    }

    /// Adds one image's input gradient to `dx`.
    pub(crate) fn add_input(&self, d: &[f32], winners: &[u8], scratch: &mut Scratch, dx: &mut [f32]) {
        match self {
            Self::Narrow(narrow) => narrow.add_input(d, winners, dx),
            Self::Wide(wide) => wide.add_input(d, winners, scratch, dx),
        }
    }

    /// Backward of [`Backward::add_input`] for one image, `u` the gradient by what it has added: adds the gradient of
    /// the weights to `sums`, and replaces `d` by its own, the convolution of `u` at the winners, without bias.
    pub(crate) fn turn(
        &self,
        u: &[f32],
        d: &mut [f32],
        winners: &[u8],
        scratch: &mut Scratch,
        sums: &mut [f32],
    ) {
        self.add_weights(u, d, winners, scratch, sums);
        match self {
            Self::Narrow(narrow) => narrow.at_winners(u, winners, d),
            Self::Wide(wide) => wide.at_winners(winners, scratch, d),
        }
    }
}
