//! Layers of a network as a table.

use super::parameter::Parameter;
use crate::display::{Content, escape_html, show};
use std::fmt;

/// What a network is made of: a row a layer, in the order in which its parameters are used.
///
/// ```
/// use eigengate::nn::{Activation, Mlp, Network};
///
/// let summary = Mlp::new(&[784, 500, 10], Activation::Tanh, 1)?.summary();
/// assert_eq!(summary.to_string(), "\
/// layer     units  parameters  arrays
/// input       784           0
/// hidden.0    500     392 500  weight [500, 784], bias [500]
/// readout      10       5 010  weight [10, 500], bias [10]
/// hidden      500     397 510");
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Summary {
    /// The layers.
    pub layers: Vec<LayerSummary>,
    /// Hidden units, those of all taps together.
    pub units: usize,
    /// Trainable numbers.
    pub parameters: usize,
}

/// One layer of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSummary {
    /// E.g. `hidden.0`, or `hidden.0.whitening` for what stands behind it.
    pub name: String,
    /// Its outputs; convolutional ones after pooling.
    pub units: usize,
    /// Its trainable numbers.
    pub parameters: usize,
    /// Names and shapes of its arrays as in PyTorch; buffers, which are not trained, in parentheses.
    pub arrays: String,
}

impl Summary {
    /// Layers are what stands before the last dot in the names of arrays.
    pub(super) fn new(
        inputs: usize,
        classes: usize,
        taps: &[(String, usize)],
        parameters: &[&Parameter],
        buffers: &[&Parameter],
    ) -> Self {
        let input =
            LayerSummary { name: "input".into(), units: inputs, parameters: 0, arrays: String::new() };
        let mut layers = vec![input];
        for (array, trained) in
            parameters.iter().map(|p| (p, true)).chain(buffers.iter().map(|buffer| (buffer, false)))
        {
            let (layer, part) = array.name().rsplit_once('.').unwrap_or((array.name(), ""));
            let text = format!("{part} {:?}", array.shape());
            let text = if trained { text } else { format!("({text})") };
            let numbers = if trained { array.len() } else { 0 };
            if let Some(known) = layers.iter_mut().find(|known| known.name == layer) {
                known.parameters += numbers;
                known.arrays += if known.arrays.is_empty() { "" } else { ", " };
                known.arrays += &text;
                continue;
            }
            // What stands behind a layer has its units and follows it.
            let tap = taps.iter().find(|(tap, _)| layer == tap || layer.starts_with(&format!("{tap}.")));
            let units = tap.map_or(classes, |(_, width)| *width);
            let behind = tap.filter(|(tap, _)| layer != tap);
            let owner = behind.and_then(|(tap, _)| {
                layers
                    .iter()
                    .rposition(|known| known.name == *tap || known.name.starts_with(&format!("{tap}.")))
            });
            let row = LayerSummary { name: layer.to_owned(), units, parameters: numbers, arrays: text };
            layers.insert(owner.map_or(layers.len(), |owner| owner + 1), row);
        }
        Self {
            layers,
            units: taps.iter().map(|(_, width)| width).sum(),
            parameters: parameters.iter().map(|parameter| parameter.len()).sum(),
        }
    }

    /// The cells of the table, its head first and the totals last.
    fn rows(&self) -> Vec<[String; 4]> {
        let row = |layer: &LayerSummary| {
            [layer.name.clone(), grouped(layer.units), grouped(layer.parameters), layer.arrays.clone()]
        };
        let head = ["layer", "units", "parameters", "arrays"].map(str::to_owned);
        let total = ["hidden".to_owned(), grouped(self.units), grouped(self.parameters), String::new()];
        std::iter::once(head).chain(self.layers.iter().map(row)).chain([total]).collect()
    }

    /// Shows the table under a caption in a notebook.
    pub(super) fn show(&self, caption: &str) {
        let left = "<td style=\"text-align:left\">";
        let rows: String = self
            .rows()
            .iter()
            .enumerate()
            .map(|(position, cells)| {
                let [name, units, parameters, arrays] = cells.each_ref().map(|cell| escape_html(cell));
                match position {
                    0 => format!(
                        "<tr><th>{name}</th><th>{units}</th><th>{parameters}</th><th>{arrays}</th></tr>"
                    ),
                    _ => format!(
                        "<tr>{left}{name}</td><td>{units}</td><td>{parameters}</td>{left}{arrays}</td></tr>"
                    ),
                }
            })
            .collect();
        let html = format!("<table><caption>{}</caption>{rows}</table>", escape_html(caption));
        show(&[Content::Html(&html), Content::Plain(&format!("{caption}\n{self}"))]);
    }

    /// Shows the table in a notebook.
    pub fn evcxr_display(&self) {
        self.show(&format!("{self:?}"));
    }
}

/// Digits in groups of three.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let (names, units, parameters) = (width(0), width(1), width(2));
        let lines: Vec<String> = rows
            .iter()
            .map(|[name, unit, parameter, arrays]| {
                let line = format!("{name:<names$}  {unit:>units$}  {parameter:>parameters$}  {arrays}");
                line.trim_end().to_owned()
            })
            .collect();
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Summary({} hidden units, {} parameters)", self.units, self.parameters)
    }
}
