//! Weights from and to files, in the layouts of PyTorch and Keras.

mod detect;
mod keras;
mod pytorch;
mod stacked;
mod tensors;

pub(crate) use tensors::Tensors;
