//! What two units learn: the runs, their table, and the results that are shipped.

#[path = "common/errors.rs"]
mod errors;

use eigengate::data::PlanarTask;
use eigengate::dynamics::{Kind, VectorField, families};
use eigengate::experiments::jordan2021::{Learning, PlanarResults, PlanarRow, drift_times, perform};
use eigengate::frame::Frame;
use eigengate::nn::Gru;
use errors::{has, text};
use ndarray::{Array2, array};

#[test]
fn points_of_the_attractors_do_not_move() {
    for (task, length) in
        [(PlanarTask::LineAttractor, 1.2), (PlanarTask::RingAttractor, 0.6 * std::f64::consts::TAU)]
    {
        let points = task.continuous_attractor(101).unwrap();
        let mut field = [0.0; 2];
        for point in points.outer_iter() {
            task.field(&point.to_vec(), &mut field);
            assert!(field[0].hypot(field[1]) < 1e-15, "{task:?} at {point}");
        }
        let pieces = points.outer_iter().zip(points.outer_iter().skip(1));
        let along: f64 = pieces.map(|(a, b)| (&a - &b).mapv(|d| d * d).sum().sqrt()).sum();
        let share = if task == PlanarTask::LineAttractor { 1.0 } else { 100.0 / 101.0 };
        assert!((along / (length * share) - 1.0).abs() < 1e-3, "{task:?}: {along}");
    }
    assert!(PlanarTask::TwoBitMemory.continuous_attractor(3).is_none());
}

#[test]
fn drift_is_counted_in_steps_of_the_network() {
    // Without weights every step halves the state: 1 - 2^-k away after k steps from 1.
    let halving = Gru::from_weights(&families::rotation(0.0, 0.0).unwrap()).unwrap();
    let points = array![[1.0, 0.0], [0.0, -0.5], [0.01, 0.0]];
    assert_eq!(drift_times(&halving, &points, 0.9, 1000).unwrap(), [Some(4), None, None]);
    assert_eq!(drift_times(&halving, &points, 0.9, 3).unwrap(), [None, None, None]);
    assert_eq!(drift_times(&halving, &points, 0.2, 1000).unwrap(), [Some(1), Some(1), None]);
    let refused = |points: &Array2<f64>, distance: f64| text(drift_times(&halving, points, distance, 10));
    has(&refused(&points, 0.0), &["distance = 0", "above 0"]);
    has(&refused(&Array2::zeros((0, 2)), 0.1), &["points", "empty"]);
    has(&refused(&Array2::zeros((1, 3)), 0.1), &["points", "2 columns", "found 3"]);
    has(&refused(&array![[f64::NAN, 0.0]], 0.1), &["starting point", "NaN"]);
}

fn short() -> Learning {
    Learning { steps: 150, trajectories: (20, 10), starts: 8, follow: 500, ..Learning::default() }
}

#[test]
fn a_row_does_not_depend_on_the_other_seeds_and_comes_back_from_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let rows = perform(PlanarTask::RingAttractor, &[3, 1], &short()).unwrap();
    let alone = perform(PlanarTask::RingAttractor, &[1], &short()).unwrap();
    assert!(rows[1] == alone[0] && rows[0] != alone[0]);
    let other = perform(PlanarTask::FitzHughNagumo, &[1], &short()).unwrap();
    assert!(other[0].on_attractor.is_none() && other[0].drift.is_none());
    let results = PlanarResults::new([rows.clone(), other].concat());
    assert_eq!(format!("{results:?}"), "PlanarResults(3 runs: fitzhugh_nagumo 1, ring_attractor 2)");
    results.write(&path).unwrap();
    let read = PlanarResults::read(&path).unwrap();
    assert!(read == results, "{read:?}");
    assert_eq!(read.of(PlanarTask::RingAttractor).iter().map(|row| row.seed).collect::<Vec<_>>(), [1, 3]);
    // The first of two with one key stays.
    assert!(PlanarResults::new([results.rows(), &rows].concat()) == results);
    consistent(&read.rows()[1]);

    let wrong = folder.path().join("wrong.parquet");
    Frame::new().with("task", ["ring_attractor"]).unwrap().write_parquet(&wrong).unwrap();
    has(&text(PlanarResults::read(&wrong)), &["planar results", "seed: i64", "task: str"]);
    has(&text(PlanarResults::read(folder.path().join("none"))), &["cannot read"]);
}

/// The weights of a row have the fixed points that it says.
fn consistent(row: &PlanarRow) {
    let points = row.weights.fixed_points().unwrap();
    let (sinks, saddles, sources) = points.topology();
    assert_eq!(row.points, [sinks, saddles, sources, points.count(Kind::NonHyperbolic)], "{row:?}");
    assert_eq!(row.proved, points.complete);
    if let (true, Some(memory)) = (sinks > 0, row.memory) {
        let slowest = points.points.iter().filter(|point| point.kind.is_stable());
        let rate = slowest.map(|point| point.eigenvalues[0].re).fold(f64::NEG_INFINITY, f64::max);
        // Of real modes: 1 + rate per step.
        if points.points.iter().all(|point| point.eigenvalues[0].im == 0.0) {
            assert!((memory * rate.ln_1p() + 1.0).abs() < 1e-6, "{row:?}: {memory} against {rate}");
        }
    }
}

/// The measures of a row from its weights, encoder and readout alone, written out.
fn measured(row: &PlanarRow, learning: &Learning) {
    let map = row.weights.map();
    let starts = row.task.continuous_attractor(learning.starts).unwrap();
    let mut times = vec![];
    for start in starts.outer_iter() {
        let mut h = (row.encoder.0.dot(&start) + &row.encoder.1).mapv(f64::tanh);
        let mut time = f64::INFINITY;
        for step in 1..=learning.follow {
            h = map.iterate(&h, 1).unwrap();
            let output = row.readout.weight().dot(&h) + row.readout.bias();
            if (output - start).mapv(|d| d * d).sum().sqrt() > learning.distance {
                time = step as f64;
                break;
            }
        }
        times.push(time);
    }
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    assert_eq!(row.drift, Some([times[0], 0.5 * (times[middle - 1] + times[middle])]), "{row:?}: {times:?}");
    let share = |steps: f64| times.iter().filter(|time| **time > steps).count() as f64 / times.len() as f64;
    assert_eq!(
        row.kept,
        Some([times.iter().filter(|t| t.is_infinite()).count() as f64 / times.len() as f64, share(50.0)])
    );
    let points = row.weights.fixed_points().unwrap().points;
    let on = points.iter().filter(|point| {
        let output = row.readout.of(&point.state).unwrap();
        let (x, y) = (output[0], output[1]);
        match row.task {
            PlanarTask::RingAttractor => (x.hypot(y) - 0.6).abs() < learning.distance,
            _ => {
                // The foot on the line through 0 at 30 degrees, no farther out than its ends.
                let along = (x * 0.75f64.sqrt() + y * 0.5).clamp(-0.6, 0.6);
                (x - along * 0.75f64.sqrt()).hypot(y - along * 0.5) < learning.distance
            }
        }
    });
    assert_eq!(row.on_attractor, Some(on.count()), "{row:?}");
}

#[test]
fn measures_are_those_of_their_definitions() {
    let learning =
        Learning { steps: 1500, trajectories: (40, 10), starts: 10, follow: 4000, ..Learning::default() };
    let (mut never, mut kept, mut on) = (vec![], vec![], 0);
    for task in [PlanarTask::LineAttractor, PlanarTask::RingAttractor] {
        for row in perform(task, &[0, 1, 2], &learning).unwrap() {
            measured(&row, &learning);
            never.push(row.kept.unwrap()[0]);
            kept.push(row.kept.unwrap()[1]);
            on += row.on_attractor.unwrap();
        }
    }
    // They are not all alike.
    assert!(
        never != kept && kept.iter().any(|share| *share > 0.0 && *share < 1.0) && on > 0,
        "{never:?} {kept:?} {on}"
    );
    // Cycles, stable ones first.
    let row = &perform(PlanarTask::FitzHughNagumo, &[35], &learning).unwrap()[0];
    let portrait = row.weights.portrait().unwrap();
    let cycles = portrait.plane.unwrap().cycles.cycles;
    assert_eq!(
        row.cycles,
        [
            cycles.iter().filter(|cycle| cycle.stable).count(),
            cycles.iter().filter(|cycle| !cycle.stable).count()
        ]
    );
    assert!(row.cycles == [1, 0] && row.period == Some(cycles[0].period), "{row:?}");
}

#[test]
fn the_shipped_rows_are_what_their_weights_have() {
    let results = PlanarResults::shipped().unwrap();
    for task in PlanarTask::ALL {
        let rows = results.of(task);
        assert!(rows.len() >= 20, "{task:?}: {}", rows.len());
        rows.iter().step_by(4).for_each(consistent);
    }
    // The claim: no line, no ring, but a few fixed points that are proved to be all.
    for task in [PlanarTask::LineAttractor, PlanarTask::RingAttractor] {
        for row in results.of(task) {
            assert!(row.proved && (1..10).contains(&row.fixed_points()), "{row:?}");
            assert!(row.drift.is_some() && row.kept.is_some());
        }
    }
}
