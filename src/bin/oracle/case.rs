//! The file of reference cases, read with errors that say where something is missing.

use std::path::Path;

use eigengate::dynamics::{GruWeights, Reset};
use ndarray::{Array1, Array2};
use serde_json::Value;

/// What a reader answers; the error says which entry of which case is wrong.
pub type Result<T> = std::result::Result<T, String>;

/// One case: a system, and what is known of it.
pub struct Case {
    pub section: String,
    pub kind: String,
    pub id: String,
    /// The system.
    pub weights: GruWeights,
    value: Value,
}

impl Case {
    /// All that the file says of the case.
    pub fn entries(&self) -> Entry<'_> {
        Entry { value: &self.value, path: String::new() }
    }
}

/// All cases of a file, in its order.
pub fn read(path: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    parse(&text).map_err(|e| format!("{} is not a file of reference cases: {e}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Case>> {
    let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let file = Entry { value: &value, path: String::new() };
    if let Some(format) = file.find("meta")?.map(|meta| meta.find("format")).transpose()?.flatten() {
        let name = format.text()?;
        if name != "gru-oracle-1" {
            return Err(format!("meta.format is `{name}`; `gru-oracle-1` can be read"));
        }
    }
    let cases = file.get("cases")?.list()?;
    cases.iter().enumerate().map(|(index, entry)| case(entry, index)).collect()
}

fn case(entry: &Entry<'_>, index: usize) -> Result<Case> {
    let text = |name: &str| entry.get(name)?.text().map(str::to_owned);
    let (section, kind, id) = (text("section")?, text("kind")?, text("id")?);
    let weights =
        weights(&entry.get("system")?).map_err(|error| format!("case {} ({id}): {error}", index + 1))?;
    Ok(Case { section, kind, id, weights, value: entry.value.clone() })
}

/// The weights of a system of `n` units.
fn weights(system: &Entry<'_>) -> Result<GruWeights> {
    let reset = match system.get("variant")?.text()? {
        "reset_before" => Reset::Before,
        "reset_after" => Reset::After,
        other => return Err(format!("system.variant is `{other}`; reset_before and reset_after are known")),
    };
    let units = system.get("n")?.count()?;
    let matrix = |name: &str| system.get(name)?.matrix();
    let bias = |name: &str| system.get(name)?.numbers().map(Array1::from);
    let found = GruWeights::new(
        reset,
        matrix("Uz")?,
        matrix("Ur")?,
        matrix("Uh")?,
        bias("bz")?,
        bias("br")?,
        bias("bh")?,
    );
    let mut weights = found.map_err(|e| e.to_string())?;
    if reset == Reset::After && system.find("bhh")?.is_some() {
        weights = weights.with_hidden_bias(bias("bhh")?).map_err(|e| e.to_string())?;
    }
    if weights.units() != units {
        return Err(format!("system.n is {units}, but bh has {} numbers", weights.units()));
    }
    Ok(weights)
}

/// A place in the file.
pub struct Entry<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Entry<'a> {
    /// The member of this name, or none.
    pub fn find(&self, name: &str) -> Result<Option<Entry<'a>>> {
        let object = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Ok(object.get(name).map(|value| Entry { value, path }))
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Result<Entry<'a>> {
        let missing = || {
            let at = if self.path.is_empty() { "it".to_owned() } else { self.path.clone() };
            format!("{at} has no `{name}`")
        };
        self.find(name)?.ok_or_else(missing)
    }

    pub fn list(&self) -> Result<Vec<Entry<'a>>> {
        let values = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let entry = |(index, value)| Entry { value, path: format!("{}[{index}]", self.path) };
        Ok(values.iter().enumerate().map(entry).collect())
    }

    pub fn text(&self) -> Result<&'a str> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }

    pub fn number(&self) -> Result<f64> {
        self.value.as_f64().ok_or_else(|| self.wrong("a number"))
    }

    pub fn truth(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    pub fn whole(&self) -> Result<i64> {
        self.value.as_i64().ok_or_else(|| self.wrong("a whole number"))
    }

    pub fn count(&self) -> Result<usize> {
        let whole = self.whole()?;
        usize::try_from(whole).map_err(|_| self.wrong("a count"))
    }

    pub fn numbers(&self) -> Result<Vec<f64>> {
        self.list()?.iter().map(Entry::number).collect()
    }

    pub fn counts(&self) -> Result<Vec<usize>> {
        self.list()?.iter().map(Entry::count).collect()
    }

    pub fn matrix(&self) -> Result<Array2<f64>> {
        let rows: Vec<Vec<f64>> = self.list()?.iter().map(Entry::numbers).collect::<Result<_>>()?;
        let columns = rows.first().map_or(0, Vec::len);
        let size = (rows.len(), columns);
        let numbers: Vec<f64> = rows.into_iter().flatten().collect();
        Array2::from_shape_vec(size, numbers).map_err(|_| self.wrong("rows of one length"))
    }

    fn wrong(&self, expected: &str) -> String {
        let mut found: String = self.value.to_string().chars().take(60).collect();
        if found.len() == 60 {
            found.push('…');
        }
        let path = if self.path.is_empty() { "the file" } else { &self.path };
        format!("{path}: expected {expected}, found {found}")
    }
}
