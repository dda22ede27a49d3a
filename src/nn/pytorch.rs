//! Networks that PyTorch trained.

use super::network::Network;
use super::parameter::Parameter;
use super::tensors::Tensors;
use crate::error::{Error, Result, finite};
use std::collections::BTreeSet;
use std::path::Path;

const FORMAT: &str = "PyTorch state in safetensors";

/// Which module of a PyTorch network is which layer of one of this crate.
///
/// A module has one or several arrays: `weight` and `bias` of a `Linear`, `Conv2d` or `BatchNorm`, and of the latter
/// `running_mean` and `running_var` too. Arrays have the same shapes and order in both; a flattened block is
/// channel, row, column.
///
/// | layer here | module in PyTorch |
/// |---|---|
/// | `hidden.0`, `hidden.1`, …, `readout` | `nn.Linear` |
/// | `conv.0`, `conv.1`, … | `nn.Conv2d(…, 3)`, behind it the nonlinearity and `nn.MaxPool2d(2)` |
/// | `hidden.0.batch_norm` | `nn.BatchNorm1d`, behind the nonlinearity |
/// | `conv.0.batch_norm` | `nn.BatchNorm2d`, behind the pooling |
/// | `hidden.1.whitening`, arrays `mean` and `matrix` | buffers of your own; they may be missing |
/// | `input`, arrays `mean` and `std` | the same |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameMap {
    /// Layer here and module there.
    pairs: Vec<(String, String)>,
    sequential: bool,
}

impl NameMap {
    /// Modules are named as the layers here.
    pub fn new() -> Self {
        Self::default()
    }

    /// The numbered modules of an `nn.Sequential`, in their order. Those without arrays (nonlinearities, pooling, `Flatten`,
    /// `Dropout`) do not count.
    pub fn sequential() -> Self {
        Self { sequential: true, ..Self::default() }
    }

    /// The layer named `layer` here is the module named `module` there.
    pub fn with(mut self, layer: impl Into<String>, module: impl Into<String>) -> Self {
        self.pairs.push((layer.into(), module.into()));
        self
    }
}

/// Gives `net` the parameters and buffers of a PyTorch network of the same architecture, from a file that Python's
/// `safetensors.torch.save_file(model.state_dict(), path)` wrote. All or none: after an error the network is as it was.
///
/// ```no_run
/// use eigengate::nn::{Activation, Mlp, NameMap, load_pytorch};
///
/// // nn.Sequential(nn.Linear(784, 100), nn.Tanh(), nn.Linear(100, 10))
/// let mut net = Mlp::new(&[784, 100, 10], Activation::Tanh, 0)?;
/// load_pytorch(&mut net, "sequential.safetensors", &NameMap::sequential())?;
///
/// // class Net(nn.Module): self.fc1 = nn.Linear(784, 100); self.fc2 = nn.Linear(100, 10)
/// let names = NameMap::new().with("hidden.0", "fc1").with("readout", "fc2");
/// load_pytorch(&mut net, "module.safetensors", &names)?;
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Read`]; [`Error::Format`] for another file, for arrays that are not float32 (call `.float()` in Python), for an
/// array that is missing, and for one that no layer takes, unless it is `num_batches_tracked`; [`Error::Shape`] for
/// other sizes; [`Error::Parameter`] for a mapped layer that the network does not have; [`Error::NotFinite`].
pub fn load_pytorch(net: &mut dyn Network, path: impl AsRef<Path>, names: &NameMap) -> Result<()> {
    let path = path.as_ref();
    let file = Tensors::read_without(path, |name| name.ends_with("num_batches_tracked"))?;
    let layers = layers(net);
    let modules = modules(names, &layers, &file, path)?;
    let mut used = BTreeSet::new();
    let mut fresh = |arrays: Vec<&Parameter>| -> Result<Vec<Option<Parameter>>> {
        let read = |array: &Parameter| {
            let (layer, part) = split(array.name());
            let module = modules.iter().find(|(known, _)| known == layer).map_or(layer, |(_, module)| module);
            let name = if module.is_empty() { part.to_owned() } else { format!("{module}.{part}") };
            if optional(layer) && file.shape(&name).is_none() {
                return Ok(None);
            }
            let values = file.values(&name, array.shape(), path)?;
            finite(&name, values)?;
            used.insert(name);
            Parameter::new(array.name(), array.shape(), values.to_vec()).map(Some)
        };
        arrays.into_iter().map(read).collect()
    };
    let (parameters, buffers) = (fresh(net.parameters())?, fresh(net.buffers())?);
    if let Some(other) = file.names().find(|name| !used.contains(*name)) {
        let expected = format!("arrays of the layers {}", layers.join(", "));
        return Err(Error::format(path, FORMAT, expected, format!("`{other}`, which is of none of them")));
    }
    let old = net.parameters_mut().into_iter().zip(parameters);
    old.for_each(|(old, new)| {
        if let Some(new) = new {
            *old = new;
        }
    });
    let old = net.buffers_mut().into_iter().zip(buffers);
    old.for_each(|(old, new)| {
        if let Some(new) = new {
            *old = new;
        }
    });
    Ok(())
}

/// Layer and part of an array's name.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// Whether PyTorch networks usually have no module for it.
fn optional(layer: &str) -> bool {
    layer == "input" || layer.ends_with(".whitening")
}

/// Layers with arrays, in the order in which they work.
fn layers(net: &dyn Network) -> Vec<String> {
    let mut layers: Vec<String> = vec![];
    for array in
        net.buffers().into_iter().filter(|array| optional(split(array.name()).0)).chain(net.parameters())
    {
        let layer = split(array.name()).0;
        if !layers.iter().any(|known| known == layer) {
            layers.push(layer.to_owned());
        }
    }
    layers
}

/// Layer here and module there.
fn modules(names: &NameMap, layers: &[String], file: &Tensors, path: &Path) -> Result<Vec<(String, String)>> {
    let mut pairs = names.pairs.clone();
    if let Some((layer, _)) = pairs.iter().find(|(layer, _)| !layers.contains(layer)) {
        return Err(Error::parameter(
            "layer",
            layer,
            format!("a layer of the network: {}", layers.join(", ")),
        ));
    }
    if names.sequential {
        let numbers: BTreeSet<usize> = file.names().filter_map(|name| split(name).0.parse().ok()).collect();
        let open: Vec<&String> = layers
            .iter()
            .filter(|&layer| !optional(layer) && !pairs.iter().any(|(known, _)| known == layer))
            .collect();
        if numbers.len() != open.len() {
            let expected = format!("{} numbered modules, for {open:?}", open.len());
            return Err(Error::format(path, FORMAT, expected, format!("{}: {numbers:?}", numbers.len())));
        }
        let numbered: Vec<(String, String)> =
            open.into_iter().cloned().zip(numbers.iter().map(ToString::to_string)).collect();
        pairs.extend(numbered);
    }
    Ok(pairs)
}
