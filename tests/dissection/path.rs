//! Paths of systems: what is born and lost on them, against closed forms, against themselves reversed and cut in two.

use crate::errors::{has, text};
use eigengate::dynamics::{
    Atlas, Bifurcation, Birth, Cause, Change, GruWeights, PathEvent, Reset, WeightPath, WeightPathOptions,
    families,
};
use std::f64::consts::FRAC_PI_4;

fn rotation(angle: f64) -> GruWeights {
    families::rotation(3.0, angle).unwrap()
}

fn follow(systems: &[(f64, GruWeights)]) -> WeightPath {
    WeightPath::new(systems, &WeightPathOptions::new()).unwrap()
}

fn of(path: &WeightPath, cause: Cause, change: Change) -> Vec<&PathEvent> {
    path.events.iter().filter(|event| event.cause == cause && event.change == change).collect()
}

const HOPF: Cause = Cause::Local(Bifurcation::Hopf);
const FOLD: Cause = Cause::Local(Bifurcation::Fold);

#[test]
fn a_cycle_is_born_at_the_hopf_point_of_the_formula_and_lost_on_four_folds() {
    let path = follow(&[(0.0, rotation(1.2)), (1000.0, rotation(FRAC_PI_4)), (3000.0, rotation(0.05))]);
    assert!(path.complete, "{path:?}");
    // The origin is a Hopf point where 3 cos = 2, and the cosine is linear along a piece.
    let place = 1000.0 * (2.0 / 3.0 - 1.2f64.cos()) / (FRAC_PI_4.cos() - 1.2f64.cos());
    let [hopf] = of(&path, HOPF, Change::CycleBorn)[..] else { panic!("{path:?}") };
    assert!((hopf.place - place).abs() < 1e-7 && hopf.converged, "{hopf:?}, expected at {place}");
    assert_eq!(hopf.unstable, [0, 2]);
    let folds = of(&path, FOLD, Change::PointsBorn);
    assert_eq!(folds.len(), 4, "{path:?}");
    assert!(folds.iter().all(|fold| fold.unstable == [0, 1] && (fold.place - folds[0].place).abs() < 1e-6));
    assert!(folds[0].place > 1000.0);
    let [lost] = of(&path, Cause::SaddleNodeOnCycle, Change::CycleLost)[..] else { panic!("{path:?}") };
    assert!((lost.place - folds[0].place).abs() < 1e-6);
    assert_eq!(path.events.len(), 6, "{path:?}");
    assert!(path.events.windows(2).all(|two| two[0].place <= two[1].place));

    assert_eq!((path.points.len(), path.cycles.len()), (9, 0));
    for life in &path.points {
        if life.state.iter().all(|h| h.abs() < 1e-9) {
            assert_eq!(life.birth, Birth::First);
            let [(changed, cause)] = life.changes[..] else { panic!("{life:?}") };
            assert!(cause == HOPF && (changed - place).abs() < 1e-7);
        } else {
            let Birth::Born { place, cause } = life.birth else { panic!("{life:?}") };
            assert!(
                cause == FOLD && (place - folds[0].place).abs() < 1e-6 && life.changes.is_empty(),
                "{life:?}"
            );
        }
    }
    let counts = path.systems_frame().unwrap();
    let column =
        |name: &str| counts.column(name).unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>();
    assert_eq!(
        (column("sinks"), column("saddles"), column("sources")),
        (vec![1, 0, 4], vec![0, 0, 4], vec![0, 1, 1])
    );
    assert_eq!(column("stable_cycles"), [0, 1, 0]);
    assert_eq!(path.events_frame().unwrap().height(), 6);
    assert_eq!(path.frame().unwrap().height(), 9);
}

#[test]
fn a_cycle_at_the_end_knows_where_it_comes_from() {
    // Through a system in the middle: the cycle is followed back across it.
    let path =
        follow(&[(0.0, rotation(1.2)), (10.0, rotation(0.8)), (11.0, rotation(0.75)), (20.0, rotation(0.7))]);
    let [cycle] = &path.cycles[..] else { panic!("{path:?}") };
    let place = 10.0 * (2.0 / 3.0 - 1.2f64.cos()) / (0.8f64.cos() - 1.2f64.cos());
    let Birth::Born { place: born, cause: HOPF } = cycle.birth else { panic!("{cycle:?}") };
    assert!((born - place).abs() < 1e-7 && cycle.class == "stable_cycle", "{cycle:?}");
    // From the folds, the other way round.
    let back = follow(&[(0.0, rotation(0.05)), (10.0, rotation(0.6))]);
    let Birth::Born { cause, .. } = back.cycles[0].birth else { panic!("{back:?}") };
    assert_eq!(cause, Cause::SaddleNodeOnCycle);
    // There all along.
    let path = follow(&[(0.0, rotation(0.7)), (1.0, rotation(0.6))]);
    assert!(
        path.events.is_empty() && path.cycles.len() == 1 && path.cycles[0].birth == Birth::First,
        "{path:?}"
    );
}

#[test]
fn the_way_back_meets_the_same_events() {
    let there = follow(&[(0.0, rotation(1.2)), (1.0, rotation(FRAC_PI_4)), (2.0, rotation(0.05))]);
    let back = follow(&[(0.0, rotation(0.05)), (1.0, rotation(FRAC_PI_4)), (2.0, rotation(1.2))]);
    let mirrored = |change: Change| match change {
        Change::PointsBorn => Change::PointsLost,
        Change::PointsLost => Change::PointsBorn,
        Change::CycleBorn => Change::CycleLost,
        Change::CycleLost => Change::CycleBorn,
        Change::Stability => Change::Stability,
    };
    assert_eq!(there.events.len(), back.events.len());
    for event in &there.events {
        let same = |other: &&PathEvent| {
            other.cause == event.cause
                && other.change == mirrored(event.change)
                && (other.place - (2.0 - event.place)).abs() < 1e-6
        };
        assert!(back.events.iter().any(|other| same(&other)), "{event:?} in {back:?}");
    }
    let hopf = of(&back, HOPF, Change::CycleLost)[0];
    assert_eq!(hopf.unstable, [2, 0]);
}

/// Random systems: what is there at the end is what was there at the beginning, and what was born and not lost.
#[test]
fn random_paths_add_up_and_may_be_cut() {
    let options = WeightPathOptions::new().with_searches(17).without_cycles();
    let (mut events, mut born) = (0, 0);
    for seed in 0..12 {
        let reset = if seed % 2 == 0 { Reset::Before } else { Reset::After };
        let [a, b] = [0, 1].map(|k| families::random(2, 4.0, 2 * seed + k + 100, reset).unwrap());
        let path = WeightPath::new(&[(0.0, a.clone()), (1.0, b.clone())], &options).unwrap();
        assert!(path.complete, "seed {seed}: {path:?}");
        let counts: Vec<i64> =
            path.systems.iter().map(|system| system.fixed_points.points.len() as i64).collect();
        let change: i64 = path
            .events
            .iter()
            .map(|event| match event.change {
                Change::PointsBorn => 2,
                Change::PointsLost => -2,
                _ => 0,
            })
            .sum();
        assert_eq!(counts[0] + change, counts[1], "seed {seed}: {path:?}");
        assert_eq!(path.points.len() as i64, counts[1]);
        for life in &path.points {
            match life.birth {
                Birth::First => {}
                Birth::Born { place, cause } => {
                    born += 1;
                    let is = |event: &&PathEvent| event.cause == cause && (event.place - place).abs() < 1e-9;
                    assert!(path.events.iter().any(|event| is(&event)), "seed {seed}: {life:?}");
                }
                Birth::Unknown(_) => panic!("seed {seed}: {life:?}"),
            }
        }
        // Every fixed point of the first system is lost, or leads to one of the last that has been there all along.
        let first = path.points.iter().filter(|life| life.birth == Birth::First).count() as i64;
        assert!(first <= counts[0] && first % 2 == counts[0] % 2 - (counts[0] - first) % 2);
        events += path.events.len();

        let middle = a.towards(&b, 0.37).unwrap();
        let cut = WeightPath::new(&[(0.0, a), (0.37, middle), (1.0, b)], &options).unwrap();
        let places = |path: &WeightPath| {
            path.events.iter().map(|event| (event.place, event.cause)).collect::<Vec<_>>()
        };
        let (whole, cut_places) = (places(&path), places(&cut));
        assert_eq!(whole.len(), cut_places.len(), "seed {seed}: {path:?}\n{cut:?}");
        for ((a, cause), (b, other)) in whole.iter().zip(&cut_places) {
            assert!((a - b).abs() < 1e-8 && cause == other, "seed {seed}: {a} {b}");
        }
        let births =
            |path: &WeightPath| path.points.iter().map(|life| format!("{life:?}")).collect::<Vec<_>>();
        assert_eq!(births(&path), births(&cut), "seed {seed}");
    }
    assert!(events > 10 && born > 10, "{events} events, {born} born");
}

/// Cycles that no Hopf point of the path leads to, between portraits of the atlas; held against all cycles of the systems on either side.
#[test]
fn folds_of_cycles_and_homoclinic_orbits_are_events() {
    let atlas = Atlas::shipped().unwrap();
    let [first, second] = [0, 1].map(|k| atlas.entries()[k].weights.clone());
    let path = follow(&[(0.0, first.clone()), (1.0, second.clone())]);
    let fold_of_cycles = Cause::Local(Bifurcation::FoldOfCycles);
    let told: Vec<(Cause, Change)> = path.events.iter().map(|event| (event.cause, event.change)).collect();
    assert_eq!(
        told,
        [
            (FOLD, Change::PointsBorn),
            (fold_of_cycles, Change::CycleBorn),
            (Cause::Homoclinic, Change::CycleLost),
            (HOPF, Change::CycleLost),
            (Cause::Homoclinic, Change::CycleBorn),
            (FOLD, Change::PointsLost),
            (Cause::SaddleNodeOnCycle, Change::CycleBorn),
        ],
        "{path:?}"
    );
    let cycles = |share: f64| {
        let plane = first.towards(&second, share).unwrap().portrait().unwrap().plane.unwrap();
        let stable = plane.cycles.cycles.iter().filter(|cycle| cycle.stable).count();
        (stable, plane.cycles.cycles.len() - stable)
    };
    // Before and after each of them: stable and unstable cycles.
    let places: Vec<f64> = path.events.iter().map(|event| event.place).collect();
    for (share, expected) in [
        (places[1] - 1e-4, (0, 0)),
        (places[1] + 1e-4, (1, 1)),
        (places[2] + 1e-4, (1, 0)),
        (places[3] + 1e-3, (0, 0)),
        (places[4] + 1e-3, (0, 1)),
        (places[6] + 1e-3, (1, 1)),
    ] {
        assert_eq!(cycles(share), expected, "at {share}: {path:?}");
    }
    let births: Vec<(&str, String)> =
        path.cycles.iter().map(|life| (life.class, life.birth.to_string())).collect();
    assert!(
        births
            .iter()
            .any(|(class, birth)| *class == "stable_cycle" && birth.ends_with("saddle node on cycle")),
        "{births:?}"
    );
    assert!(
        births.iter().any(|(class, birth)| *class == "unstable_cycle" && birth.ends_with("homoclinic")),
        "{births:?}"
    );

    // A cycle at the end that a fold of cycles has brought.
    let path = follow(&[(0.0, second), (1.0, atlas.entries()[4].weights.clone())]);
    let [cycle] = &path.cycles[..] else { panic!("{path:?}") };
    let Birth::Born { place, cause } = cycle.birth else { panic!("{cycle:?}") };
    assert_eq!(cause, fold_of_cycles);
    assert!(
        of(&path, fold_of_cycles, Change::CycleBorn)
            .iter()
            .any(|event| event.place == place && event.unstable == [0, 1])
    );
    assert_eq!(of(&path, fold_of_cycles, Change::CycleLost).len(), 2);
}

#[test]
fn paths_that_are_none_are_refused() {
    let options = WeightPathOptions::new();
    let path = |systems: &[(f64, GruWeights)]| text(WeightPath::new(systems, &options));
    has(&path(&[(0.0, rotation(0.1))]), &["path", "two systems"]);
    has(&path(&[(1.0, rotation(0.1)), (1.0, rotation(0.2))]), &["places 1 and then 1", "rise"]);
    has(&path(&[(0.0, rotation(0.1)), (f64::NAN, rotation(0.2))]), &["places", "NaN"]);
    let other = families::random(3, 1.0, 1, Reset::Before).unwrap();
    has(&path(&[(0.0, rotation(0.1)), (1.0, other)]), &["2 units", "3 units"]);
    let after = families::random(2, 1.0, 1, Reset::After).unwrap();
    has(&path(&[(0.0, rotation(0.1)), (1.0, after)]), &["After", "Before"]);
    let few = WeightPathOptions::new().with_searches(1);
    let systems = [(0.0, rotation(0.1)), (1.0, rotation(0.2))];
    has(&text(WeightPath::new(&systems, &few)), &["searches = 1", "at least 2"]);
}
