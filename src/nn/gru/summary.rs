//! A recurrent network as a table.

use super::Gru;
use super::layer::GruLayer;
use crate::nn::parameter::Parameter;
use crate::nn::{LayerSummary, Summary};

impl Gru {
    /// A row for the input, for every layer, for the readout and for the encoder.
    ///
    /// ```
    /// use eigengate::dynamics::Reset;
    /// use eigengate::nn::Gru;
    ///
    /// let summary = Gru::new(3, &[8], 2, Reset::After, 1)?.summary();
    /// assert_eq!((summary.units, summary.parameters), (8, 3 * 8 * (3 + 8 + 2) + 2 * 8 + 2));
    /// assert_eq!(summary.layers.iter().map(|layer| layer.name.as_str()).collect::<Vec<_>>(), ["input", "gru.0", "readout"]);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    pub fn summary(&self) -> Summary {
        let row = |name: String, units: usize, parameters: Vec<&Parameter>| LayerSummary {
            name,
            units,
            parameters: parameters.iter().map(|parameter| parameter.len()).sum(),
            arrays: parameters.iter().map(|parameter| text(parameter)).collect::<Vec<_>>().join(", "),
        };
        let mut layers = vec![row("input".to_owned(), self.inputs(), vec![])];
        for (k, layer) in self.layers.iter().enumerate() {
            layers.push(row(format!("gru.{k}"), layer.units(), GruLayer::parameters(layer).collect()));
        }
        if let Some(readout) = &self.readout {
            layers.push(row("readout".to_owned(), readout.outputs(), readout.parameters().to_vec()));
        }
        for (k, encoder) in self.encoder.iter().enumerate() {
            layers.push(row(format!("encoder.{k}"), encoder.outputs(), encoder.parameters().to_vec()));
        }
        Summary { layers, units: self.units().iter().sum(), parameters: self.parameter_count() }
    }
}

/// An array with its shape, by the last part of its name, as in `weight_ih_l0 [24, 3]`.
fn text(parameter: &Parameter) -> String {
    let part = parameter.name().rsplit('.').next().unwrap_or_default();
    format!("{part} {:?}", parameter.shape())
}
