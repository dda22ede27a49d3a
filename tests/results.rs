//! Results: means over seeds, curves, spectra, tables, from rows of real runs.

use eigengate::attack::ErrorCurve;
use eigengate::data::{Mnist, mnist};
use eigengate::experiments::nassar2020::{Grid, Penalty};
use eigengate::experiments::{Evaluation, Place, Results, Scale, comparison, perform, store};
use eigengate::plot;
use eigengate::spectra::{MeanSpectrum, Spectrum};
use eigengate::{Error, Result};
use std::time::Duration;

#[path = "common/errors.rs"]
mod errors;
use errors::{has, text};

fn digits() -> Mnist {
    let mnist = mnist::shipped().unwrap();
    Mnist { train: mnist.train.take(300).unwrap(), test: mnist.test.take(100).unwrap() }
}

fn grid() -> Grid {
    let evaluation = Evaluation {
        fgsm_eps: vec![0.0, 0.02],
        pgd_eps: vec![0.02],
        pgd_steps: 2,
        pgd_images: 40,
        noise: vec![0.5, 0.1],
    };
    let scale = Scale {
        name: "tiny".to_owned(),
        train_images: Some(300),
        test_images: Some(100),
        width_divisor: 50,
        batch_divisor: 50,
        epochs: Some(2),
        evaluation,
    };
    Grid { experiment: Some(1), scale, ..Grid::default() }
}

#[test]
fn numbers_are_means_over_seeds() -> Result<()> {
    let (folder, data) = (tempfile::tempdir().unwrap(), digits());
    let place = Place::new(folder.path());
    let results = Results::perform(&grid(), &data.train, &data.test, &place)?;
    let labels: Vec<String> = results.groups().iter().map(|group| group.label()).collect();
    assert_eq!(labels, ["vanilla", "β = 1", "β = 2", "β = 5"]);
    let group = &results.groups()[3];
    assert_eq!(
        (group.seeds.clone(), group.epochs, group.taps()),
        (vec![0, 1, 2], 2, vec!["hidden.0".to_owned()])
    );

    // The same by hand, from the files of the runs.
    let runs = grid().runs()?;
    let of_seeds = |measurement: &str, parameter: Option<f64>, index: Option<i64>| -> Vec<f64> {
        let runs = runs.iter().filter(|run| run.penalty == Penalty::Last(5.0));
        runs.map(|run| {
            let rows = store::read(place.rows(run)).unwrap();
            let column = |name: &str| rows.column(name).unwrap().clone();
            let names = column("measurement");
            let (parameters, indices, values) = (column("parameter"), column("index"), column("value"));
            let row = (0..rows.height()).find(|&row| {
                names.str().unwrap().get(row) == Some(measurement)
                    && parameters.f64().unwrap().get(row) == parameter
                    && indices.i64().unwrap().get(row) == index
            });
            values.f64().unwrap().get(row.unwrap()).unwrap()
        })
        .collect()
    };
    let check = |mean: f64, error: f64, values: &[f64]| {
        assert_eq!(values.len(), 3);
        let want = values.iter().sum::<f64>() / 3.0;
        // Sample variance 1/2 of the sum of squares, over 3.
        let spread = (values.iter().map(|v| (v - want).powi(2)).sum::<f64>() / 6.0).sqrt();
        assert!((mean - want).abs() < 1e-12 && (error - spread).abs() < 1e-12 && spread > 0.0);
    };
    let mean = group.mean("test_error", None)?;
    check(mean.mean, mean.standard_error, &of_seeds("test_error", None, None));
    let curve = group.curve("error_fgsm")?;
    assert_eq!((curve.name.as_str(), curve.eps.as_slice()), ("β = 5", &[0.0, 0.02][..]));
    check(curve.error[1], curve.standard_error[1], &of_seeds("error_fgsm", Some(0.02), None));
    // Sizes ascend, whatever the order of the rows.
    assert_eq!(group.curve("error_noise")?.eps, [0.1, 0.5]);
    let spectrum = group.spectrum("hidden.0")?;
    assert_eq!((spectrum.mean.len(), spectrum.count), (40, 3));
    check(spectrum.mean[6], spectrum.standard_error[6], &of_seeds("eigenvalue", None, Some(7)));
    let alpha = group.alpha("hidden.0")?;
    check(alpha.mean, alpha.standard_error, &of_seeds("alpha", None, None));
    assert_eq!(
        format!("{:.1}", mean.percent()),
        format!("{:.1} ± {:.1}", 100.0 * mean.mean, 100.0 * mean.standard_error)
    );

    let table = comparison(results.groups(), 0.02, 0.5)?;
    assert_eq!((table.height(), table.width()), (4, 8));
    let cell = table.column("clean error (%)")?.str()?.get(3).unwrap().to_owned();
    assert_eq!(cell, format!("{:.1}", mean.percent()));
    has(&text(comparison(results.groups(), 0.07, 0.5)), &["error_fgsm", "measured"]);
    has(&text(group.curve("error_apgd")), &["error_apgd", "error_fgsm, error_noise, error_pgd"]);
    has(&text(group.alpha("hidden.1")), &["alpha of hidden.1", "alpha of hidden.0"]);
    assert!(matches!(comparison(&[], 0.02, 0.5), Err(Error::Empty { .. })));

    // The same from the table; what is there is not done again.
    let path = folder.path().join("table.parquet");
    store::merge(&path, &[folder.path().join("tiny")])?;
    assert_eq!(Results::read(&path)?.groups()[3].mean("test_error", None)?, mean);
    let never = place.clone().with_time_budget(Duration::ZERO);
    Results::perform(&grid(), &data.train, &data.test, &never)?;
    let longer = Grid { epochs: Some(3), ..grid() };
    has(&text(Results::perform(&longer, &data.train, &data.test, &never)), &["time was up", "epochs3"]);
    Ok(())
}

#[test]
fn variants_are_those_of_the_longest_runs() -> Result<()> {
    let (folder, data) = (tempfile::tempdir().unwrap(), digits());
    let place = Place::new(folder.path());
    for (epochs, seeds) in [(1, 2), (2, 1)] {
        let runs = Grid { epochs: Some(epochs), seeds, ..grid() }.runs()?;
        for run in runs.iter().filter(|run| run.penalty != Penalty::Last(2.0) || epochs == 1) {
            perform(run, &data.train, &data.test, &place)?;
        }
    }
    let path = folder.path().join("table.parquet");
    store::merge(&path, &[folder.path().join("tiny")])?;
    let results = Results::read(&path)?;
    assert_eq!(format!("{results:?}"), "Results(7 variants, 11 runs)");
    let shallow = results.variants("shallow", false, &["none", "spectral-last"]);
    let found: Vec<(String, i64)> = shallow.iter().map(|group| (group.label(), group.epochs)).collect();
    assert_eq!(found, [("vanilla".to_owned(), 2), ("β = 1".to_owned(), 2), ("β = 5".to_owned(), 2)]);
    // One seed has no spread.
    let mean = shallow[0].mean("test_error", None)?;
    assert!(mean.standard_error == 0.0 && !mean.to_string().contains('±'));
    // What some seeds lack has no mean.
    let mut grid = Grid { seeds: 2, epochs: Some(4), ..grid() };
    for run in grid.runs()?.iter().filter(|run| run.seed == 0) {
        perform(run, &data.train, &data.test, &place)?;
    }
    grid.scale.evaluation.noise = vec![0.1];
    for run in grid.runs()?.iter().filter(|run| run.seed == 1) {
        perform(run, &data.train, &data.test, &place)?;
    }
    store::merge(&path, &[folder.path().join("tiny")])?;
    let uneven = Results::read(&path)?.variants("shallow", false, &["none"])[0].clone();
    assert_eq!((uneven.epochs, uneven.mean("error_noise", Some(0.1))?.count), (4, 2));
    assert!(uneven.mean("error_noise", Some(0.5)).is_err());
    assert!(results.variants("shallow", true, &["none"]).is_empty());
    assert!(results.variants("deep", false, &["none"]).is_empty());
    Ok(())
}

#[test]
fn mean_spectra_are_drawn_with_their_spread() -> Result<()> {
    let seed = |s: f64| Spectrum::new("hidden.0", (1..=50).map(|n| s / f64::from(n)).collect()).unwrap();
    let mean = MeanSpectrum::of("vanilla", &[seed(1.0), seed(1.4), seed(0.9)])?;
    let figure = plot::mean_spectra(&[mean.clone(), MeanSpectrum::of("one", &[seed(2.0)])?])?;
    let bands = figure.panels()[0].series.iter().filter_map(|series| match series {
        plot::Series::Band(band) => Some(band),
        _ => None,
    });
    let bands: Vec<_> = bands.collect();
    assert_eq!(bands.len(), 1, "one spectrum alone has no spread");
    let (low, high) = (bands[0].low[4], bands[0].high[4]);
    let (centre, error) = (1.1 / 5.0, ((0.01 + 0.09 + 0.04f64) / 6.0).sqrt() / 5.0);
    assert!((low - (centre - error)).abs() < 1e-12 && (high - (centre + error)).abs() < 1e-12);
    assert!(figure.png()?.starts_with(b"\x89PNG"));
    let short = Spectrum::new("hidden.0", vec![1.0])?;
    assert!(matches!(MeanSpectrum::of("", &[seed(1.0), short]), Err(Error::Shape { .. })));
    assert!(matches!(MeanSpectrum::of("", &[]), Err(Error::Empty { .. })));
    assert!(plot::mean_spectra(&[]).is_err());

    // Beside what the same networks withstand, with one legend.
    let curve = |name: &str| ErrorCurve {
        name: name.to_owned(),
        eps: vec![0.0, 0.1],
        error: vec![0.02, 0.9],
        standard_error: vec![0.0, 0.01],
    };
    let one = MeanSpectrum::of("one", &[seed(2.0)])?;
    let curves = vec![curve("vanilla"), curve("one")];
    let figure = plot::robustness(&[mean, one], &[("FGSM", "Size", curves.clone()), ("noise", "σ", curves)])?;
    let titles: Vec<&str> = figure.panels().iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["hidden.0", "FGSM", "noise"]);
    assert_eq!(figure.panels()[2].x.label, "σ");
    let svg = figure.svg()?;
    assert_eq!(
        svg.matches("aria-label=\"vanilla\"").count().max(svg.matches(">vanilla<").count()),
        1,
        "{}",
        &svg[..2000]
    );
    Ok(())
}
