//! A network that remembers what it was trained on.

use eigengate::Result;
use eigengate::device::{Matrix, to_array};
use eigengate::nn::{Forward, GradientsOf, Mlp, Network, Parameter, Recorded};
use ndarray::Array2;
use std::cell::RefCell;

pub struct Spy {
    pub net: Mlp,
    /// The images of every step, and the network as it was then.
    pub steps: RefCell<Vec<(Array2<f32>, Mlp)>>,
}

impl Spy {
    pub fn new(net: Mlp) -> Self {
        Self { net, steps: RefCell::new(vec![]) }
    }
}

impl Network for Spy {
    fn inputs(&self) -> usize {
        self.net.inputs()
    }
    fn classes(&self) -> usize {
        self.net.classes()
    }
    fn taps(&self) -> Vec<(String, usize)> {
        self.net.taps()
    }
    fn parameters(&self) -> Vec<&Parameter> {
        self.net.parameters()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.net.parameters_mut()
    }
    fn forward(&self, x: Matrix) -> Result<Forward> {
        self.net.forward(x)
    }
    fn record(&self, x: Matrix, gradients: GradientsOf) -> Result<Recorded> {
        if gradients.parameters() {
            self.steps.borrow_mut().push((to_array(&x)?, self.net.clone()));
        }
        self.net.record(x, gradients)
    }
}
