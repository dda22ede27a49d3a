//! Named float32 arrays and texts in one safetensors file.

use super::network::Network;
use super::ops::Activation;
use super::parameter::Parameter;
use crate::error::{Error, Result, finite};
use crate::files::write_whole;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

const FORMAT: &str = "safetensors";
pub(crate) const NETWORK: &str = "saved network";

/// The content of a file: arrays by name, texts by key. Sorted, so that equal content gives equal bytes.
#[derive(Default)]
pub(crate) struct Tensors {
    arrays: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    texts: BTreeMap<String, String>,
}

impl Tensors {
    pub(crate) fn put(&mut self, name: impl Into<String>, shape: &[usize], values: Vec<f32>) {
        self.arrays.insert(name.into(), (shape.to_vec(), values));
    }

    pub(crate) fn set(&mut self, key: &str, text: impl Into<String>) {
        self.texts.insert(key.to_owned(), text.into());
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    pub(crate) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.arrays.get(name).map(|(shape, _)| shape.as_slice())
    }

    /// The values of an array, whose shape must be `shape`.
    pub(crate) fn values(&self, name: &str, shape: &[usize], path: &Path) -> Result<&[f32]> {
        let Some((found, values)) = self.arrays.get(name) else {
            return Err(Error::format(path, FORMAT, format!("an array `{name}`"), "none of that name"));
        };
        if found != shape {
            let what = format!("`{name}` in {}", path.display());
            return Err(Error::shape(what, format!("{shape:?}"), format!("{found:?}")));
        }
        Ok(values)
    }

    /// Puts parameters under their names behind `prefix`.
    pub(crate) fn put_all(&mut self, prefix: &str, parameters: &[&Parameter]) {
        for parameter in parameters {
            self.put(format!("{prefix}{}", parameter.name()), parameter.shape(), parameter.values());
        }
    }

    /// The same of all parameters and buffers of a network.
    pub(crate) fn put_parameters(&mut self, prefix: &str, net: &dyn Network) {
        self.put_all(prefix, &net.parameters());
        self.put_all(prefix, &net.buffers());
    }

    /// Gives parameters the values found here, all or none.
    pub(crate) fn fill(&self, prefix: &str, path: &Path, parameters: Vec<&mut Parameter>) -> Result<()> {
        let fresh = self.fresh(prefix, path, parameters.iter().map(|p| &**p))?;
        parameters.into_iter().zip(fresh).for_each(|(old, new)| *old = new);
        Ok(())
    }

    /// The same for all parameters and buffers of a network.
    pub(crate) fn fill_parameters(&self, prefix: &str, path: &Path, net: &mut dyn Network) -> Result<()> {
        let parameters = self.fresh(prefix, path, net.parameters().into_iter())?;
        let buffers = self.fresh(prefix, path, net.buffers().into_iter())?;
        net.parameters_mut().into_iter().zip(parameters).for_each(|(old, new)| *old = new);
        net.buffers_mut().into_iter().zip(buffers).for_each(|(old, new)| *old = new);
        Ok(())
    }

    /// Parameters of these names and shapes with the values found here.
    fn fresh<'a>(
        &self,
        prefix: &str,
        path: &Path,
        parameters: impl Iterator<Item = &'a Parameter>,
    ) -> Result<Vec<Parameter>> {
        let read = |parameter: &Parameter| {
            let values = self.values(&format!("{prefix}{}", parameter.name()), parameter.shape(), path)?;
            finite(parameter.name(), values)?;
            Parameter::new(parameter.name(), parameter.shape(), values.to_vec())
        };
        parameters.map(read).collect()
    }

    /// All that a saved network has: its parameters and what it is.
    pub(crate) fn of_network(net: &dyn Network, architecture: &str, activation: Activation) -> Self {
        let mut file = Self::default();
        file.put_parameters("", net);
        file.set("architecture", architecture);
        file.set("activation", activation.name());
        file
    }

    /// The file of a saved network of that architecture, and its nonlinearity.
    pub(crate) fn read_network(path: &Path, architecture: &str) -> Result<(Self, Activation)> {
        let file = Self::read(path)?;
        let found = file.text("architecture", path)?;
        if found != architecture {
            return Err(Error::format(path, NETWORK, format!("architecture {architecture}"), found));
        }
        let activation = Activation::from_name(file.text("activation", path)?)?;
        Ok((file, activation))
    }

    /// The text of a saved network's file at `key`.
    pub(crate) fn text(&self, key: &str, path: &Path) -> Result<&str> {
        let missing = || Error::format(path, NETWORK, format!("an entry `{key}`"), "none");
        self.get(key).ok_or_else(missing)
    }

    /// Inputs, hidden units and outputs of the dense layers `hidden.0`, …, `readout`.
    pub(crate) fn widths(&self, path: &Path) -> Result<Vec<usize>> {
        let mut widths = Vec::new();
        loop {
            let hidden = format!("hidden.{}.weight", widths.len());
            let name = if self.shape(&hidden).is_some() { hidden } else { "readout.weight".to_owned() };
            let Some(&[outputs, inputs]) = self.shape(&name) else {
                return Err(Error::format(path, NETWORK, format!("a matrix `{name}`"), "none"));
            };
            widths.push(inputs);
            if name == "readout.weight" {
                widths.push(outputs);
                return Ok(widths);
            }
        }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let bytes: BTreeMap<&str, Vec<u8>> = self
            .arrays
            .iter()
            .map(|(name, (_, values))| (name.as_str(), values.iter().flat_map(|v| v.to_le_bytes()).collect()))
            .collect();
        let invalid = |e: safetensors::SafeTensorError| Error::Write {
            path: path.to_owned(),
            source: std::io::Error::other(e.to_string()),
        };
        let views = self
            .arrays
            .iter()
            .zip(bytes.values())
            .map(|((name, (shape, _)), bytes)| {
                Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(invalid)?))
            })
            .collect::<Result<Vec<_>>>()?;
        // safetensors keeps its texts in a hash map, whose order changes from run to run: one text, in JSON,
        // keeps equal content equal in bytes.
        let texts = serde_json::to_string(&self.texts)
            .map_err(|e| Error::Write { path: path.to_owned(), source: std::io::Error::other(e) })?;
        let metadata = [("eigengate".to_owned(), texts)].into_iter().collect();
        let content = safetensors::serialize(views, Some(metadata)).map_err(invalid)?;
        write_whole(path, |file| file.write_all(&content).map_err(Error::writing(path)))
    }

    /// Names of all arrays, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.keys().map(String::as_str)
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        Self::read_without(path, |_| false)
    }

    /// What a file has, but for arrays of which `skip` says so: those may be of any type.
    pub(crate) fn read_without(path: &Path, skip: fn(&str) -> bool) -> Result<Self> {
        let content = std::fs::read(path).map_err(Error::reading(path))?;
        let invalid = |e: safetensors::SafeTensorError| Error::format(path, FORMAT, "a whole file", e);
        let file = SafeTensors::deserialize(&content).map_err(invalid)?;
        let (_, metadata) = SafeTensors::read_metadata(&content).map_err(invalid)?;
        let texts = match metadata.metadata().as_ref().and_then(|texts| texts.get("eigengate")) {
            Some(texts) => serde_json::from_str(texts)
                .map_err(|e| Error::format(path, FORMAT, "the texts that eigengate writes", e))?,
            None => BTreeMap::new(),
        };
        let mut arrays = BTreeMap::new();
        for (name, view) in file.tensors().into_iter().filter(|(name, _)| !skip(name)) {
            if view.dtype() != Dtype::F32 {
                let found = format!("`{name}` of type {:?}", view.dtype());
                return Err(Error::format(path, FORMAT, "float32 arrays", found));
            }
            let numbers = view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            arrays.insert(name, (view.shape().to_vec(), numbers));
        }
        Ok(Self { arrays, texts })
    }
}
