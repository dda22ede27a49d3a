//! Experiments: keys, rows, what is killed, what is there, tables.

use eigengate::data::{Dataset, ImageShape, Mnist, mnist};
use eigengate::experiments::nassar2020::{Architecture, Data, Grid, Penalty, Run};
use eigengate::experiments::rows::without_costs;
use eigengate::experiments::{Evaluation, Outcome, Place, Scale, perform, store};
use eigengate::frame::Frame;
use eigengate::nn::Network;
use eigengate::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

#[path = "common/errors.rs"]
mod errors;
use errors::{has, text};

fn digits() -> &'static Mnist {
    static DIGITS: OnceLock<Mnist> = OnceLock::new();
    DIGITS.get_or_init(|| {
        let mnist = mnist::shipped().unwrap();
        Mnist { train: mnist.train.take(1000).unwrap(), test: mnist.test.take(200).unwrap() }
    })
}

/// 784-50-10 and 784-25-25-25-10 on 600 images.
fn tiny() -> Scale {
    Scale {
        name: "tiny".to_owned(),
        train_images: Some(600),
        test_images: Some(150),
        width_divisor: 40,
        batch_divisor: 30,
        epochs: Some(3),
        evaluation: Evaluation {
            fgsm_eps: vec![0.0, 0.1],
            pgd_eps: vec![0.05, 0.1],
            pgd_steps: 3,
            pgd_images: 40,
            noise: vec![0.1, 0.5],
        },
    }
}

fn grid() -> Vec<Run> {
    Grid { scale: tiny(), ..Grid::default() }.runs().unwrap()
}

/// The shallow network with beta 5, and the deep one with all layers penalised.
fn shallow() -> Run {
    grid().into_iter().find(|run| run.penalty == Penalty::Last(5.0)).unwrap()
}

fn deep() -> Run {
    grid().into_iter().find(|run| run.penalty == Penalty::All(2.0)).unwrap()
}

fn attempt(run: &Run, place: &Place) -> Result<Outcome> {
    perform(run, &digits().train, &digits().test, place)
}

/// Performs a run to its end and gives its rows.
#[track_caller]
fn rows(run: &Run, folder: &Path) -> Frame {
    match attempt(run, &Place::new(folder)).unwrap() {
        Outcome::Finished(rows) => rows,
        other => panic!("{other:?}"),
    }
}

/// What the same key must always give.
fn same(a: &Frame, b: &Frame) -> bool {
    without_costs(a).unwrap().equals_missing(&without_costs(b).unwrap())
}

/// Values of a measurement, in the order of the rows.
fn values(rows: &Frame, measurement: &str) -> Vec<f64> {
    let (names, values) = (rows.column("measurement").unwrap(), rows.column("value").unwrap());
    let pairs = names.str().unwrap().iter().zip(values.f64().unwrap().iter());
    pairs.filter(|(name, _)| *name == Some(measurement)).map(|(_, value)| value.unwrap()).collect()
}

#[test]
fn the_keys_of_the_grid_are_those_of_the_paper() -> Result<()> {
    let runs = Grid::default().runs()?;
    let keys: Vec<String> = runs.iter().map(Run::key).collect();
    // Tables and files are named by them: they must not change.
    let start = ["vanilla", "beta1", "beta2", "beta5"];
    assert_eq!(keys[..4], start.map(|p| format!("experiment1/shallow/{p}/seed0/epochs50")));
    assert_eq!(keys[4], "experiment1/shallow/vanilla/seed1/epochs50");
    assert!(keys.contains(&"experiment2/deep/beta2-last/seed2/epochs100".to_owned()));
    assert!(keys.contains(&"experiment2/cnn-wh/beta5-last/seed1/epochs100".to_owned()));
    assert!(keys.contains(&"experiment3/deep/beta1-all/seed0/epochs100".to_owned()));
    assert!(keys.contains(&"experiment3/cnn/jacobian0.01/seed0/epochs100".to_owned()));
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 28 * 3);
    for run in runs.iter().chain(&Grid { scale: Scale::quick(), ..Grid::default() }.runs()?) {
        assert_eq!(&Run::from_key(&run.key())?, run);
    }
    // Every setting is in the key, or in the name of the scale.
    let settings: BTreeSet<String> = runs.iter().map(Run::settings).collect();
    assert_eq!(settings.len(), 28 * 3);
    Ok(())
}

#[test]
fn the_settings_are_those_of_the_paper() -> Result<()> {
    let run = Run::from_key("experiment1/shallow/beta5/seed2/epochs50")?;
    assert_eq!((run.network, run.seed, run.epochs), (Architecture::Shallow, 2, 50));
    assert_eq!((run.mlp()?.widths(), run.training().batch_size), (&[784, 2000, 10][..], 3500));
    let text = |run: &Run| run.training().penalties[0].to_string();
    assert_eq!(text(&run), "spectral beta 5 alpha 1 tau 10 taps Last");
    let deep = Run::from_key("experiment2/deep/vanilla/seed0/epochs7")?;
    assert_eq!((deep.mlp()?.widths(), deep.epochs), (&[784, 1000, 1000, 1000, 10][..], 7));
    assert_eq!((deep.training().batch_size, deep.training().penalties.len()), (1500, 0));
    let cnn = Run::from_key("experiment2/cnn/beta1-last/seed1/epochs100")?;
    assert_eq!((cnn.cnn()?.channels(), cnn.cnn()?.widths()), (vec![16, 32], &[1000, 10][..]));
    assert_eq!(
        (cnn.training().batch_size, text(&cnn).as_str()),
        (6000, "spectral beta 1 alpha 1 tau 10 taps Last")
    );
    let jacobian = Run::from_key("experiment3/deep/jacobian0.01/seed0/epochs100")?;
    assert_eq!(text(&jacobian), "Jacobian strength 0.01 projections Random(1)");
    let all = Run::from_key("experiment3/deep/beta1-all/seed0/epochs100")?;
    assert_eq!(text(&all), "spectral beta 1 alpha 1 tau 10 taps All");
    assert!(cnn.mlp().is_err() && deep.cnn().is_err());
    for (run, rate) in [(&run, "0.001"), (&deep, "0.0001"), (&cnn, "0.0001")] {
        has(&run.settings(), &["AMSGrad", rate]);
    }
    // The network without penalty serves two experiments and is trained once.
    let third = Grid { experiment: Some(3), seeds: 1, ..Grid::default() }.runs()?;
    assert_eq!(third[0].key(), "experiment2/deep/vanilla/seed0/epochs100");
    assert_eq!(third.len(), 2 * 5);
    Ok(())
}

#[test]
fn whitening_stands_in_front_of_the_last_hidden_layer() -> Result<()> {
    let deep = Run::from_key("experiment2/deep-wh/beta2-last/seed0/epochs100")?;
    assert!(deep.whitening && deep.mlp()?.buffers()[0].name() == "hidden.1.whitening.mean");
    has(&deep.settings(), &["whitening behind hidden.1"]);
    let cnn = Run::from_key("experiment2/cnn-wh/vanilla/seed0/epochs100")?.cnn()?;
    assert_eq!(
        (cnn.buffers()[1].name(), cnn.buffers()[1].shape()),
        ("conv.1.whitening.matrix", &[800, 800][..])
    );
    // Without one, settings are what they were before there were any: tables that are there stay valid.
    let old = Run::from_key("experiment1/shallow/beta5/seed0/epochs50")?.settings();
    assert!(
        old.starts_with("channels [], widths [2000, 10], tanh, seed 0, batch 3500, epochs 50, "),
        "{old}"
    );
    Ok(())
}

#[test]
fn colour_images_are_standardised_and_augmented() -> Result<()> {
    let grid = Grid { data: Data::Cifar10Augmented, seeds: 1, ..Grid::default() };
    let runs = grid.runs()?;
    assert_eq!(runs[0].key(), "experiment2/cnn-cifar10-augmented/vanilla/seed0/epochs100");
    assert_eq!(runs.len(), 12, "the convolutional networks");
    let run = Run::from_key("experiment2/cnn-cifar10-wh/beta5-last/seed0/epochs100")?;
    let net = run.cnn()?;
    assert_eq!((net.inputs(), net.taps()[1].1, net.buffers()[0].name()), (3072, 1152, "input.mean"));
    assert!(run.training().augmentation.is_none() && runs[0].training().augmentation.is_some());
    has(&text(Grid { experiment: Some(1), ..grid }.runs()), &["experiment = 1", "2 or 3"]);
    has(&text(Data::from_name("svhn")), &["svhn", "cifar10-augmented"]);

    // Two colours, which a network must tell apart.
    let shape = ImageShape { channels: 3, height: 32, width: 32 };
    let images = ndarray::Array2::from_shape_fn((200, 3072), |(i, j)| {
        let bright = (j / 1024 == 0) == (i % 2 == 0);
        f32::from(u8::from(bright)) * 0.5 + ((7 * i + 13 * j) % 17) as f32 / 40.0
    });
    let data = Dataset::new(images, (0..200).map(|i| (i % 2) as u8).collect(), shape, 10)?;
    let folder = tempfile::tempdir().unwrap();
    let scale = Scale { name: "colours".into(), train_images: None, test_images: None, ..tiny() };
    let scale = Scale { width_divisor: 8, batch_divisor: 300, ..scale };
    let run = Run { scale, epochs: 40, ..runs[3].clone() };
    let Outcome::Finished(rows) = perform(&run, &data, &data, &Place::new(folder.path()))? else {
        panic!("unfinished")
    };
    assert!(values(&rows, "test_error")[0] < 0.2, "{:?}", values(&rows, "test_error"));
    let column = rows.column("data")?.str()?.get(0).map(str::to_owned);
    assert_eq!(column.as_deref(), Some("cifar10-augmented"));
    assert_eq!(rows.column("whitening")?.bool()?.get(0), Some(false));
    Ok(())
}

#[test]
fn texts_that_are_no_keys_are_refused() {
    for key in [
        "",
        "experiment1",
        "experiment1/shallow/beta3/seed0/epochs50",
        "experiment1/shallow/beta5/seed0/epochs0",
        "experiment1/shallow/beta5/seed-1/epochs50",
        "experiment1/shallow/beta5/seed00/epochs50",
        "experiment2/shallow/beta5/seed0/epochs50",
        "tiny/experiment1/shallow/beta5/seed0/epochs50",
    ] {
        has(&text(Run::from_key(key)), &["run = ", key, "--list"]);
    }
    let grid = |experiment, seeds, epochs| Grid { experiment, seeds, epochs, ..Grid::default() }.runs();
    has(&text(grid(Some(4), 3, None)), &["experiment = 4", "1, 2 or 3"]);
    has(&text(grid(None, 0, None)), &["seeds = 0"]);
    has(&text(grid(None, 1, Some(0))), &["epochs = 0"]);
}

#[test]
fn one_key_gives_one_table_on_any_number_of_threads() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let a = rows(&deep(), one.path());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let b = pool.install(|| rows(&deep(), two.path()));
    assert!(same(&a, &b));
    let files = [&one, &two].map(|folder| {
        let path = folder.path().join("table.parquet");
        without_costs(&store::read(Place::new(folder.path()).rows(&deep())).unwrap())
            .unwrap()
            .write_parquet(&path)
            .unwrap();
        std::fs::read(path).unwrap()
    });
    assert!(files[0] == files[1], "the same table has other bytes");

    let other = Run { seed: 1, ..deep() };
    assert!(values(&rows(&other, one.path()), "error_noise") != values(&a, "error_noise"));
}

#[test]
fn rows_are_what_the_table_promises() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(&deep(), folder.path());
    let one = |name: &str| values(&rows, name)[0];
    assert_eq!(values(&rows, "eigenvalue").len(), 3 * 25);
    assert!(values(&rows, "eigenvalue")[..25].is_sorted_by(|a, b| a >= b));
    assert_eq!(values(&rows, "alpha").len(), 3);
    assert_eq!((values(&rows, "alpha_first"), values(&rows, "alpha_last")), (vec![11.0; 3], vec![25.0; 3]));
    // Three epochs, in which something was learned.
    let entropy = values(&rows, "history_cross_entropy");
    assert!(entropy.len() == 3 && entropy[2] < entropy[0]);
    assert!(values(&rows, "history_penalty")[2] > 0.0 && values(&rows, "history_error").len() == 3);
    assert!((0.0..=1.0).contains(&one("train_error")));
    assert!(one("training_seconds") > 0.0 && one("evaluation_seconds") > 0.0);
    assert_eq!(values(&without_costs(&rows).unwrap(), "training_seconds").len(), 0);
    if cfg!(target_os = "linux") {
        assert!(one("peak_memory") > 1e7);
    }
    let column = |name: &str| rows.column(name).unwrap().clone();
    let text = |name: &str| column(name).str().unwrap().get(0).unwrap().to_owned();
    assert_eq!(text("run"), "tiny/experiment3/deep/beta2-all/seed0/epochs3");
    assert_eq!(
        (text("scale"), text("network"), text("penalty")),
        ("tiny".into(), "deep".into(), "spectral-all".into())
    );
    assert_eq!(column("strength").f64().unwrap().get(0), Some(2.0));
    let (parameter, images) = (column("parameter"), column("images"));
    let place =
        column("measurement").str().unwrap().iter().position(|name| name == Some("error_pgd")).unwrap();
    // 0.05 and not the float64 number next to the float32 one.
    assert_eq!(parameter.f64().unwrap().get(place), Some(0.05));
    assert_eq!(images.i64().unwrap().get(place), Some(40));
}

#[test]
fn every_variant_of_the_grid_runs() {
    let folder = tempfile::tempdir().unwrap();
    let grid = Grid { seeds: 1, epochs: Some(1), scale: tiny(), ..Grid::default() };
    // One convolutional network stands for the others: the spectra of its 2704 first units take seconds.
    let wanted = |run: &&Run| run.network != Architecture::Cnn || run.penalty == Penalty::Last(5.0);
    for run in grid.runs().unwrap().iter().filter(wanted) {
        let rows = rows(run, folder.path());
        assert_eq!(values(&rows, "error_noise").len(), 2, "{}", run.key());
        let penalised = values(&rows, "history_penalty")[0] > 0.0;
        assert_eq!(penalised, run.penalty != Penalty::None, "{}", run.key());
    }
}

#[test]
fn larger_attacks_and_noise_do_more() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows(&Run { epochs: 20, ..shallow() }, folder.path());
    let list = |name: &str| values(&rows, name);
    let clean = list("test_error")[0];
    assert!(clean < 0.5, "{clean}");
    // An attack of size 0 leaves the images as they are.
    let fgsm = list("error_fgsm");
    assert!(fgsm.len() == 2 && fgsm[0] == clean && fgsm[1] > clean + 0.1, "{fgsm:?}");
    let pgd = list("error_pgd");
    assert!(pgd.len() == 2 && pgd[1] > pgd[0], "{pgd:?}");
    let noise = list("error_noise");
    assert!(noise.len() == 2 && noise[0] < noise[1], "{noise:?}");
}

#[test]
fn a_run_in_many_calls_gives_the_rows_of_one() {
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let want = rows(&shallow(), whole.path());
    let place = Place::new(broken.path()).with_time_budget(Duration::ZERO);
    let mut calls = 0;
    let got = loop {
        calls += 1;
        assert!(calls < 100, "it does not go on where it was");
        match attempt(&shallow(), &place).unwrap() {
            Outcome::Unfinished(epochs) => assert!(epochs < 3 && !place.rows(&shallow()).exists()),
            Outcome::Finished(rows) => break rows,
            Outcome::Already(_) => panic!("nothing was there"),
        }
    };
    // 600 images in batches of 116, three times.
    assert_eq!(calls, 3 * 6);
    assert!(same(&got, &want));
}

#[test]
fn a_killed_run_goes_on_and_gives_the_rows_of_an_unbroken_one() {
    const FOLDER: &str = "EIGENGATE_KILLED_RUN";
    let long = Run { epochs: 60, ..shallow() };
    if let Some(folder) = std::env::var_os(FOLDER) {
        rows(&long, Path::new(&folder));
        return;
    }
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = Place::new(killed.path());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["a_killed_run_goes_on_and_gives_the_rows_of_an_unbroken_one", "--exact"])
        .env(FOLDER, killed.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !place.checkpoint(&long).exists() && start.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(1));
    }
    // Nobody else starts it meanwhile.
    assert!(matches!(attempt(&long, &place), Err(Error::Busy { .. })));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(place.checkpoint(&long).exists() && !place.rows(&long).exists(), "killed at another time");
    assert!(same(&rows(&long, killed.path()), &rows(&long, whole.path())));
}

#[test]
fn what_is_there_is_not_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let first = rows(&shallow(), folder.path());
    let bytes = std::fs::read(place.rows(&shallow())).unwrap();
    match attempt(&shallow(), &place).unwrap() {
        // With its times: they are those of the file.
        Outcome::Already(rows) => assert!(rows.equals_missing(&first)),
        other => panic!("{other:?}"),
    }
    // Its rows are lost, its training is not.
    std::fs::remove_file(place.rows(&shallow())).unwrap();
    let again = rows(&shallow(), folder.path());
    assert!(same(&again, &first));
    assert_eq!(values(&again, "training_seconds"), values(&first, "training_seconds"));
    std::fs::write(place.rows(&shallow()), &bytes).unwrap();

    // The same key with other measurements.
    let mut other = shallow();
    other.scale.evaluation.pgd_steps = 4;
    has(&text(attempt(&other, &place)), &["PGD-4", "PGD-3", "move the file away"]);
    for damaged in [&bytes[..bytes.len() / 2], b"", b"rows"] {
        std::fs::write(place.rows(&shallow()), damaged).unwrap();
        has(&text(attempt(&shallow(), &place)), &["epochs3.parquet"]);
        assert!(std::fs::read(place.rows(&shallow())).unwrap() == damaged);
    }
}

/// Files of three runs.
fn three(folder: &Path) -> Vec<PathBuf> {
    let runs = [shallow(), Run { seed: 1, ..shallow() }, Run { penalty: Penalty::None, ..shallow() }];
    runs.iter()
        .map(|run| {
            rows(run, folder);
            Place::new(folder).rows(run)
        })
        .collect()
}

#[test]
fn files_in_any_order_give_one_table() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let files = three(&folder.path().join("runs"));
    let table = |name: &str| folder.path().join(name);
    let merged = store::merge(table("all"), &files)?;
    assert_eq!((merged.added, merged.kept), (3, 0));
    let bytes = std::fs::read(table("all")).unwrap();

    for order in [[2, 0, 1], [1, 2, 0]] {
        let path = table(&format!("one by one {order:?}"));
        for place in order {
            store::merge(&path, &files[place..=place])?;
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{order:?}");
    }
    // All files below a folder, but for those that another process has not finished.
    std::fs::write(folder.path().join("runs/.eigengate-1234"), "a").unwrap();
    store::merge(table("folder"), &[folder.path().join("runs")])?;
    assert!(std::fs::read(table("folder")).unwrap() == bytes);
    // Once more: nothing is added, and the file is not touched.
    let merged = store::merge(table("all"), &files)?;
    assert_eq!((merged.added, merged.kept), (0, 3));
    assert!(std::fs::read(table("all")).unwrap() == bytes);

    let keys = store::keys(table("all"))?;
    assert!(keys.len() == 3 && keys.is_sorted() && keys.contains(&shallow().key()), "{keys:?}");
    assert!(store::keys(table("none"))?.is_empty());
    let own = store::read(table("all"))?.height();
    let parts: usize = files.iter().map(|file| store::read(file).unwrap().height()).sum();
    assert_eq!(own, parts);
    Ok(())
}

#[test]
fn tables_are_left_as_they_were_where_a_file_is_refused() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let files = three(&folder.path().join("runs"));
    let table = folder.path().join("table.parquet");
    store::merge(&table, &files[..1])?;
    let bytes = std::fs::read(&table).unwrap();
    let refused = |source: &Path, parts: &[&str]| {
        has(&text(store::merge(&table, &[files[1].clone(), source.to_owned()])), parts);
        assert!(std::fs::read(&table).unwrap() == bytes);
    };

    let bad = folder.path().join("bad.parquet");
    refused(&bad, &["bad.parquet", "exists"]);
    let whole = std::fs::read(&files[2]).unwrap();
    std::fs::write(&bad, &whole[..whole.len() - 9]).unwrap();
    refused(&bad, &["bad.parquet", "cut off"]);
    Frame::new().with("run", ["a"])?.write_parquet(&bad)?;
    refused(&bad, &["bad.parquet", "table of runs", "measurement: str"]);
    // The same key with other settings, and another scale.
    let elsewhere = folder.path().join("elsewhere");
    let mut other = shallow();
    other.scale.evaluation.noise = vec![0.3];
    rows(&other, &elsewhere);
    refused(&Place::new(&elsewhere).rows(&other), &["settings", "noise [0.3]"]);
    other.scale.name = "small".to_owned();
    rows(&other, &elsewhere);
    refused(&Place::new(&elsewhere).rows(&other), &["scale `tiny`", "scale `small`", "another table"]);

    // A damaged table is not written over.
    std::fs::write(&table, &bytes[..bytes.len() - 9]).unwrap();
    has(&text(store::merge(&table, &files)), &["table.parquet", "cut off"]);
    assert!(std::fs::read(&table).unwrap() == bytes[..bytes.len() - 9]);
    // Neither while another process writes.
    let lock = std::fs::File::open(folder.path()).unwrap();
    lock.lock().unwrap();
    assert!(matches!(store::merge(&table, &files), Err(Error::Busy { .. })));
    Ok(())
}
