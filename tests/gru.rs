//! Recurrent networks: the fused operation, the network around it, its training, PyTorch's numbers.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/tensors.rs"]
mod tensors;

#[path = "gru/checkpoints.rs"]
mod checkpoints;
#[path = "gru/network.rs"]
mod network;
#[path = "gru/operation.rs"]
mod operation;
#[path = "gru/parity.rs"]
mod parity;
#[path = "gru/parts.rs"]
mod parts;
#[path = "gru/reference.rs"]
mod reference;
#[path = "gru/training.rs"]
mod training;
