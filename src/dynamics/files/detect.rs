//! The GRU of a file whose names are not known.

use super::pytorch;
use super::tensors::names_in;
use crate::dynamics::gru::{GruWeights, Reset};
use crate::error::{Error, Result};
use std::path::Path;

/// Where a file has a GRU.
enum Place {
    Keras { prefix: String },
    Pytorch { prefix: String, layer: usize },
}

const KERAS: &str = "recurrent_kernel";
const PYTORCH: &str = "weight_hh_l";

impl GruWeights {
    /// Reads the GRU of a file, whatever stands before the names of its arrays: an npz file, a safetensors file or a folder of npy
    /// files in the layout of PyTorch (`…weight_hh_l0`, …), of [`Gru::save`](crate::nn::Gru::save) or of Keras
    /// (`…recurrent_kernel`, …). The form of the reset gate is that of the biases: PyTorch has one bias for the input's side
    /// and one for the state's ([`Reset::After`]), [`Gru::save`](crate::nn::Gru::save) one alone for [`Reset::Before`], Keras one of
    /// two rows for `reset_after=True`, which is also taken where there is no bias.
    ///
    /// # Errors
    /// [`Error::Format`] where there is none, or more than one (then the text names them: take [`read_pytorch`](Self::read_pytorch)
    /// or [`read_keras`](Self::read_keras)), and as these.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let names = names_in(path)?;
        let places: Vec<(&String, Place)> =
            names.iter().filter_map(|name| place(name).map(|place| (name, place))).collect();
        let [(_, place)] = places.as_slice() else {
            let listed = |names: &mut dyn Iterator<Item = &String>| {
                names.map(String::as_str).collect::<Vec<_>>().join(", ")
            };
            let expected = format!(
                "one GRU, which has an array `…{PYTORCH}0` (PyTorch) or `…{KERAS}` (Keras); of several, name one with \
                 `read_pytorch` or `read_keras`"
            );
            let found = match places.len() {
                0 => format!("the arrays {}", listed(&mut names.iter())),
                _ => listed(&mut places.iter().map(|(name, _)| *name)),
            };
            return Err(Error::format(path, "GRU weights", expected, found));
        };
        match place {
            Place::Pytorch { prefix, layer } => {
                let has = |bias: &str| names.contains(&format!("{prefix}{bias}_l{layer}"));
                let alone = has("bias_ih") && !has("bias_hh");
                let reset = if alone { Reset::Before } else { Reset::After };
                pytorch::read(path, prefix, *layer, reset)
            }
            Place::Keras { prefix } => match Self::read_keras(path, prefix, Reset::After) {
                // A bias of one row.
                Err(Error::Shape { what, .. }) if what == format!("{prefix}bias") => {
                    Self::read_keras(path, prefix, Reset::Before)
                }
                other => other,
            },
        }
    }
}

/// The GRU whose recurrent matrix has this name. `…_reverse` of a bidirectional one counts too: there are several then.
fn place(name: &str) -> Option<Place> {
    if let Some(prefix) = name.strip_suffix(KERAS) {
        return Some(Place::Keras { prefix: prefix.to_owned() });
    }
    let (prefix, layer) = name.rsplit_once(PYTORCH)?;
    let layer = layer.strip_suffix("_reverse").unwrap_or(layer).parse().ok()?;
    Some(Place::Pytorch { prefix: prefix.to_owned(), layer })
}
