//! Between networks and the systems of [`dynamics`](crate::dynamics).

use super::Gru;
use super::layer::GruLayer;
use crate::dynamics::{GruWeights, Readout, Reset};
use crate::error::{Error, Result, finite};
use crate::nn::layer::{matrix_of, row_of};
use crate::nn::parameter::Parameter;
use ndarray::{Array1, Array2, Axis, concatenate, s};

impl Gru {
    /// The weights of a network of one layer in float64, with its input matrices: what its flow, its map and its portrait are
    /// made of.
    ///
    /// ```
    /// use eigengate::dynamics::{FixedPointSearch, Reset};
    /// use eigengate::nn::Gru;
    ///
    /// let gru = Gru::new(0, &[2], 0, Reset::Before, 1)?;
    /// let points = FixedPointSearch::new().run(&gru.weights()?.flow())?;
    /// assert!(!points.points.is_empty());
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] for several layers, which are no flow of this kind: take [`layer_weights`](Gru::layer_weights);
    /// [`Error::NotFinite`] after a training that diverged.
    pub fn weights(&self) -> Result<GruWeights> {
        match self.layers.len() {
            1 => self.layer_weights(0),
            layers => Err(Error::shape("network with one flow", "1 layer", format!("{layers} layers"))),
        }
    }

    /// The weights of one layer, counted from 0. The inputs of all but the first are the states of the layer below, so that the fixed points
    /// of a network of several layers are those of its first layer, then for each of them those of the second under
    /// [that input](GruWeights::with_input), and so on.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a layer that is not there; [`Error::NotFinite`] after a training that diverged.
    pub fn layer_weights(&self, layer: usize) -> Result<GruWeights> {
        let Some(layer) = self.layers.get(layer) else {
            return Err(Error::parameter("layer", layer, format!("0 to {}", self.layers.len() - 1)));
        };
        let d = layer.units();
        let hidden_bias = match &layer.hidden_bias {
            Some(bias) => row_of(bias)?,
            None => Array1::zeros(3 * d),
        };
        let (recurrent, bias) = (matrix_of(&layer.recurrent)?, row_of(&layer.bias)?);
        let weights = GruWeights::from_stacked(self.reset, "rzn", recurrent, bias, hidden_bias)?;
        let Some(input) = &layer.input else { return Ok(weights) };
        let input = matrix_of(input)?;
        let gate = |gate: usize| input.slice(s![gate * d..(gate + 1) * d, ..]).to_owned();
        weights.with_input_matrices(gate(1), gate(0), gate(2))
    }

    /// The readout in float64, which takes the state of the last layer; none where the output is that state.
    ///
    /// # Errors
    /// [`Error::NotFinite`] after a training that diverged.
    pub fn readout(&self) -> Result<Option<Readout>> {
        let Some(readout) = &self.readout else { return Ok(None) };
        let [weight, bias] = readout.parameters();
        Readout::new(matrix_of(weight)?, row_of(bias)?).map(Some)
    }

    /// `E` and `e` of the encoder of the first layer, in float64, where there is one.
    ///
    /// # Errors
    /// [`Error::NotFinite`] after a training that diverged.
    pub fn encoder(&self) -> Result<Option<(Array2<f64>, Array1<f64>)>> {
        let Some(encoder) = self.encoder.first() else { return Ok(None) };
        let [weight, bias] = encoder.parameters();
        let (weight, bias) = (matrix_of(weight)?, row_of(bias)?);
        finite("the encoder", weight.iter().chain(&bias))?;
        Ok(Some((weight, bias)))
    }

    /// The initial state of the first layer, in float64, that the encoder makes of a starting point: `tanh(E p + e)`. Without an encoder
    /// it is the point.
    ///
    /// # Errors
    /// [`Error::Shape`] for a point of another size; [`Error::NotFinite`].
    pub fn encoded(&self, point: &Array1<f64>) -> Result<Array1<f64>> {
        let size = self.start_size();
        if point.len() != size {
            return Err(Error::shape("starting point", size, point.len()));
        }
        finite("starting point", point)?;
        let Some((weight, bias)) = self.encoder()? else {
            let d = self.units().first().copied().unwrap_or(0);
            return Ok(point.slice(s![..d]).to_owned());
        };
        Ok((weight.dot(point) + bias).mapv(f64::tanh))
    }

    /// A network of one layer with these weights, rounded to float32, and without a readout: the output is the state.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub fn from_weights(weights: &GruWeights) -> Result<Self> {
        let (d, reset) = (weights.units(), weights.reset());
        let mut gru = Self::new(weights.inputs(), &[d], 0, reset, 0)?;
        let stack = |z: &Array2<f64>, r: &Array2<f64>, n: &Array2<f64>| {
            concatenate(Axis(0), &[r.view(), z.view(), n.view()]).unwrap_or_default()
        };
        let stack_bias = |z: &Array1<f64>, r: &Array1<f64>, n: &Array1<f64>| {
            concatenate(Axis(0), &[r.view(), z.view(), n.view()]).unwrap_or_default()
        };
        let Some(GruLayer { input, recurrent, bias, hidden_bias }) = gru.layers.first_mut() else {
            return Err(Error::empty("a GRU"));
        };
        set(recurrent, stack(weights.uz(), weights.ur(), weights.uh()).iter())?;
        set(bias, stack_bias(weights.bz(), weights.br(), weights.bh()).iter())?;
        if let (Some(input), Some([wz, wr, wh])) = (input, weights.input_matrices()) {
            set(input, stack(wz, wr, wh).iter())?;
        }
        if let (Some(hidden_bias), Reset::After) = (hidden_bias, reset) {
            let zero = Array1::zeros(d);
            set(hidden_bias, stack_bias(&zero, &zero, weights.bhh()).iter())?;
        }
        Ok(gru)
    }
}

fn set<'a>(parameter: &mut Parameter, values: impl Iterator<Item = &'a f64>) -> Result<()> {
    parameter.set_values(values.map(|value| *value as f32).collect())
}
