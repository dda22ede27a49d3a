//! Limit cycles by shooting: closed forms, reference cases, what must not be called a cycle.

use crate::reference::{cases, pair};
use crate::systems::{Clock, FitzHughNagumo, Linear, StuartLandau, StuartLandauInSpace, VanDerPol};
use eigengate::Result;
use eigengate::dynamics::{Cycle, Integrator, ReturnMap, Shooting, VectorField, families};
use std::f64::consts::{FRAC_PI_4, PI, TAU};

fn near(found: f64, expected: f64, relative: f64, what: &str) {
    assert!((found - expected).abs() <= relative * expected.abs().max(1e-300), "{what}: {found} {expected}");
}

/// What every cycle must show.
fn sound(cycle: &Cycle) {
    assert!(cycle.residual < 1e-10, "{cycle:?}");
    assert!((cycle.trivial.re - 1.0).abs() < 1e-7 && cycle.trivial.im.abs() < 1e-7, "{cycle:?}");
    assert!(cycle.defect < 1e-7, "{:e} {cycle:?}", cycle.defect);
    assert!(cycle.liouville() < 1e-7, "{:e} {cycle:?}", cycle.liouville());
    let n = cycle.points.nrows();
    assert!(n > 50 && cycle.points.row(0) == cycle.points.row(n - 1), "{n}");
}

#[test]
fn the_cycle_of_stuart_and_landau_is_exact() -> Result<()> {
    for (r, w) in [(1.0, 1.0), (0.25, 3.0), (0.01, 1.0)] {
        let flow = StuartLandau { r, w };
        let cycle = Shooting::new().run(&flow, &[1.2 * r.sqrt(), 0.1 * r.sqrt()], 5.0 / w)?;
        sound(&cycle);
        near(cycle.period, TAU / w, 1e-10, "period");
        near(cycle.multipliers[0].re, (-2.0 * r * TAU / w).exp(), 1e-8, "multiplier");
        near(cycle.point[0].hypot(cycle.point[1]), r.sqrt(), 1e-10, "radius");
        assert!(cycle.stable && cycle.multipliers.len() == 1);
        near(cycle.extent, 2.0 * r.sqrt(), 1e-3, "extent");
    }
    Ok(())
}

#[test]
fn a_cycle_that_repels_is_followed_backward() -> Result<()> {
    // The flow backward in time: the same circle with the inverse multiplier, exp(4 pi) = 2.9e5, and with exp(8 pi).
    for r in [1.0, 2.0] {
        let flow = Backward(StuartLandau { r, w: 1.0 });
        let cycle = Shooting::new().run(&flow, &[1.05 * r.sqrt(), 0.0], 6.0)?;
        sound(&cycle);
        near(cycle.period, TAU, 1e-10, "period");
        near(cycle.multipliers[0].re, (4.0 * r * PI).exp(), 1e-7, "multiplier");
        near(cycle.divergence, 4.0 * r * PI, 1e-9, "divergence");
        assert!(!cycle.stable);
        // The points are in the order of time: counterclockwise backward is clockwise.
        let (a, b) = (cycle.points.row(0), cycle.points.row(1));
        assert!(a[0] * b[1] - a[1] * b[0] < 0.0);
    }
    Ok(())
}

/// Any flow with time reversed.
struct Backward<F>(F);

impl<F: VectorField> VectorField for Backward<F> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
    fn field(&self, h: &[f64], out: &mut [f64]) {
        self.0.field(h, out);
        out.iter_mut().for_each(|v| *v = -*v);
    }
    fn jacobian(&self, h: &[f64], out: &mut [f64]) {
        self.0.jacobian(h, out);
        out.iter_mut().for_each(|v| *v = -*v);
    }
}

#[test]
fn in_space_all_multipliers_are_known() -> Result<()> {
    // A third direction that attracts, or repels so much that the orbit is cut into segments (exp(8 pi) = 8e10).
    for (c, segments) in [(-0.3, 1), (0.2, 1), (4.0, 0)] {
        let flow = StuartLandauInSpace { plane: StuartLandau { r: 1.0, w: 1.0 }, c };
        let shooting = if segments == 0 { Shooting::new() } else { Shooting::new().with_segments(segments) };
        let cycle = shooting.run(&flow, &[1.02, 0.0, 1e-4], 6.2)?;
        near(cycle.period, TAU, 1e-9, "period");
        let mut expected = [(-4.0 * PI).exp(), (c * TAU).exp()];
        expected.sort_by(|a, b| b.total_cmp(a));
        near(cycle.multipliers[0].re, expected[0], 1e-7, "first multiplier");
        assert!((cycle.multipliers[1].re - expected[1]).abs() < 1e-7 * expected[0].max(1.0), "{cycle:?}");
        near(cycle.divergence, c * TAU - 4.0 * PI, 1e-8, "divergence");
        assert_eq!(cycle.stable, c < 0.0);
        assert!(cycle.defect < 1e-6, "{cycle:?}");
    }
    Ok(())
}

#[test]
fn segments_change_nothing() -> Result<()> {
    let flow = families::rotation(3.0, FRAC_PI_4)?.flow();
    let one = Shooting::new().with_segments(1).run(&flow, &[0.33, 0.0], 12.0)?;
    let five = Shooting::new().with_segments(5).run(&flow, &[0.33, 0.0], 12.0)?;
    sound(&five);
    near(one.period, five.period, 1e-11, "period");
    near(one.multipliers[0].re, five.multipliers[0].re, 1e-9, "multiplier");
    Ok(())
}

#[test]
fn jordans_rotation_family_has_its_numbers() -> Result<()> {
    let shoot = |alpha: f64| Shooting::new().run(&families::rotation(3.0, alpha)?.flow(), &[0.3, 0.0], 12.0);
    let quarter = shoot(FRAC_PI_4)?;
    sound(&quarter);
    assert!((quarter.period - 12.573706).abs() < 6e-7 && (quarter.multipliers[0].re - 0.494250).abs() < 6e-7);
    let later = shoot(PI / 3.8)?;
    sound(&later);
    assert!((later.period - 11.568605).abs() < 6e-7 && (later.multipliers[0].re - 0.834976).abs() < 6e-7);
    // The upward crossing of h2 = 0, by the return map of that section.
    let section = ReturnMap::new(&[0.0, 0.0], &[0.0, 1.0])?;
    let flow = families::rotation(3.0, FRAC_PI_4)?.flow();
    let found = section.cycle(&flow, &[0.1, 0.0], &[0.6, 0.0])?;
    assert!((found.point[0] - 0.330135).abs() < 6e-7 && found.point[1].abs() < 1e-9, "{found:?}");
    near(found.period, quarter.period, 1e-10, "period");
    let back = section.image(&flow, &[0.330135, 0.0])?;
    assert!((back.state[0] - 0.330135).abs() < 1e-6 && (back.time - quarter.period).abs() < 1e-5);
    let before = section.clone().backward().image(&flow, &back.state)?;
    assert!((before.state[0] - 0.330135).abs() < 1e-8, "{before:?}");
    Ok(())
}

#[test]
fn relaxation_oscillations_are_no_harder() -> Result<()> {
    let cycle = Shooting::new().run(&FitzHughNagumo { i: 0.5 }, &[2.0, 1.0], 39.0)?;
    sound(&cycle);
    assert!((cycle.period - 39.47441).abs() < 6e-6, "{cycle:?}");
    // Periods of van der Pol's equation: 6.6632868593231 (mu = 1) and 19.078369 (mu = 10) of the literature on its series.
    let one = Shooting::new().run(&VanDerPol { mu: 1.0 }, &[2.0, 0.0], 6.6)?;
    sound(&one);
    near(one.period, 6.66328685932313, 1e-10, "period");
    let ten = Shooting::new().run(&VanDerPol { mu: 10.0 }, &[2.0, 0.0], 19.0)?;
    near(ten.period, 19.07836956693, 1e-8, "period");
    Ok(())
}

#[test]
fn the_least_period_is_found_from_twice_and_thrice_it() -> Result<()> {
    let flow = families::rotation(3.0, FRAC_PI_4)?.flow();
    for times in [2.0, 3.0, 4.0] {
        let cycle = Shooting::new().run(&flow, &[0.33, 0.0], 12.57 * times)?;
        assert!((cycle.period - 12.573706).abs() < 6e-7, "{times}: {cycle:?}");
        sound(&cycle);
    }
    Ok(())
}

#[test]
fn what_is_no_cycle_is_refused() -> Result<()> {
    let text = |result: Result<Cycle>| match result {
        Ok(cycle) => panic!("{cycle:?}"),
        Err(error) => error.to_string(),
    };
    // alpha = pi / 3: the focus attracts, and there is no cycle; near the Hopf point a turn takes off only 1.4 %.
    for alpha in [PI / 3.0, 0.8410686706 + 0.002] {
        for radius in [1e-6, 1e-3, 0.1] {
            let flow = families::rotation(3.0, alpha)?.flow();
            let said = text(Shooting::new().run(&flow, &[radius, 0.0], 11.24));
            assert!(said.starts_with("shooting failed: "), "{said}");
        }
    }
    // A centre: every orbit is closed, none is isolated.
    let centre = Linear { a: vec![0.0, -1.0, 1.0, 0.0], d: 2 };
    text(Shooting::new().run(&centre, &[1.0, 0.0], 6.0));
    // A sink.
    let sink = Linear { a: vec![-1.0, 0.0, 0.0, -2.0], d: 2 };
    text(Shooting::new().run(&sink, &[1.0, 0.5], 3.0));
    let said = text(Shooting::new().run(&centre, &[1.0], 6.0));
    assert!(
        said.contains("guess of a point of a cycle has the wrong size: expected 2 numbers, found 1"),
        "{said}"
    );
    let said = text(Shooting::new().run(&centre, &[1.0, 0.0], -6.0));
    assert!(said.starts_with("period = -6 is out of range"), "{said}");
    let said = text(Shooting::new().run(&Clock, &[1.0], 6.0));
    assert!(said.contains("on a line there are no cycles"), "{said}");
    let map = ReturnMap::new(&[0.0, 0.0], &[0.0, 1.0])?;
    let said = text(map.cycle(&StuartLandau { r: 1.0, w: 1.0 }, &[0.1, 0.0], &[0.2, 0.0]));
    assert!(said.contains("places that the return map moves in different directions"), "{said}");
    let never =
        map.with_max_time(5.0).with_integrator(Integrator::new()).image(&sink, &[1.0, 1.0]).unwrap_err();
    assert!(never.to_string().contains("does not return in the time 5"), "{never}");
    Ok(())
}

#[test]
fn reference_cycles_have_their_periods_and_multipliers() -> Result<()> {
    let mut count = 0;
    for case in
        ["stable", "unstable", "nested"].iter().flat_map(|kind| cases("D", kind)).chain(cases("H", "cycle"))
    {
        let flow = case.weights.flow();
        for cycle in case.json["cycles"].as_array().unwrap() {
            let (point, period) = (pair(&cycle["point"]), cycle["period"].as_f64().unwrap());
            // From beside, as a search gives it.
            let guess = [point[0] + 3e-4, point[1] - 2e-4];
            let found = Shooting::new().run(&flow, &guess, 0.99 * period)?;
            println!("{} {found:?} {} {:e} {:e}", case.id, found.iterations, found.defect, found.liouville());
            sound(&found);
            near(found.period, period, 1e-10, &case.id);
            near(found.multipliers[0].re, cycle["multiplier"].as_f64().unwrap(), 1e-8, &case.id);
            assert_eq!(Some(found.stable), cycle["stable"].as_bool());
            count += 1;
        }
    }
    assert!(count >= 14, "{count}");
    Ok(())
}
