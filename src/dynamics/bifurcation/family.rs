//! Flows that depend on parameters.

use crate::display::{Content, show};
use crate::dynamics::{Family, GruWeights, VectorField, families};
use crate::error::{Error, Result, finite};
use std::fmt;
use std::sync::Arc;

type Weights = dyn Fn(&[f64]) -> Result<GruWeights> + Send + Sync;
type Field = dyn Fn(&[f64]) -> Result<Box<dyn VectorField>> + Send + Sync;

#[derive(Clone)]
enum Source {
    Gru(Arc<Weights>),
    Field(Arc<Field>),
}

/// Flows that depend on one parameter, or on several.
///
/// ```
/// use eigengate::dynamics::{GruWeights, ParameterFamily, families};
///
/// // A weight, and with it a bias.
/// let weights = families::rotation(3.0, 0.5)?;
/// let one = ParameterFamily::weight(&weights, "Uh", &[0, 1])?;
/// let two = ParameterFamily::weight(&weights, "Uh", &[0, 1])?.and_weight("bh", &[0])?;
/// assert_eq!((one.parameters(), two.parameters()), (1, 2));
/// assert_eq!(two.names(), ["Uh[0,1]", "bh[0]"]);
/// // The value that the weights had is a place of the family.
/// assert_eq!(one.weights_at(&[weights.get("Uh", &[0, 1])?])?.as_ref(), Some(&weights));
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct ParameterFamily {
    names: Vec<String>,
    dimension: usize,
    source: Source,
}

impl ParameterFamily {
    /// One entry of a tensor of a GRU, such as `("bh", &[0])` or `("Uh", &[0, 1])`. The parameter is the value of the entry.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an entry that is not there.
    pub fn weight(weights: &GruWeights, name: &str, index: &[usize]) -> Result<Self> {
        weights.get(name, index)?;
        let (base, tensor, place) = (weights.clone(), name.to_owned(), index.to_vec());
        let of = move |p: &[f64]| base.with(&tensor, &place, value(p, 0));
        Ok(Self::of_gru(weights.units(), &[&entry_name(name, index)], of))
    }

    /// The family with one entry more that varies, as its last parameter.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an entry that is not there, and for a family of other systems than GRUs.
    pub fn and_weight(&self, name: &str, index: &[usize]) -> Result<Self> {
        let Source::Gru(of) = &self.source else {
            return Err(Error::parameter("name", name, "a family of GRUs: other systems have no weights"));
        };
        let first = self.parameters();
        of(&vec![0.0; first])?.get(name, index)?;
        let (of, tensor, place) = (of.clone(), name.to_owned(), index.to_vec());
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let own = entry_name(name, index);
        names.push(&own);
        let both =
            move |p: &[f64]| of(p.get(..first).unwrap_or_default())?.with(&tensor, &place, value(p, first));
        Ok(Self::of_gru(self.dimension, &names, both))
    }

    /// A constant input `start + p direction`, of a GRU with input matrices.
    ///
    /// # Errors
    /// [`Error::Shape`] where the two have other sizes than the input; [`Error::NotFinite`].
    pub fn input(weights: &GruWeights, start: &[f64], direction: &[f64]) -> Result<Self> {
        weights.with_input(start)?;
        weights.with_input(direction)?;
        let (base, start, direction) = (weights.clone(), start.to_vec(), direction.to_vec());
        let of = move |p: &[f64]| {
            let x: Vec<f64> = start.iter().zip(&direction).map(|(x, way)| x + value(p, 0) * way).collect();
            base.with_input(&x)
        };
        Ok(Self::of_gru(weights.units(), &["input"], of))
    }

    /// The [rotation family](families::rotation) with `beta`; the parameter is the angle `alpha` in radians.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn rotation(beta: f64) -> Result<Self> {
        finite("beta", &[beta])?;
        Ok(Self::of_gru(2, &["alpha"], move |p| families::rotation(beta, value(p, 0))))
    }

    /// A path through systems of one size, straight from each to the next: `systems[k]` is at the parameter `k`. Two systems
    /// make a straight line, checkpoints of a training run its path. Beyond the ends the last pieces go on.
    ///
    /// # Errors
    /// [`Error::Empty`] for less than two systems; [`Error::Shape`] for systems of other sizes; [`Error::Parameter`] for both
    /// reset forms in one path.
    pub fn path(systems: &[GruWeights]) -> Result<Self> {
        let (Some(first), true) = (systems.first(), systems.len() > 1) else {
            return Err(Error::empty("a path: it takes two systems or more, and the list"));
        };
        for next in systems {
            first.towards(next, 0.5)?;
        }
        let systems = systems.to_vec();
        let units = first.units();
        let of = move |p: &[f64]| {
            let p = value(p, 0);
            finite("the place on a path", &[p])?;
            let k = (p.max(0.0) as usize).min(systems.len() - 2);
            systems[k].towards(&systems[k + 1], p - k as f64)
        };
        Ok(Self::of_gru(units, &["path"], of))
    }

    /// GRUs of `units` units by a function of the parameters with these names.
    pub fn of_gru(
        units: usize,
        names: &[&str],
        of: impl Fn(&[f64]) -> Result<GruWeights> + Send + Sync + 'static,
    ) -> Self {
        Self { names: owned(names), dimension: units, source: Source::Gru(Arc::new(of)) }
    }

    /// Any flows of `dimension` dimensions by a function of the parameters with these names.
    pub fn of_fields(
        dimension: usize,
        names: &[&str],
        of: impl Fn(&[f64]) -> Result<Box<dyn VectorField>> + Send + Sync + 'static,
    ) -> Self {
        Self { names: owned(names), dimension, source: Source::Field(Arc::new(of)) }
    }

    /// The dimension of the flows.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// How many parameters there are.
    pub fn parameters(&self) -> usize {
        self.names.len()
    }

    /// The names of the parameters.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The flow at these parameters.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of parameters; as the function of the family.
    pub fn at(&self, parameters: &[f64]) -> Result<Box<dyn VectorField>> {
        self.checked(parameters)?;
        match &self.source {
            Source::Gru(of) => Ok(Box::new(of(parameters)?.flow())),
            Source::Field(of) => of(parameters),
        }
    }

    /// The weights at these parameters, where the family is one of GRUs.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn weights_at(&self, parameters: &[f64]) -> Result<Option<GruWeights>> {
        self.checked(parameters)?;
        match &self.source {
            Source::Gru(of) => of(parameters).map(Some),
            Source::Field(_) => Ok(None),
        }
    }

    /// The family of one parameter, number `which`, with all others at their values in `parameters`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of parameters; [`Error::Parameter`] where there is no number `which`.
    pub fn slice(&self, parameters: &[f64], which: usize) -> Result<Self> {
        self.checked(parameters)?;
        let Some(name) = self.names.get(which) else {
            let last = self.parameters().saturating_sub(1);
            return Err(Error::parameter("which", which, format!("a parameter from 0 to {last}")));
        };
        let fixed = parameters.to_vec();
        let place = move |p: &[f64]| {
            let mut all = fixed.clone();
            if let Some(own) = all.get_mut(which) {
                *own = value(p, 0);
            }
            all
        };
        let source = match self.source.clone() {
            Source::Gru(of) => Source::Gru(Arc::new(move |p: &[f64]| of(&place(p)))),
            Source::Field(of) => Source::Field(Arc::new(move |p: &[f64]| of(&place(p)))),
        };
        Ok(Self { names: vec![name.clone()], dimension: self.dimension, source })
    }

    /// A family of one parameter in the form that [`Connections`](crate::dynamics::Connections) take.
    pub fn family(&self) -> Box<Family<'static>> {
        let own = self.clone();
        Box::new(move |p| own.at(&[p]))
    }

    fn checked(&self, parameters: &[f64]) -> Result<()> {
        if parameters.len() != self.names.len() {
            let expected = format!("{} ({})", self.names.len(), self.names.join(", "));
            return Err(Error::shape("parameters of a family", expected, parameters.len()));
        }
        Ok(())
    }

    /// Shows the parameters in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for ParameterFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.source {
            Source::Gru(_) => "GRUs with units",
            Source::Field(_) => "flows with dimensions",
        };
        write!(f, "ParameterFamily({}; {what}: {})", self.names.join(", "), self.dimension)
    }
}

/// Parameter number `k`; their number is checked before.
fn value(parameters: &[f64], k: usize) -> f64 {
    parameters.get(k).copied().unwrap_or(f64::NAN)
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn entry_name(name: &str, index: &[usize]) -> String {
    let index: Vec<String> = index.iter().map(usize::to_string).collect();
    format!("{name}[{}]", index.join(","))
}
