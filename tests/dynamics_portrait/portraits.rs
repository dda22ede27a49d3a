//! One call for everything: what a portrait has, what its checks notice, and its figure.

use eigengate::dynamics::{Fate, GruWeights, Kind, Portrait, PortraitOptions, Reset, Window, families};
use eigengate::plot;
use ndarray::array;

fn quick() -> PortraitOptions {
    PortraitOptions::new().with_basins(40).with_spacing(0.1)
}

fn of(weights: eigengate::Result<GruWeights>) -> Portrait {
    Portrait::new(&weights.unwrap(), &quick()).unwrap()
}

fn texts(frame: &eigengate::frame::Frame, column: &str) -> Vec<String> {
    let column = frame.column(column).unwrap();
    column.str().unwrap().iter().map(|text| text.unwrap_or_default().to_owned()).collect()
}

#[test]
fn four_memories_and_their_basins() {
    let portrait = of(families::two_bistable_units(3.0, 3.0));
    assert!(portrait.holds(), "{:?}", portrait.checks());
    let plane = portrait.plane.as_ref().unwrap();
    assert_eq!(portrait.fixed_points.topology(), (4, 4, 1));
    assert!(plane.cycles.cycles.is_empty());
    // Two unstable and two stable branches of four saddles; the stable ones are the axes, from the source outwards.
    assert_eq!(plane.manifolds.len(), 16);
    for branch in plane.manifolds.iter().filter(|branch| branch.stable) {
        assert!(branch.line.points.iter().all(|h| h[0].abs().min(h[1].abs()) < 1e-6));
    }
    for branch in plane.manifolds.iter().filter(|branch| !branch.stable) {
        let Fate::FixedPoint(end) = branch.end else { panic!("{branch:?}") };
        assert!(portrait.fixed_points.points[end].kind.is_stable());
    }
    let basins = plane.basins.as_ref().unwrap();
    for index in 0..4 {
        assert!((basins.share(index) - 0.25).abs() < 1e-9, "{}", basins.share(index));
    }
    assert_eq!(
        format!("{portrait:?}").split(';').next().unwrap(),
        "Portrait(2 units: 4 sinks, 4 saddles, 1 sources, 0 stable and 0 unstable cycles"
    );
}

#[test]
fn the_table_has_every_object_with_its_checks() {
    let portrait = of(families::rotation(3.0, 0.7));
    assert!(portrait.holds(), "{:?}", portrait.checks());
    let frame = portrait.frame().unwrap();
    let objects = texts(&frame, "object");
    assert_eq!(
        objects,
        [
            "fixed points",
            "fixed point 1",
            "nullcline 1",
            "nullcline 2",
            "cycles",
            "cycle 1",
            "basins",
            "basin 1"
        ]
    );
    assert_eq!(texts(&frame, "class")[1], "unstable_focus");
    let value = frame.column("value").unwrap().f64().unwrap();
    // Re lambda = (1.5 cos 0.7 - 1) / 2; the period of the reference case.
    assert!((value.get(1).unwrap() - 0.5 * (1.5 * 0.7f64.cos() - 1.0)).abs() < 1e-14);
    assert!((value.get(5).unwrap() - 14.977200039899728).abs() < 1e-8);
    let holds: Vec<Option<bool>> = frame.column("holds").unwrap().bool().unwrap().iter().collect();
    assert!(holds.iter().all(|holds| *holds == Some(true)));
    let counts: Vec<Option<i64>> = frame.column("checks").unwrap().i64().unwrap().iter().collect();
    assert_eq!(counts.iter().map(|count| count.unwrap()).sum::<i64>() as usize, portrait.checks().len());
    assert_eq!(counts[5], Some(5));

    let checks = portrait.checks_frame().unwrap();
    assert_eq!(checks.height(), portrait.checks().len());
    assert!(texts(&checks, "check").contains(&"det M less exp(int div f)".to_owned()));
    assert_eq!(
        portrait.status(),
        "(0.000000, 0.000000) unstable focus: c+ = 2, c- = 0, im = 0, r+ = 0, r- = 0"
    );
}

#[test]
fn the_status_counts_eigenvalues_as_xppaut_does() {
    let status = of(families::two_bistable_units(3.0, 1.0)).status();
    // Sinks at both ends of the first axis, a saddle in the middle.
    let lines: Vec<&str> = status.lines().map(|line| line.split_once(": ").unwrap().1).collect();
    let (sink, saddle) = ("c+ = 0, c- = 0, im = 0, r+ = 0, r- = 2", "c+ = 0, c- = 0, im = 0, r+ = 1, r- = 1");
    assert_eq!(lines, [sink, saddle, sink]);
}

#[test]
fn every_wrong_number_takes_the_verdict_away() {
    let good = of(families::rotation(3.0, 0.7));
    let memories = of(families::two_bistable_units(3.0, 3.0));
    type Change = Box<dyn Fn(&mut Portrait)>;
    let wrong: Vec<(&Portrait, &str, Change)> = vec![
        (&good, "fixed points", Box::new(|p| p.fixed_points.index_sum = 0)),
        (&good, "fixed point 1", Box::new(|p| p.fixed_points.points[0].residual = 1e-9)),
        (&good, "nullcline 2", Box::new(|p| p.plane.as_mut().unwrap().nullclines[1].met -= 1)),
        (&good, "nullcline 1", Box::new(|p| p.plane.as_mut().unwrap().nullclines[0].residual = 1e-3)),
        (
            &good,
            "nullcline 1",
            Box::new(|p| p.plane.as_mut().unwrap().nullclines[0].undecided.push(Window::UNIT)),
        ),
        (&good, "cycle 1", Box::new(|p| p.plane.as_mut().unwrap().cycles.cycles[0].residual = 1e-6)),
        (&good, "cycle 1", Box::new(|p| p.plane.as_mut().unwrap().cycles.cycles[0].trivial.re = 1.01)),
        (&good, "cycle 1", Box::new(|p| p.plane.as_mut().unwrap().cycles.cycles[0].defect = 1e-3)),
        (&good, "cycle 1", Box::new(|p| p.plane.as_mut().unwrap().cycles.cycles[0].determinant *= 1.1)),
        (&good, "cycle 1", Box::new(|p| p.plane.as_mut().unwrap().cycles.index_sums[0] = 2)),
        (&memories, "branch 3", Box::new(|p| p.plane.as_mut().unwrap().manifolds[2].end = Fate::Undecided)),
        (&memories, "branch 1", Box::new(|p| p.plane.as_mut().unwrap().manifolds[0].end = Fate::Length)),
        (
            &memories,
            "basins",
            Box::new(|p| p.plane.as_mut().unwrap().basins.as_mut().unwrap().labels[[3, 4]] = -1),
        ),
        (
            &memories,
            "basins",
            Box::new(|p| p.plane.as_mut().unwrap().basins.as_mut().unwrap().edges_on_separatrix /= 2),
        ),
        (
            &memories,
            "basins",
            Box::new(|p| p.plane.as_mut().unwrap().basins.as_mut().unwrap().crossings_on_edge /= 2),
        ),
    ];
    for (portrait, object, change) in wrong {
        let mut changed = portrait.clone();
        assert!(changed.holds());
        change(&mut changed);
        assert!(!changed.holds(), "{object}");
        let failed: Vec<String> =
            changed.checks().into_iter().filter(|check| !check.holds).map(|check| check.object).collect();
        assert_eq!(failed, [object]);
        let frame = changed.frame().unwrap();
        let row = texts(&frame, "object").iter().position(|name| name == object).unwrap();
        assert_eq!(frame.column("holds").unwrap().bool().unwrap().get(row), Some(false));
        assert!(format!("{changed:?}").contains("1 of "), "{changed:?}");
    }
    // What is no number: proofs and classes.
    let changes: [Change; 3] = [
        Box::new(|p| p.fixed_points.complete = false),
        Box::new(|p| p.fixed_points.points[0].certified = false),
        Box::new(|p| p.fixed_points.points[0].kind = Kind::NonHyperbolic),
    ];
    for change in changes {
        let mut changed = good.clone();
        change(&mut changed);
        assert!(!changed.holds() && format!("{changed:?}").ends_with("not certified)"), "{changed:?}");
    }
}

#[test]
fn a_fold_never_holds() {
    // One unit at its fold: b = artanh h - w h at h = -sqrt(1 - 1/w), w = 3/2.
    let h = -(1.0f64 / 3.0).sqrt();
    let weights = GruWeights::new(
        Reset::Before,
        array![[0.0]],
        array![[0.0]],
        array![[3.0]],
        array![0.0],
        array![0.0],
        array![h.atanh() - 1.5 * h],
    );
    let portrait = of(weights);
    assert!(!portrait.holds(), "{portrait:?}");
    assert!(portrait.fixed_points.points.iter().any(|p| (p.state[0] - h).abs() < 1e-6), "{portrait:?}");
    assert!(plot::portrait(&portrait).unwrap().png().is_ok());
}

#[test]
fn more_units_have_orbits() {
    let portrait = of(families::random(3, 4.0, 3, Reset::Before));
    let space = portrait.space.as_ref().unwrap();
    assert!(portrait.plane.is_none() && portrait.fixed_points.index_sum == 1);
    assert!((space.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    // Components are orthonormal, and the mean is where they have their zero.
    let gram = space.components.dot(&space.components.t());
    assert!(gram.indexed_iter().all(|((i, j), g)| (g - f64::from(u8::from(i == j))).abs() < 1e-12), "{gram}");
    assert_eq!(space.project(&space.mean), [0.0, 0.0]);
    // Orbits along unstable directions, two for each, then the others.
    let unstable: usize = portrait.fixed_points.points.iter().map(|p| p.unstable).sum();
    assert_eq!(space.orbits.iter().filter(|orbit| orbit.leaves.is_some()).count(), 2 * unstable);
    for orbit in space.orbits.iter().filter(|orbit| orbit.leaves.is_some()) {
        let from = &portrait.fixed_points.points[orbit.leaves.unwrap()].state;
        let first = &orbit.states.row(0) - from;
        assert!(first.iter().all(|d| d.abs() < 1.1e-4));
    }
    let text = plot::portrait(&portrait).unwrap().summary().unwrap();
    assert!(text.contains("[A] x: h₁") && text.contains("[C] x: h₂") && text.contains("y: h₃"), "{text}");
    assert_eq!(
        format!("{:?}", of(families::random(3, 4.0, 3, Reset::Before)).checks()),
        format!("{:?}", portrait.checks())
    );
}

#[test]
fn figures_show_what_there_is() {
    let summary = |weights| plot::portrait(&of(weights)).unwrap().summary().unwrap();
    let text = summary(families::rotation(3.0, 0.7));
    for part in [
        "x: h₁ (-1.04 to 1.04)",
        "`dh₁/dt = 0`",
        "`dh₂/dt = 0`",
        "1 curves `stable cycle`",
        "`unstable focus`: 1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("saddle"), "{text}");
    let text = summary(families::two_bistable_units(3.0, 3.0));
    for part in [
        "regions: 40 x 40 labels, 1 25 %, 2 25 %, 3 25 %, 4 25 %",
        "8 curves `stable manifold of a saddle`",
        "8 curves `unstable manifold of a saddle`",
        "`saddle`: 4 points",
        "`stable node`: 4 points",
        "`unstable node`: 1 points",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = summary(families::random(1, 6.0, 3, Reset::Before));
    assert!(text.contains("line `dh₁/dt`") && text.contains("curves `flow`"), "{text}");

    let (a, b) = (of(families::rotation(3.0, 0.1)), of(families::rotation(3.0, 0.7)));
    let figure = plot::portraits(&[("four", &a), ("cycle", &b)]).unwrap();
    assert!(figure.panels()[1].title == "cycle" && figure.panels()[0].letter == Some('A'));
    assert!(plot::portraits(&[]).unwrap_err().to_string().contains("empty"));
    // A part of the plane.
    let view = Window::new([-0.2, -0.1], [0.2, 0.1]).unwrap();
    let part = Portrait::new(&families::rotation(3.0, 0.7).unwrap(), &quick().with_view(view)).unwrap();
    let text = plot::portrait(&part).unwrap().summary().unwrap();
    assert!(text.contains("x: h₁ (-0.2 to 0.2)") && text.contains("y: h₂ (-0.1 to 0.1)"), "{text}");
}

#[test]
fn options_out_of_range_are_refused() {
    let weights = families::rotation(3.0, 0.7).unwrap();
    for (options, name) in [
        (quick().with_basins(5000), "basins"),
        (quick().with_spacing(0.7), "spacing"),
        (quick().with_spacing(f64::NAN), "spacing"),
        (quick().with_time(0.0), "time"),
        (PortraitOptions { max_length: f64::INFINITY, ..quick() }, "max_length"),
        (quick().with_view(Window { low: [0.0; 2], high: [0.0, 1.0] }), "window"),
    ] {
        let error = Portrait::new(&weights, &options).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
    let bare = Portrait::new(&weights, &quick().with_basins(0).with_spacing(0.0)).unwrap();
    let plane = bare.plane.as_ref().unwrap();
    assert!(plane.basins.is_none() && plane.streamlines.is_empty() && bare.holds());
    assert!(plot::portrait(&bare).is_ok());
}
