//! Weights from and to files, in the layouts of PyTorch and Keras.

mod keras;
mod pytorch;
mod stacked;
mod tensors;
