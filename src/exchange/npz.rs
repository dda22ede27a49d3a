//! npz files: zip archives of npy files.

use super::element::Element;
use super::header::{self, Place};
use super::npy::{self, ToNpy};
use super::raw::{Bytes, LARGE, RawArray};
use crate::display::{self, Content};
use crate::error::{Error, Result};
use crate::files::write_whole;
use ndarray::{Array, Dimension};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Writes named arrays to one npz file, in the order given, without compression; numpy reads it with
/// `numpy.load`.
///
/// ```no_run
/// # let (eigenvalues, images) = (vec![1.0f64], ndarray::Array2::<f32>::zeros((1, 1)));
/// eigengate::exchange::write_npz("run.npz", &[("eigenvalues", &eigenvalues), ("images", &images)])?;
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// The same names, values and shapes give the same bytes: the archive holds no time of writing.
///
/// # Errors
///
/// [`Error::Empty`] without arrays; [`Error::Parameter`] for a name that is empty, comes twice or holds
/// a slash, a backslash or a control character; [`Error::Write`]. A file of that name is then as it was.
pub fn write_npz(path: impl AsRef<Path>, arrays: &[(&str, &dyn ToNpy)]) -> Result<()> {
    let path = path.as_ref();
    check_names(arrays)?;
    write_whole(path, |file| write_archive(file, arrays).map_err(Error::writing(path)))
}

fn check_names(arrays: &[(&str, &dyn ToNpy)]) -> Result<()> {
    if arrays.is_empty() {
        return Err(Error::empty("arrays"));
    }
    for (position, (name, _)) in arrays.iter().enumerate() {
        if name.is_empty() || name.contains(|c: char| c == '/' || c == '\\' || c.is_control()) {
            let expected = "names with at least one character, none of them /, \\ or a control character";
            return Err(Error::parameter("arrays", format!("{name:?} at position {position}"), expected));
        }
        if arrays.iter().take(position).any(|(other, _)| other == name) {
            return Err(Error::parameter("arrays", format!("{name:?} twice"), "each name once"));
        }
    }
    Ok(())
}

fn write_archive(file: &mut BufWriter<&mut File>, arrays: &[(&str, &dyn ToNpy)]) -> io::Result<()> {
    let mut archive = ZipWriter::new(file);
    for (name, array) in arrays {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            // 1980-01-01: the earliest that a zip archive holds, and the same in every run.
            .last_modified_time(DateTime::default())
            // Entries of 4 GiB need wider fields; a little less leaves room for the header.
            .large_file(array.size() > u64::from(u32::MAX) - (1 << 20));
        archive.start_file(format!("{name}.npy"), options)?;
        array.encode(&mut archive)?;
    }
    archive.finish()?.flush()
}

/// An npz file that is open for reading: its arrays by name.
///
/// ```no_run
/// use eigengate::exchange::Npz;
/// use ndarray::Array2;
///
/// let npz = Npz::open("run.npz")?;
/// println!("{:?}", npz.names());
/// let images: Array2<f32> = npz.get("images")?;
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone)]
pub struct Npz {
    path: PathBuf,
    arrays: Vec<NpzArray>,
}

/// An array in an npz file, as its header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpzArray {
    /// The name, without `.npy` at its end.
    pub name: String,
    /// numpy's name of the element type, e.g. `<f4` for `float32`.
    pub dtype: String,
    /// The size along each dimension.
    pub shape: Vec<usize>,
    /// The name in the archive.
    entry: String,
}

impl Npz {
    /// Opens an npz file, stored or compressed (`numpy.savez`, `numpy.savez_compressed`), and reads what
    /// its arrays are, not their values.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] where the file cannot be read; [`Error::Format`] where it is no zip archive or
    /// holds anything other than npy files.
    pub fn open(path: impl AsRef<Path>) -> Result<Npz> {
        let path = path.as_ref();
        let mut archive = open(path)?;
        let entries: Vec<String> = archive.file_names().map(str::to_owned).collect();
        let mut arrays = Vec::with_capacity(entries.len());
        for entry in entries {
            let name = entry.strip_suffix(".npy").unwrap_or(&entry).to_owned();
            let place = Place { path, format: "npz", array: Some(&name) };
            let mut stream = archive.by_name(&entry).map_err(|error| refuse(&place, error))?;
            let header = header::read(&mut stream, &place)?;
            drop(stream);
            arrays.push(NpzArray { dtype: header.dtype, shape: header.shape, name, entry });
        }
        Ok(Npz { path: path.to_owned(), arrays })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All arrays, in the order of the file.
    pub fn arrays(&self) -> &[NpzArray] {
        &self.arrays
    }

    /// The names of all arrays, in the order of the file.
    pub fn names(&self) -> Vec<&str> {
        self.arrays.iter().map(|array| array.name.as_str()).collect()
    }

    /// Reads the array called `name`. The type of the elements and the number of dimensions are those of
    /// the file, as with [`read_npy`](super::read_npy).
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] for a name that is not there, with those that are; otherwise those of
    /// [`read_npy`](super::read_npy), and [`Error::Format`] where the sum of the content is wrong.
    pub fn get<T: Element, D: Dimension>(&self, name: &str) -> Result<Array<T, D>> {
        let array = self.find(name)?;
        let place = Place { path: &self.path, format: "npz", array: Some(name) };
        let mut archive = open(&self.path)?;
        let mut stream = archive.by_name(&array.entry).map_err(|error| refuse(&place, error))?;
        npy::with_dimensions(npy::decode(&mut stream, &place)?, &place)
    }

    /// The array called `name` as it lies in the file: mapped where it is large and not compressed.
    pub(crate) fn raw(&self, name: &str) -> Result<RawArray> {
        let array = self.find(name)?;
        let place = Place { path: &self.path, format: "npz", array: Some(name) };
        let mut archive = open(&self.path)?;
        let mut stream = archive.by_name(&array.entry).map_err(|error| refuse(&place, error))?;
        let size = stream.size();
        if stream.compression() == CompressionMethod::Stored && size >= LARGE {
            let start = stream.data_start();
            return RawArray::new(Bytes::map(&self.path, Some(start..start.saturating_add(size)))?, &place);
        }
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(|error| refuse(&place, ZipError::Io(error)))?;
        RawArray::new(Bytes::Owned(bytes), &place)
    }

    fn find(&self, name: &str) -> Result<&NpzArray> {
        self.arrays.iter().find(|array| array.name == name).ok_or_else(|| {
            let names = self.names().join(", ");
            Error::parameter("name", name, format!("one of the arrays that are there: {names}"))
        })
    }

    /// Shows a table of the arrays: name, type and shape.
    pub fn evcxr_display(&self) {
        if !display::in_notebook() {
            return;
        }
        let mut html = String::from(
            "<table>\n<thead><tr><th>array</th><th>dtype</th><th>shape</th></tr></thead>\n<tbody>\n",
        );
        for array in &self.arrays {
            let (name, dtype) = (display::escape_html(&array.name), display::escape_html(&array.dtype));
            html.push_str(&format!("<tr><th>{name}</th><td>{dtype}</td><td>{:?}</td></tr>\n", array.shape));
        }
        html.push_str("</tbody>\n</table>");
        display::show(&[Content::Html(&html), Content::Plain(&format!("{self:?}"))]);
    }
}

impl fmt::Debug for Npz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrays: Vec<String> =
            self.arrays.iter().map(|a| format!("{} {} {:?}", a.name, a.dtype, a.shape)).collect();
        write!(f, "Npz({}: {})", self.path.display(), arrays.join(", "))
    }
}

fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    let file = BufReader::new(File::open(path).map_err(Error::reading(path))?);
    ZipArchive::new(file).map_err(|error| refuse(&Place { path, format: "npz", array: None }, error))
}

fn refuse(place: &Place<'_>, error: ZipError) -> Error {
    match error {
        ZipError::Io(source) if source.raw_os_error().is_some() => Error::reading(place.path)(source),
        error => place.refuse("a zip archive of npy files", error),
    }
}
