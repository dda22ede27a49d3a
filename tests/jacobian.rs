//! The Jacobian penalty: adjoint operations, recorded backward passes, their gradients, training.

#[path = "jacobian/conv_pool.rs"]
mod conv_pool;
#[path = "common/errors.rs"]
mod errors;
#[path = "jacobian/network.rs"]
mod network;
#[path = "jacobian/ops.rs"]
mod ops;
#[path = "jacobian/parity.rs"]
mod parity;
#[path = "jacobian/reference.rs"]
mod reference;
#[path = "common/tensors.rs"]
mod tensors;
#[path = "jacobian/training.rs"]
mod training;
