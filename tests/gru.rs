//! Recurrent networks: the fused operation, the network around it, its training, PyTorch's numbers.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/tensors.rs"]
mod tensors;

#[path = "gru/operation.rs"]
mod operation;
#[path = "gru/reference.rs"]
mod reference;
