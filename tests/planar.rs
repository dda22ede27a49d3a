//! Planar tasks: their flows against what is known about them, and the time series drawn from them.

#[path = "common/errors.rs"]
mod errors;

use eigengate::data::{PlanarTask, TimeSeries};
use eigengate::dynamics::{Event, Integrator, VectorField};
use eigengate::exchange;
use eigengate::{Error, Result};
use errors::{has, text};
use ndarray::{Array3, array, s};
use std::f64::consts::PI;

fn field(task: PlanarTask, x: f64, y: f64) -> [f64; 2] {
    let mut out = [0.0; 2];
    task.field(&[x, y], &mut out);
    out
}

fn jacobian(task: PlanarTask, x: f64, y: f64) -> [f64; 4] {
    let mut out = [0.0; 4];
    task.jacobian(&[x, y], &mut out);
    out
}

fn after(task: PlanarTask, start: [f64; 2], time: f64) -> Vec<f64> {
    Integrator::new().state_at(&task, &start, 0.0, time).unwrap()
}

#[track_caller]
fn near(got: f64, want: f64, bound: f64) {
    assert!((got - want).abs() <= bound, "{got}, wanted {want}");
}

#[test]
fn jacobians_are_those_of_the_flows() {
    let h = 1e-6;
    for task in PlanarTask::ALL {
        for (x, y) in [(0.3, -0.5), (-0.7, 0.2), (0.01, 0.9)] {
            let j = jacobian(task, x, y);
            for k in 0..2 {
                let along =
                    |step: f64| if k == 0 { field(task, x + step, y) } else { field(task, x, y + step) };
                let (up, down) = (along(h), along(-h));
                for i in 0..2 {
                    near(j[2 * i + k], (up[i] - down[i]) / (2.0 * h), 1e-8);
                }
            }
        }
        // Other sizes give NaN and no panic.
        let mut out = [0.0; 3];
        task.field(&[0.1, 0.2], &mut out);
        assert!(out.iter().all(|v| v.is_nan()));
        task.jacobian(&[0.1], &mut out);
        assert!(out.iter().all(|v| v.is_nan()));
    }
}

#[test]
fn fitzhugh_nagumo_has_its_cycle() -> Result<()> {
    let task = PlanarTask::FitzHughNagumo;
    // v = 1, w = 2, written out: dv/dt = 1 - 1/3 - 2 + 1/2, dw/dt = (1 + 0.7 - 1.6) / 12.5.
    let [dx, dy] = field(task, 0.4, 1.0);
    near(2.5 * dx, -5.0 / 6.0, 1e-12);
    near(1.5 * dy, 0.1 / 12.5, 1e-12);
    let upwards = Event::section(&[0.0, 0.0], &[1.0, 0.0])?.rising();
    let run = Integrator::new().run_with_events(&task, &[0.1, 0.3], 0.0, 400.0, &[upwards])?;
    let times: Vec<f64> = run.events().iter().map(|hit| hit.time).collect();
    let period = times[times.len() - 1] - times[times.len() - 2];
    // Classical Runge-Kutta in float64 with steps of 0.002, in Python.
    near(period, PERIOD, 1e-4);
    near(period / task.time_step(), 49.0, 1.0);
    Ok(())
}

const PERIOD: f64 = 39.474415;

#[test]
fn attractors_are_where_they_are_said_to_be() {
    // The line keeps what is along it; what is across it falls as exp(-t).
    let (along, across) = ([0.75f64.sqrt(), 0.5], [-0.5, 0.75f64.sqrt()]);
    let start = [0.2, 0.6];
    let (a, m) = (start[0] * along[0] + start[1] * along[1], start[0] * across[0] + start[1] * across[1]);
    let end = after(PlanarTask::LineAttractor, start, 1.5);
    for k in 0..2 {
        near(end[k], a * along[k] + m * (-1.5f64).exp() * across[k], 1e-8);
    }
    // 30 degrees.
    assert_eq!(
        field(PlanarTask::LineAttractor, (PI / 6.0).cos(), (PI / 6.0).sin()).map(|f| f.abs() < 1e-15),
        [true; 2]
    );

    // On the ring the angle stays; the square s of the radius is logistic: s' = 2 s (1 - s / 0.36).
    let end = after(PlanarTask::RingAttractor, [0.06, 0.08], 2.0);
    let s0 = 0.01;
    let s = 0.36 * s0 * 4f64.exp() / (0.36 + s0 * (4f64.exp() - 1.0));
    near(end[0], 0.6 * s.sqrt(), 1e-8);
    near(end[1], 0.8 * s.sqrt(), 1e-8);
    let at = |angle: f64| field(PlanarTask::RingAttractor, 0.6 * angle.cos(), 0.6 * angle.sin());
    assert!((0..12).all(|k| at(f64::from(k)).iter().all(|f| f.abs() < 1e-12)));

    for (x, y) in [(0.1, 0.2), (-0.9, 0.8), (0.3, -0.3), (-0.01, -0.02)] {
        let end = after(PlanarTask::TwoBitMemory, [x, y], 40.0);
        near(end[0], 0.6f64.copysign(x), 1e-9);
        near(end[1], 0.6f64.copysign(y), 1e-9);
    }
    let [a, b, c, d] = jacobian(PlanarTask::TwoBitMemory, 0.6, 0.0);
    assert!((a + 2.0).abs() < 1e-12 && d == 1.0 && b == 0.0 && c == 0.0, "a saddle on the axis");

    // A quarter of a turn.
    let end = after(PlanarTask::DampedSpiral, [0.5, 0.0], PI / 2.0);
    near(end[0], 0.0, 1e-9);
    near(end[1], 0.5 * (-0.05 * PI).exp(), 1e-9);

    // q = 2 x, p = 2 y: dp/dt = q - q^3 - p / 2.
    let (q, p) = (1.2, -0.6);
    let [dx, dy] = field(PlanarTask::DoubleWell, q / 2.0, p / 2.0);
    near(2.0 * dx, p, 1e-12);
    near(2.0 * dy, q - q * q * q - 0.5 * p, 1e-12);
    let end = after(PlanarTask::DoubleWell, [0.05, 0.0], 80.0);
    near(end[0].abs(), 0.5, 1e-6);
    near(end[1], 0.0, 1e-6);
}

#[test]
fn series_are_trajectories_with_noise() -> Result<()> {
    for task in PlanarTask::ALL {
        let sampling = task.sampling().with_noise(0.02).with_seed(5);
        let data = sampling.generate(40, 10)?;
        let (train, test) = (&data.train, &data.test);
        assert_eq!(
            (train.len(), test.len(), train.points(), train.variables()),
            (40, 10, sampling.steps + 1, 2)
        );
        assert_eq!(train.time_step(), task.time_step());
        assert!(train.observed().iter().chain(train.truth()).all(|x| x.abs() < 1.0), "{task:?}");
        // Starts fill their square.
        let starts = train.truth().slice(s![.., 0, ..]).to_owned();
        let largest = starts.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(f64::from(largest) <= task.start() && f64::from(largest) > 0.8 * task.start(), "{largest}");
        // From each start the flow leads to the last point.
        for i in [0, 17] {
            let start = [0, 1].map(|k| f64::from(train.truth()[[i, 0, k]]));
            let end = after(task, start, sampling.steps as f64 * task.time_step());
            for k in 0..2 {
                near(f64::from(train.truth()[[i, sampling.steps, k]]), end[k], 2e-5);
            }
        }
        let errors: Vec<f64> =
            train.observed().iter().zip(train.truth()).map(|(o, t)| f64::from(o - t)).collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        let deviation = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
        assert!(mean.abs() < 2e-3 && (deviation / 0.02 - 1.0).abs() < 0.05, "{mean} {deviation}");
    }
    Ok(())
}

#[test]
fn seeds_and_places_fix_trajectories() -> Result<()> {
    let sampling = PlanarTask::TwoBitMemory.sampling();
    let data = sampling.generate(6, 4)?;
    assert_eq!(sampling.generate(6, 4)?, data);
    let more = sampling.generate(9, 6)?;
    assert_eq!(more.train.take(6)?, data.train);
    assert_eq!(more.test.take(4)?, data.test);
    let first = |series: &TimeSeries| series.truth().slice(s![.., 0, 0]).to_vec();
    assert!(first(&data.test).iter().all(|x| !first(&more.train).contains(x)));
    let other = sampling.clone().with_seed(1).generate(6, 4)?;
    assert!(first(&other.train).iter().all(|x| !first(&data.train).contains(x)));
    // Without noise the truth is seen; more steps go on.
    let still = sampling.clone().with_noise(0.0).with_steps(60).generate(6, 4)?;
    assert_eq!(still.train.observed(), still.train.truth());
    let begin = still.train.truth().slice(s![.., ..51, ..]).to_owned();
    assert!(begin.iter().zip(data.train.truth()).all(|(a, b)| (a - b).abs() < 1e-6));
    Ok(())
}

#[test]
fn files_bring_series_back() -> Result<()> {
    let folder = tempfile::tempdir().unwrap();
    let (npz, npy) = (folder.path().join("series.npz"), folder.path().join("series.npy"));
    let series = PlanarTask::DampedSpiral.sampling().with_steps(4).generate(3, 1)?.train;
    series.write_npz(&npz)?;
    assert_eq!(TimeSeries::read_npz(&npz)?, series);
    series.write_npy(&npy)?;
    let seen = TimeSeries::read_npy(&npy, 0.2)?;
    assert_eq!((seen.observed(), seen.truth()), (series.observed(), series.observed()));
    seen.write_npz(&npz)?;
    assert_eq!(TimeSeries::read_npz(&npz)?, seen);
    let frame = series.frame()?;
    assert_eq!(frame.shape(), (15, 6));
    assert_eq!(format!("{seen:?}"), "TimeSeries(3 of 5 points, 2 variables, 0.2 apart)");
    assert_eq!(format!("{series:?}"), "TimeSeries(3 of 5 points, 2 variables, 0.2 apart, truth known)");
    exchange::write_npy(&npy, &array![1.0f32])?;
    assert!(TimeSeries::read_npy(&npy, 0.2).is_err());
    Ok(())
}

#[test]
fn bad_settings_and_series_are_refused() -> Result<()> {
    let sampling = PlanarTask::DampedSpiral.sampling();
    has(&text(sampling.clone().with_noise(-0.1).generate(1, 1)), &["noise = -0.1"]);
    has(&text(sampling.clone().with_noise(f64::NAN).generate(1, 1)), &["noise = NaN"]);
    has(&text(sampling.clone().with_steps(0).generate(1, 1)), &["steps = 0"]);
    has(&text(sampling.clone().with_time_step(0.0).generate(1, 1)), &["time_step = 0"]);
    has(&text(sampling.generate(0, 1)), &["time series", "empty"]);
    has(&text(PlanarTask::from_name("circle")), &["circle", "ring_attractor"]);
    assert!(
        PlanarTask::ALL.into_iter().all(|task| PlanarTask::from_name(task.name()).is_ok_and(|t| t == task))
    );

    has(&text(TimeSeries::new(Array3::zeros((2, 1, 2)), 0.1)), &["points = 1", "at least two"]);
    has(&text(TimeSeries::new(Array3::zeros((2, 3, 0)), 0.1)), &["empty"]);
    has(&text(TimeSeries::new(Array3::zeros((2, 3, 1)), -1.0)), &["time_step = -1"]);
    assert!(matches!(TimeSeries::new(array![[[0.0], [f32::NAN]]], 0.1), Err(Error::NotFinite { .. })));
    let series = TimeSeries::new(Array3::zeros((2, 3, 1)), 0.1)?;
    has(
        &text(series.clone().with_truth(Array3::zeros((2, 4, 1)))),
        &["true time series", "(2, 3, 1)", "(2, 4, 1)"],
    );
    has(&text(series.take(3)), &["count = 3", "1 to 2"]);
    has(&text(series.trajectory(2).map(|_| ())), &["index = 2", "below 2"]);
    Ok(())
}
