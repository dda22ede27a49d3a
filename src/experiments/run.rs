//! One run: trained with a checkpoint, measured, written.

use super::nassar2020::{Architecture, Run};
use super::rows::{EVALUATION_SECONDS, PEAK_MEMORY, Row, TRAINING_SECONDS, frame};
use super::{measure, store};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::nn::Network;
use std::borrow::Cow;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where runs leave their files, and how long a call may take.
///
/// Below the folder a run has two files, named by its key: `KEY.parquet` with its rows, and `KEY.checkpoint`, from which
/// a killed run goes on, and from which [`Training::run`](crate::train::Training::run) gives the trained network back:
///
/// ```no_run
/// use eigengate::data::mnist;
/// use eigengate::experiments::{Place, nassar2020::Run};
///
/// let run = Run::from_key("experiment1/shallow/beta5/seed0/epochs50")?;
/// let checkpoint = Place::new("target/reproduce/nassar2020").checkpoint(&run);
/// let mut net = run.mlp()?;
/// // Nothing is left to do: the network takes the parameters of the end.
/// let history = run.training().with_checkpoint(checkpoint).run(&mut net, &mnist::shipped()?.train, None)?;
/// # Ok::<(), eigengate::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder; it is made where it is missing.
    pub folder: PathBuf,
    /// The training ends after the first step beyond this time, and goes on in the next call; without limit by default.
    pub time_budget: Option<Duration>,
    /// Whether training prints its progress, a line a second; off by default.
    pub progress: bool,
}

/// How a call of [`perform`] ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The run is finished; its rows.
    Finished(Frame),
    /// It was finished before; the rows of its file.
    Already(Frame),
    /// The time was up after this many epochs; the next call goes on.
    Unfinished(usize),
}

impl Place {
    /// A folder, without limit of time.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), time_budget: None, progress: false }
    }

    /// Ends the training after the first step beyond `budget`.
    pub fn with_time_budget(mut self, budget: Duration) -> Self {
        self.time_budget = Some(budget);
        self
    }

    /// Switches the printing of progress.
    pub fn with_progress(mut self, progress: bool) -> Self {
        self.progress = progress;
        self
    }

    /// The file of a run's rows.
    pub fn rows(&self, run: &Run) -> PathBuf {
        self.folder.join(format!("{}.parquet", run.key()))
    }

    /// The file of a run's training.
    pub fn checkpoint(&self, run: &Run) -> PathBuf {
        self.folder.join(format!("{}.checkpoint", run.key()))
    }
}

/// Trains and measures one network, and writes its [rows](super#the-table) to [`Place::rows`].
///
/// `train` and `test` are those of [`Run::data`], whole: the scale takes the first images of them. A run whose
/// rows are there is not done again. One that was killed goes on at its last epoch, and gives the rows that
/// it would have given.
///
/// ```
/// use eigengate::data::mnist;
/// use eigengate::experiments::{Evaluation, Outcome, Place, Scale, nassar2020, perform};
///
/// let evaluation = Evaluation { pgd_images: 10, pgd_steps: 2, ..Scale::quick().evaluation };
/// let (train_images, test_images) = (Some(600), Some(100));
/// let scale =
///     Scale { name: "tiny".into(), train_images, test_images, epochs: Some(1), evaluation, ..Scale::quick() };
/// let runs = nassar2020::Grid { experiment: Some(1), scale, ..Default::default() }.runs()?;
///
/// # let folder = tempfile::tempdir().unwrap();
/// let place = Place::new(folder.path());
/// let data = mnist::shipped()?;
/// assert!(matches!(perform(&runs[0], &data.train, &data.test, &place)?, Outcome::Finished(_)));
/// assert!(matches!(perform(&runs[0], &data.train, &data.test, &place)?, Outcome::Already(_)));
/// # Ok::<(), eigengate::Error>(())
/// ```
///
/// # Errors
/// [`Error::Busy`] while another process is at this run; those of [`Training::run`](crate::train::Training::run), of the
/// measurements and of writing; [`Error::Format`] where the file of its rows is damaged or of other settings, which
/// is left as it was.
pub fn perform(run: &Run, train: &Dataset, test: &Dataset, place: &Place) -> Result<Outcome> {
    let path = place.rows(run);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::writing(folder))?;
    let _lock = lock(folder, &path)?;
    if path.exists() {
        let rows = store::read(&path)?;
        store::check_run(&rows, &path, &run.key(), &run.settings())?;
        return Ok(Outcome::Already(rows));
    }
    let train = first(train, run.scale.train_images)?;
    let test = first(test, run.scale.test_images)?;
    if test.len() < 2 {
        return Err(Error::parameter("test_images", test.len(), "at least 2, a spectrum needs them"));
    }

    let rows = match run.network {
        Architecture::Shallow | Architecture::Deep => {
            train_and_measure(run, run.mlp()?, &train, &test, place)?
        }
        Architecture::Cnn => train_and_measure(run, run.cnn()?, &train, &test, place)?,
    };
    match rows {
        Rows::All(rows) => {
            let frame = frame(run, &rows)?;
            frame.write_parquet(&path)?;
            Ok(Outcome::Finished(frame))
        }
        Rows::Unfinished(epochs) => Ok(Outcome::Unfinished(epochs)),
    }
}

enum Rows {
    All(Vec<Row>),
    Unfinished(usize),
}

fn train_and_measure<N: Network>(
    run: &Run,
    mut net: N,
    train: &Dataset,
    test: &Dataset,
    place: &Place,
) -> Result<Rows> {
    let training = run.training().with_checkpoint(place.checkpoint(run)).with_progress(place.progress);
    let training = match place.time_budget {
        Some(budget) => training.with_time_budget(budget),
        None => training,
    };
    let history = training.run(&mut net, train, None)?;
    if !history.finished() {
        return Ok(Rows::Unfinished(history.records().len()));
    }
    let start = Instant::now();
    let mut rows = measure::measure(&net, train, test, &run.scale.evaluation, run.seed)?;
    rows.extend(measure::history(&history));
    rows.push(Row::new(TRAINING_SECONDS, history.seconds()));
    rows.push(Row::new(EVALUATION_SECONDS, start.elapsed().as_secs_f64()));
    rows.extend(peak_memory().map(|bytes| Row::new(PEAK_MEMORY, bytes)));
    Ok(Rows::All(rows))
}

fn first(data: &Dataset, images: Option<usize>) -> Result<Cow<'_, Dataset>> {
    match images {
        Some(images) => data.take(images).map(Cow::Owned),
        None => Ok(Cow::Borrowed(data)),
    }
}

/// Holds a folder for one process until the value is dropped or the process ends, however it ends.
pub(super) fn lock(folder: &Path, file: &Path) -> Result<Option<File>> {
    let handle = File::open(folder).map_err(Error::reading(folder))?;
    match handle.try_lock() {
        Ok(()) => Ok(Some(handle)),
        Err(TryLockError::WouldBlock) => Err(Error::Busy { path: file.to_owned() }),
        // Some network file systems have no locks. Files are whole all the same, as they are renamed into place.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// The most memory that this process has used, in bytes.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0)
}
