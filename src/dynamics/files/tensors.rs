//! Named float arrays of an npz or safetensors file, or of a folder of npy files.

use crate::error::{Error, Result, finite};
use crate::exchange::{Npz, ToNpy, read_npy, write_npz};
use crate::files::write_whole;
use ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The float arrays of a file, as float64.
pub(crate) struct Tensors {
    path: PathBuf,
    /// Those asked for.
    arrays: BTreeMap<String, ArrayD<f64>>,
    /// The names of all arrays of the file.
    names: Vec<String>,
}

const FORMAT: &str = "GRU weights";

impl Tensors {
    /// Reads the arrays of these names, where they are there: of a folder the files `NAME.npy`, of a file `.npz` by its
    /// ending, anything else as safetensors.
    pub(crate) fn read(path: &Path, wanted: &[String]) -> Result<Self> {
        let wanted = |name: &str| wanted.iter().any(|wanted| wanted == name);
        let (mut arrays, mut names) = (BTreeMap::new(), vec![]);
        let types = "float64 or float32 arrays";
        if path.is_dir() {
            names = npy_names(path)?;
            for name in names.iter().filter(|name| wanted(name)) {
                arrays.insert(name.clone(), read_floats(&path.join(format!("{name}.npy")))?);
            }
        } else if is_npz(path) {
            let file = Npz::open(path)?;
            names.extend(file.names().into_iter().map(str::to_owned));
            for array in file.arrays().iter().filter(|array| wanted(&array.name)) {
                let values: ArrayD<f64> = match array.dtype.as_str() {
                    "<f8" => file.get(&array.name)?,
                    "<f4" => file.get::<f32, IxDyn>(&array.name)?.mapv(f64::from),
                    other => {
                        return Err(Error::format(
                            path,
                            FORMAT,
                            types,
                            format!("`{}` of type {other}", array.name),
                        ));
                    }
                };
                arrays.insert(array.name.clone(), values);
            }
        } else {
            let content = std::fs::read(path).map_err(Error::reading(path))?;
            let invalid = |e| Error::format(path, FORMAT, "a safetensors or npz file", e);
            let file = SafeTensors::deserialize(&content).map_err(invalid)?;
            names.extend(file.names().into_iter().map(str::to_owned));
            for (name, view) in file.iter().filter(|(name, _)| wanted(name)) {
                let bytes = view.data();
                let values: Vec<f64> = match view.dtype() {
                    Dtype::F64 => bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
                    Dtype::F32 => {
                        bytes.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
                    }
                    other => {
                        return Err(Error::format(
                            path,
                            FORMAT,
                            types,
                            format!("`{name}` of type {other:?}"),
                        ));
                    }
                };
                let found = format!("{} values", values.len());
                let array = ArrayD::from_shape_vec(IxDyn(view.shape()), values)
                    .map_err(|_| Error::shape(name, format!("{:?}", view.shape()), found))?;
                arrays.insert(name.to_owned(), array);
            }
        }
        names.sort();
        Ok(Self { path: path.to_owned(), arrays, names })
    }

    /// The array of that name, where there is one; NaN and infinities are refused.
    pub(super) fn optional(&self, name: &str) -> Result<Option<&ArrayD<f64>>> {
        let array = self.arrays.get(name);
        if let Some(array) = array {
            finite(name, array)?;
        }
        Ok(array)
    }

    pub(crate) fn matrix(&self, name: &str) -> Result<Option<Array2<f64>>> {
        let Some(array) = self.optional(name)? else { return Ok(None) };
        let wrong = |_| Error::shape(name, "2 dimensions", format!("shape {:?}", array.shape()));
        array.clone().into_dimensionality::<Ix2>().map(Some).map_err(wrong)
    }

    pub(crate) fn vector(&self, name: &str) -> Result<Option<Array1<f64>>> {
        let Some(array) = self.optional(name)? else { return Ok(None) };
        let wrong = |_| Error::shape(name, "1 dimension", format!("shape {:?}", array.shape()));
        array.clone().into_dimensionality::<Ix1>().map(Some).map_err(wrong)
    }

    /// The error for an array that is needed and not there.
    pub(crate) fn missing(&self, name: &str) -> Error {
        Error::format(&self.path, FORMAT, format!("the array `{name}`"), self.names.join(", "))
    }
}

/// The names of all arrays, without the arrays.
pub(super) fn names_in(path: &Path) -> Result<Vec<String>> {
    Tensors::read(path, &[]).map(|file| file.names)
}

/// The npy files of a folder, without their endings.
fn npy_names(folder: &Path) -> Result<Vec<String>> {
    let mut names = vec![];
    for entry in std::fs::read_dir(folder).map_err(Error::reading(folder))? {
        let file = entry.map_err(Error::reading(folder))?.path();
        if file.extension().is_some_and(|ending| ending == "npy") {
            names.extend(file.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    Ok(names)
}

/// An npy file of float64 or of float32.
fn read_floats(path: &Path) -> Result<ArrayD<f64>> {
    match read_npy::<f64, IxDyn>(path) {
        // The error of the second read names the type that the file has.
        Err(Error::Format { .. }) => Ok(read_npy::<f32, IxDyn>(path)?.mapv(f64::from)),
        other => other,
    }
}

/// Writes named arrays; `.npz` by the ending of the path, anything else as safetensors.
pub(super) fn write(path: &Path, arrays: &[(String, ArrayD<f64>)]) -> Result<()> {
    if is_npz(path) {
        let named: Vec<(&str, &dyn ToNpy)> =
            arrays.iter().map(|(name, array)| (name.as_str(), array as &dyn ToNpy)).collect();
        return write_npz(path, &named);
    }
    let bytes: Vec<Vec<u8>> =
        arrays.iter().map(|(_, array)| array.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let refuse = |e| Error::parameter("arrays", format!("{e}"), "arrays that safetensors takes");
    let mut views = Vec::with_capacity(arrays.len());
    for ((name, array), bytes) in arrays.iter().zip(&bytes) {
        views.push((name, TensorView::new(Dtype::F64, array.shape().to_vec(), bytes).map_err(refuse)?));
    }
    let content = safetensors::serialize(views, None).map_err(refuse)?;
    write_whole(path, |file| file.write_all(&content).map_err(Error::writing(path)))
}

fn is_npz(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"))
}
