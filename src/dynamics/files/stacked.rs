//! The three gates of a GRU in one array, one block of rows each.

use crate::dynamics::gru::{GruWeights, Reset};
use crate::error::{Error, Result};
use ndarray::{Array1, Array2, Axis, concatenate, s};

/// Where the blocks of the gates z, r and n are in a stack.
#[derive(Clone, Copy)]
pub(super) struct Order {
    z: usize,
    r: usize,
    n: usize,
}

/// PyTorch's.
pub(super) const RZN: Order = Order { r: 0, z: 1, n: 2 };
/// Keras's.
pub(super) const ZRN: Order = Order { z: 0, r: 1, n: 2 };

impl Order {
    /// From letters: each of z, r and n (or h, the candidate's other name) once.
    fn parse(order: &str) -> Result<Self> {
        let letters: Vec<char> = order
            .chars()
            .filter(|c| !matches!(c, ',' | ' '))
            .map(|c| if c == 'h' { 'n' } else { c })
            .collect();
        let place = |letter| letters.iter().position(|c| *c == letter);
        match (letters.len(), place('z'), place('r'), place('n')) {
            (3, Some(z), Some(r), Some(n)) => Ok(Self { z, r, n }),
            _ => {
                let expected =
                    "each of z (update), r (reset) and n (candidate) once, e.g. \"rzn\" of PyTorch";
                Err(Error::parameter("order", format!("{order:?}"), expected))
            }
        }
    }

    /// z, r and n of a stack of three blocks.
    fn split(self, stack: &Array2<f64>, d: usize) -> [Array2<f64>; 3] {
        [self.z, self.r, self.n].map(|block| stack.slice(s![block * d..(block + 1) * d, ..]).to_owned())
    }

    fn split_bias(self, stack: &Array1<f64>, d: usize) -> [Array1<f64>; 3] {
        [self.z, self.r, self.n].map(|block| stack.slice(s![block * d..(block + 1) * d]).to_owned())
    }

    /// The stack of z, r and n.
    pub(super) fn stack(self, [z, r, n]: [&Array2<f64>; 3]) -> Array2<f64> {
        let mut blocks = [z.view(); 3];
        (blocks[self.z], blocks[self.r], blocks[self.n]) = (z.view(), r.view(), n.view());
        // Blocks of one matrix each have the same number of columns.
        concatenate(Axis(0), &blocks).unwrap_or_default()
    }

    pub(super) fn stack_bias(self, [z, r, n]: [&Array1<f64>; 3]) -> Array1<f64> {
        let mut blocks = [z.view(); 3];
        (blocks[self.z], blocks[self.r], blocks[self.n]) = (z.view(), r.view(), n.view());
        concatenate(Axis(0), &blocks).unwrap_or_default()
    }
}

/// Stacks with their names in the file.
pub(super) struct Stacks<'a> {
    pub(super) recurrent: (&'a str, Array2<f64>),
    pub(super) input: Option<(&'a str, Array2<f64>)>,
    /// The bias of the input's side, and that of the state's side.
    pub(super) biases: [Option<(&'a str, Array1<f64>)>; 2],
}

/// The weights in three blocks of rows, in `order`. Biases that are not there are zero.
pub(super) fn weights(reset: Reset, order: Order, stacks: Stacks<'_>) -> Result<GruWeights> {
    let (name, recurrent) = stacks.recurrent;
    let (rows, d) = recurrent.dim();
    if d == 0 || rows != 3 * d {
        let hint = match rows {
            _ if d == 3 * rows && rows > 0 => "; it is transposed",
            _ if d > 0 && rows == 4 * d => "; four gates are an LSTM",
            _ => "",
        };
        return Err(Error::shape(name, "(3 d, d) for d units", format!("({rows}, {d}){hint}")));
    }
    let [uz, ur, uh] = order.split(&recurrent, d);
    let mut bias = [[(); 3].map(|()| Array1::zeros(d)), [(); 3].map(|()| Array1::zeros(d))];
    for (bias, stack) in bias.iter_mut().zip(&stacks.biases) {
        if let Some((name, stack)) = stack {
            if stack.len() != 3 * d {
                return Err(Error::shape(*name, 3 * d, stack.len()));
            }
            *bias = order.split_bias(stack, d);
        }
    }
    let [[bz, br, bh], [hz, hr, hh]] = bias;
    let mut weights = match reset {
        Reset::Before => GruWeights::new(reset, uz, ur, uh, bz + hz, br + hr, bh + hh)?,
        Reset::After => GruWeights::new(reset, uz, ur, uh, bz + hz, br + hr, bh)?.with_hidden_bias(hh)?,
    };
    if let Some((name, input)) = stacks.input {
        if input.nrows() != 3 * d {
            let expected = format!("{} rows for {d} units", 3 * d);
            return Err(Error::shape(name, expected, format!("{:?}", input.dim())));
        }
        let [wz, wr, wh] = order.split(&input, d);
        weights = weights.with_input_matrices(wz, wr, wh)?;
    }
    Ok(weights)
}

impl GruWeights {
    /// Weights whose gates are stacked in one recurrent matrix `(3 d, d)`, and in biases of `3 d` numbers of the input's and of the
    /// state's side. `order` names the blocks: `"rzn"` for PyTorch, `"zrn"` for Keras (whose matrices are transposed).
    ///
    /// # Errors
    /// [`Error::Parameter`] for an order without each of z, r and n; [`Error::Shape`], [`Error::NotFinite`].
    pub fn from_stacked(
        reset: Reset,
        order: &str,
        recurrent: Array2<f64>,
        input_bias: Array1<f64>,
        state_bias: Array1<f64>,
    ) -> Result<Self> {
        let stacks = Stacks {
            recurrent: ("recurrent", recurrent),
            input: None,
            biases: [Some(("input_bias", input_bias)), Some(("state_bias", state_bias))],
        };
        weights(reset, Order::parse(order)?, stacks)
    }
}
