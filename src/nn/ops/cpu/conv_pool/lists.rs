//! The output channels of a window, sorted by winner.

/// Output channels by the winner of one window, with the place of their gradient.
pub(crate) struct Lists {
    entries: [Vec<(usize, usize)>; 4],
    lengths: [usize; 4],
}

impl Lists {
    pub(super) fn new(channels: usize) -> Self {
        Self { entries: std::array::from_fn(|_| vec![(0, 0); channels]), lengths: [0; 4] }
    }

    /// Makes the lists of a window; `count` is the number of windows of a channel.
    #[inline(always)]
    pub(super) fn sort(&mut self, winners: &[u8], window: usize, count: usize) {
        self.lengths = [0; 4];
        for (channel, winners) in winners.chunks_exact(count).enumerate() {
            let corner = usize::from(winners[window] & 3);
            let end = &mut self.lengths[corner];
            // Written where the list ends, without a branch on the winner, which no processor could predict.
            self.entries[corner][*end] = (channel, channel * count + window);
            *end += 1;
        }
    }

    /// The channels where that corner has won.
    #[inline(always)]
    pub(super) fn of(&self, corner: usize) -> &[(usize, usize)] {
        &self.entries[corner][..self.lengths[corner]]
    }
}
