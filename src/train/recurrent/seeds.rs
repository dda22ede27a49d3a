//! The same run with several seeds, side by side.

use super::history::GruHistory;
use super::settings::GruTraining;
use crate::data::TimeSeries;
use crate::error::{Error, Result};
use crate::nn::Gru;
use std::fmt;

/// A trained network, and how it came about.
#[derive(Clone)]
pub struct SeedRun {
    /// The seed of its parameters and of its windows.
    pub seed: u64,
    /// The network after the last step.
    pub gru: Gru,
    /// Its history.
    pub history: GruHistory,
}

impl SeedRun {
    /// Shows the history in a notebook.
    pub fn evcxr_display(&self) {
        self.history.evcxr_display();
    }
}

impl fmt::Debug for SeedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeedRun(seed {}, {:?})", self.seed, self.history)
    }
}

impl GruTraining {
    /// Trains a network for every seed: `make(seed)` gives the network, and the run has that seed. As many at a time as there are
    /// cores, each on one thread (on a GPU one at a time); the result is that of one run after the other. With a checkpoint every run has a file of
    /// its own, `-seed` and the number added to its name.
    ///
    /// ```
    /// use eigengate::data::PlanarTask;
    /// use eigengate::dynamics::Reset;
    /// use eigengate::nn::Gru;
    /// use eigengate::train::GruTraining;
    ///
    /// let data = PlanarTask::LineAttractor.sampling().generate(20, 5)?;
    /// let make = |seed| Gru::new(0, &[2], 0, Reset::Before, seed);
    /// let runs = GruTraining::new(50).run_seeds(&[1, 2, 3], &make, &data.train, Some(&data.test))?;
    /// assert_eq!(runs.iter().map(|run| run.seed).collect::<Vec<_>>(), [1, 2, 3]);
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`GruTraining::run`], of the first seed in the list that has one; [`Error::Empty`] without seeds;
    /// [`Error::Parameter`] for a seed that comes twice.
    pub fn run_seeds(
        &self,
        seeds: &[u64],
        make: &(dyn Fn(u64) -> Result<Gru> + Sync),
        train: &TimeSeries,
        test: Option<&TimeSeries>,
    ) -> Result<Vec<SeedRun>> {
        if seeds.is_empty() {
            return Err(Error::empty("seeds"));
        }
        if let Some((_, twice)) = seeds.iter().enumerate().find(|&(i, seed)| seeds[..i].contains(seed)) {
            return Err(Error::parameter("seeds", format!("{twice} twice"), "each seed once"));
        }
        let one = |seed: u64| -> Result<SeedRun> {
            let mut settings = self.clone().with_seed(seed);
            settings.checkpoint = self.checkpoint.as_ref().map(|path| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                let end =
                    path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
                path.with_file_name(format!("{stem}-seed{seed}{end}"))
            });
            let mut gru = make(seed)?;
            let history = settings.run(&mut gru, train, test)?;
            Ok(SeedRun { seed, gru, history })
        };
        side_by_side(seeds, &one)
    }
}

/// The runs of all seeds, in their order. Tensors on a GPU stay with their thread: there one after the other.
#[cfg(feature = "cuda")]
fn side_by_side(seeds: &[u64], one: &dyn Fn(u64) -> Result<SeedRun>) -> Result<Vec<SeedRun>> {
    seeds.iter().map(|&seed| one(seed)).collect()
}

/// The runs of all seeds, in their order.
#[cfg(not(feature = "cuda"))]
fn side_by_side(seeds: &[u64], one: &(dyn Fn(u64) -> Result<SeedRun> + Sync)) -> Result<Vec<SeedRun>> {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<Result<SeedRun>>>> = seeds.iter().map(|_| Mutex::new(None)).collect();
    // A pool of its own for every worker: what a run does in parallel stays on its thread.
    let work = || -> Result<()> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let pool = pool.map_err(|e| Error::Device(format!("no thread: {e}")))?;
        pool.install(|| {
            while let Some((seed, place)) = {
                let index = next.fetch_add(1, Ordering::Relaxed);
                seeds.get(index).zip(done.get(index))
            } {
                let run = one(*seed);
                if let Ok(mut place) = place.lock() {
                    *place = Some(run);
                }
            }
            crate::device::release_memory()
        })
    };
    let threads = rayon::current_num_threads().min(seeds.len());
    let workers: Vec<Result<()>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let lost = || Error::Device("a training thread ended early".to_owned());
        handles.into_iter().map(|handle| handle.join().unwrap_or_else(|_| Err(lost()))).collect()
    });
    let mut runs = vec![];
    for place in done {
        match place.into_inner().ok().flatten() {
            Some(run) => runs.push(run?),
            // No worker came to it.
            None => break,
        }
    }
    workers.into_iter().collect::<Result<Vec<()>>>()?;
    Ok(runs)
}
