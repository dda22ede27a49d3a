//! Named parameters.

use crate::device::{Device, Matrix, dims, matrix, refused};
use crate::error::{Error, Result};
use crate::seed::{Purpose, stream};
use dfdx::prelude::Gradients;

/// One trainable array of a network.
#[derive(Clone)]
pub struct Parameter {
    name: String,
    shape: Vec<usize>,
    /// A matrix whatever the shape: `(first size, product of the others)`, a vector as one row.
    pub(crate) value: Matrix,
}

impl Parameter {
    /// A parameter with row-major `values`.
    ///
    /// # Errors
    /// [`Error::Shape`] where there are not as many values as the shape has places.
    pub fn new(name: impl Into<String>, shape: &[usize], values: Vec<f32>) -> Result<Self> {
        let name = name.into();
        let places = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size));
        if places != Some(values.len()) {
            return Err(Error::shape(name, format!("{shape:?}"), format!("{} values", values.len())));
        }
        let (rows, columns) = match shape {
            [] => (1, 1),
            [width] => (1, *width),
            [first, rest @ ..] => (*first, rest.iter().product()),
        };
        Ok(Self { name, shape: shape.to_vec(), value: matrix(&values, rows, columns)? })
    }

    /// Uniform in `+-1 / sqrt(fan_in)`, which is what PyTorch's `nn.Linear` and `nn.Conv2d` do for weights and
    /// biases (Kaiming uniform with `a = sqrt(5)`). `index` counts the parameters of the network, so that
    /// every one has numbers of its own.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `fan_in = 0` and for shapes beyond any memory.
    pub fn uniform(
        name: impl Into<String>,
        shape: &[usize],
        fan_in: usize,
        seed: u64,
        index: u64,
    ) -> Result<Self> {
        if fan_in == 0 {
            return Err(Error::parameter("width", 0, "layers of at least one unit"));
        }
        let places = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size));
        // 2^40 numbers are 4 TB: a slip of the pen, better told than left to the allocator.
        let places = places
            .filter(|&n| n < 1 << 40)
            .ok_or_else(|| Error::parameter("widths", format!("{shape:?}"), "layers that fit into memory"))?;
        let bound = 1.0 / (fan_in as f32).sqrt();
        let mut rng = stream(seed, Purpose::Parameters, index);
        let values = (0..places).map(|_| rng.uniform_in(-bound, bound)).collect();
        Self::new(name, shape, values)
    }

    /// Its name, e.g. `hidden.0.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its shape as in PyTorch: `[outputs, inputs]` for weights, `[outputs]` for biases.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many numbers it has.
    pub fn len(&self) -> usize {
        let (rows, columns) = dims(&self.value);
        rows * columns
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its numbers in row-major order.
    pub fn values(&self) -> Vec<f32> {
        self.value.as_vec()
    }

    /// Its gradient after a backward pass, in row-major order; zeros where the pass did not reach it.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub fn gradient(&self, gradients: &mut Gradients<f32, Device>) -> Result<Vec<f32>> {
        gradients.try_alloc_for(&self.value).map_err(refused)?;
        Ok(gradients.get(&self.value).as_vec())
    }

    /// Replaces its numbers.
    ///
    /// # Errors
    /// [`Error::Shape`] where their number is another; the parameter is as it was.
    pub fn set_values(&mut self, values: Vec<f32>) -> Result<()> {
        *self = Self::new(self.name.clone(), &self.shape, values)?;
        Ok(())
    }
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parameter({} {:?})", self.name, self.shape)
    }
}
