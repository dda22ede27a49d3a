//! A GRU in float64, one sequence and one unit after the other.

use eigengate::dynamics::Reset;

/// A layer, row-major; gates in the order r, z, n.
#[derive(Clone)]
pub struct Layer {
    pub reset: Reset,
    pub inputs: usize,
    pub units: usize,
    pub input: Vec<f64>,
    pub recurrent: Vec<f64>,
    pub bias: Vec<f64>,
    pub hidden_bias: Vec<f64>,
}

fn sigmoid(x: f64) -> f64 {
    if x > 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

fn dot(row: &[f64], x: &[f64]) -> f64 {
    row.iter().zip(x).map(|(a, b)| a * b).sum()
}

impl Layer {
    /// What row `j` of the inputs' and of the state's side give.
    fn of_input(&self, j: usize, x: &[f64]) -> f64 {
        dot(&self.input[j * self.inputs..][..self.inputs], x) + self.bias[j]
    }

    fn of_state(&self, j: usize, h: &[f64]) -> f64 {
        dot(&self.recurrent[j * self.units..][..self.units], h)
            + self.hidden_bias.get(j).copied().unwrap_or(0.0)
    }

    pub fn step(&self, x: &[f64], h: &[f64]) -> Vec<f64> {
        let d = self.units;
        let gate = |j: usize| sigmoid(self.of_input(j, x) + self.of_state(j, h));
        let gated: Vec<f64> = (0..d).map(|i| gate(i) * h[i]).collect();
        let unit = |i: usize| {
            let z = gate(d + i);
            let n = match self.reset {
                Reset::Before => (self.of_input(2 * d + i, x) + self.of_state(2 * d + i, &gated)).tanh(),
                Reset::After => (self.of_input(2 * d + i, x) + gate(i) * self.of_state(2 * d + i, h)).tanh(),
            };
            z * h[i] + (1.0 - z) * n
        };
        (0..d).map(unit).collect()
    }

    /// States `(batch * steps, units)`.
    pub fn states(&self, x: &[f64], initial: &[f64], steps: usize) -> Vec<f64> {
        let mut states = vec![];
        for (sequence, initial) in initial.chunks_exact(self.units).enumerate() {
            let mut h = initial.to_vec();
            for t in 0..steps {
                let row = sequence * steps + t;
                h = self.step(&x[row * self.inputs..(row + 1) * self.inputs], &h);
                states.extend(&h);
            }
        }
        states
    }
}
