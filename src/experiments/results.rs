//! Stored rows as what a figure or a sentence needs: means over seeds.

use super::group::{Group, Number};
use super::nassar2020::Grid;
use super::{Outcome, Place, rows, store};
use crate::data::Dataset;
use crate::display::{Content, in_notebook, show};
use crate::error::{Error, Result};
use crate::frame::Frame;
use std::collections::BTreeMap;
use std::path::Path;

/// The runs of a table, those that differ in nothing but the seed together.
///
/// ```
/// use eigengate::experiments::Results;
///
/// let results = Results::shipped()?;
/// for group in results.groups().iter().filter(|group| group.network == "shallow") {
///     println!("{}: {} seeds, test error {}", group.label(), group.seeds.len(), group.mean("test_error", None)?);
/// }
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Results {
    groups: Vec<Group>,
}

impl Results {
    /// The results that come with the project: `data/results/nassar2020.parquet`.
    ///
    /// # Errors
    /// As [`Results::read`].
    pub fn shipped() -> Result<Self> {
        Self::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/results/nassar2020.parquet"))
    }

    /// The results of a table that [`store::merge`] wrote, or of a file that [`perform`](super::perform) wrote.
    ///
    /// # Errors
    /// [`Error::Read`]; [`Error::Format`] for a file that is damaged or no table of runs.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of(&store::read(path)?, path)
    }

    /// Performs the runs of a grid one after the other, as [`perform`](super::perform), and gives their results; what is
    /// there already is read. In a notebook it prints a line a run.
    ///
    /// ```no_run
    /// use eigengate::data::mnist;
    /// use eigengate::experiments::{Place, Results, Scale, nassar2020::Grid};
    ///
    /// let grid = Grid { experiment: Some(1), scale: Scale::quick(), ..Grid::default() };
    /// let data = mnist::shipped()?;
    /// let place = Place::new("target/reproduce/nassar2020");
    /// let results = Results::perform(&grid, &data.train, &data.test, &place)?;
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Grid::runs`] and [`perform`](super::perform); [`Error::Numeric`] where the time budget of the place ended
    /// before the runs did.
    pub fn perform(grid: &Grid, train: &Dataset, test: &Dataset, place: &Place) -> Result<Self> {
        let runs = grid.runs()?;
        let mut all = Frame::new().into_inner();
        for (number, run) in (1..).zip(&runs) {
            let rows = match super::perform(run, train, test, place)? {
                Outcome::Finished(rows) | Outcome::Already(rows) => rows.into_inner(),
                Outcome::Unfinished(epochs) => {
                    let reason = format!("time was up after {epochs} epochs of {}; call it again", run.key());
                    return Err(Error::Numeric { method: "the grid", reason });
                }
            };
            if in_notebook() {
                println!("{number} of {}: {}", runs.len(), run.key());
            }
            all = if all.width() == 0 { rows } else { all.vstack(&rows)? };
        }
        Self::of(&Frame::from(all), &place.folder)
    }

    fn of(table: &Frame, path: &Path) -> Result<Self> {
        rows::check(table, path)?;
        let texts = |name: &str| -> Result<Vec<Option<String>>> {
            Ok(table.column(name)?.str()?.iter().map(|text| text.map(str::to_owned)).collect())
        };
        let whole =
            |name: &str| -> Result<Vec<Option<i64>>> { Ok(table.column(name)?.i64()?.iter().collect()) };
        let real =
            |name: &str| -> Result<Vec<Option<f64>>> { Ok(table.column(name)?.f64()?.iter().collect()) };
        let (networks, data, penalties) = (texts("network")?, texts("data")?, texts("penalty")?);
        let (measurements, taps) = (texts("measurement")?, texts("tap")?);
        let (seeds, epochs, indices) = (whole("seed")?, whole("epochs")?, whole("index")?);
        let (strengths, parameters, values) = (real("strength")?, real("parameter")?, real("value")?);
        let whitened: Vec<Option<bool>> = table.column("whitening")?.bool()?.iter().collect();
        let mut groups: Vec<Group> = vec![];
        for row in 0..table.height() {
            let text = |column: &[Option<String>]| column.get(row).cloned().flatten().unwrap_or_default();
            let of = Group {
                network: text(&networks),
                data: text(&data),
                whitening: whitened.get(row).copied().flatten().unwrap_or_default(),
                penalty: text(&penalties),
                strength: strengths.get(row).copied().flatten(),
                epochs: epochs.get(row).copied().flatten().unwrap_or_default(),
                seeds: vec![],
                numbers: BTreeMap::new(),
            };
            // Rows of a run stand together: the last group is most likely the one.
            let position = groups.iter().rposition(|group| group.key() == of.key()).unwrap_or_else(|| {
                groups.push(of);
                groups.len() - 1
            });
            let Some(group) = groups.get_mut(position) else { continue };
            let seed = seeds.get(row).copied().flatten().unwrap_or_default();
            if let Err(place) = group.seeds.binary_search(&seed) {
                group.seeds.insert(place, seed);
            }
            let number = Number {
                seed,
                index: indices.get(row).copied().flatten(),
                parameter: parameters.get(row).copied().flatten(),
                value: values.get(row).copied().flatten().unwrap_or(f64::NAN),
            };
            let tap = taps.get(row).cloned().flatten();
            group.numbers.entry((text(&measurements), tap)).or_default().push(number);
        }
        groups.sort_by(|a, b| a.key().partial_cmp(&b.key()).unwrap_or(std::cmp::Ordering::Equal));
        Ok(Self { groups })
    }

    /// All variants: by network and data, the plain ones before the whitened, without penalty first, then by strength.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The variants of a network on MNIST with these penalties, in the order of [`Results::groups`]. Of runs of several
    /// lengths, the longest.
    ///
    /// ```
    /// # let results = eigengate::experiments::Results::shipped()?;
    /// let shallow = results.variants("shallow", false, &["none", "spectral-last"]);
    /// assert_eq!(shallow[0].label(), "vanilla");
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    pub fn variants(&self, network: &str, whitening: bool, penalties: &[&str]) -> Vec<Group> {
        let fits = |group: &&Group| {
            let what = (group.network.as_str(), group.data.as_str(), group.whitening);
            what == (network, "mnist", whitening) && penalties.contains(&group.penalty.as_str())
        };
        let found = self.groups.iter().filter(fits);
        let longest = found.clone().map(|group| group.epochs).max();
        found.filter(|group| Some(group.epochs) == longest).cloned().collect()
    }
}

impl Results {
    /// Shows the number of variants and runs in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&format!("{self:?}"))]);
    }
}

impl std::fmt::Debug for Results {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let runs: usize = self.groups.iter().map(|group| group.seeds.len()).sum();
        write!(f, "Results({} variants, {runs} runs)", self.groups.len())
    }
}
