//! Branches of cycles against closed forms, measured numbers and reference cases.

use crate::reference;
use crate::systems::{Bautin, FitzHughNagumo, Neimark, Ring, family_of};
use eigengate::dynamics::{
    Bifurcation, BifurcationDiagram, ContinuationOptions, CycleBranch, CycleContinuation, CycleEnd,
    DiagramOptions, EquilibriumContinuation, ParameterFamily, PlanarPoint, Shooting, Window, families,
    limit_cycles,
};
use eigengate::{Error, Result};
use std::f64::consts::TAU;

fn from_hopf(
    family: &ParameterFamily,
    range: (f64, f64),
    parameter: f64,
    state: &[f64],
) -> Result<CycleBranch> {
    let options = ContinuationOptions::for_cycles();
    CycleContinuation::from_hopf(family, range, parameter, state, &options)?.run()
}

/// Checks that come with every cycle.
fn sound(branch: &CycleBranch) {
    for cycle in &branch.points {
        assert!((cycle.trivial - 1.0).abs() < 1e-6 && cycle.defect < 1e-6, "{cycle:?} {:e}", cycle.defect);
        assert!(cycle.liouville < 1e-7 && cycle.residual < 1e-9, "{cycle:?} {:e}", cycle.liouville);
        assert!(cycle.points.row(0) == cycle.points.row(cycle.points.nrows() - 1));
    }
}

#[test]
fn the_rotation_familys_cycles_go_from_the_hopf_point_to_four_saddle_nodes() -> Result<()> {
    let family = ParameterFamily::rotation(3.0)?;
    let begun = std::time::Instant::now();
    let branch = from_hopf(&family, (0.1, 1.0), (2.0_f64 / 3.0).acos(), &[0.0, 0.0])?;
    println!("{branch:?} {:?}", begun.elapsed());
    sound(&branch);
    assert!(branch.specials().is_empty());
    let CycleEnd::SaddleNode { parameter, passages, passage, expected, .. } = &branch.ends[1] else {
        panic!("{branch:?}")
    };
    assert!((parameter - 0.1478220707).abs() < 1e-10 && *passages == 4);
    assert!((passage / expected - 1.0).abs() < 0.03);
    // The radius near the Hopf point is sqrt(32/9 Re lambda), Re lambda = (3/2 cos alpha - 1) / 2.
    let first = &branch.points[0];
    let radius = (32.0 / 9.0 * 0.5 * (1.5 * first.parameter.cos() - 1.0)).sqrt();
    assert!((0.5 * first.extent / radius - 1.0).abs() < 1e-4, "{first:?} {radius}");
    // Towards falling alpha, with rising periods.
    assert!(branch.points.windows(2).all(|two| two[1].parameter < two[0].parameter));
    assert!(branch.points.windows(2).all(|two| two[1].period > two[0].period));
    // From a cycle in the middle, to both sides; its ends are those.
    let at = |alpha: f64| -> Result<_> { Shooting::new().run(&*family.at(&[alpha])?, &[0.33, 0.0], 12.5) };
    let alpha = std::f64::consts::FRAC_PI_4;
    let both =
        CycleBranch::through(&family, (0.1, 1.0), alpha, &at(alpha)?, &ContinuationOptions::for_cycles())?;
    println!("{both:?}");
    assert!(matches!(both.ends[0], CycleEnd::SaddleNode { .. }));
    let CycleEnd::Hopf { parameter, frequency, .. } = both.ends[1] else { panic!("{both:?}") };
    assert!((parameter.cos() - 2.0 / 3.0).abs() < 1e-12 && (frequency - 5.0_f64.sqrt() / 4.0).abs() < 1e-10);
    // Published numbers at two angles: ranges that end there.
    for (alpha, period, multiplier) in
        [(alpha, 12.573706, 0.494250), (std::f64::consts::PI / 3.8, 11.568605, 0.834976)]
    {
        let branch = from_hopf(&family, (alpha, 1.0), (2.0_f64 / 3.0).acos(), &[0.0, 0.0])?;
        let last = branch.points.last().unwrap();
        assert!(matches!(branch.ends[1], CycleEnd::Range) && last.parameter == alpha);
        assert!((last.period - period).abs() < 1e-6 && (last.multipliers[0].re - multiplier).abs() < 1e-6);
    }
    Ok(())
}

#[test]
fn gates_change_how_long_a_passage_takes_and_not_where_it_is() -> Result<()> {
    let family = ParameterFamily::of_gru(2, &["alpha"], |p| {
        families::rotation(3.0, p[0])?.with("bz", &[0], 1.5)?.with("bz", &[1], -0.5)
    });
    let alpha = 0.3;
    let cycle = Shooting::new().run(&*family.at(&[alpha])?, &[0.9, 0.0], 60.0)?;
    let walk = CycleContinuation::from_cycle(
        &family,
        (0.1, 0.4),
        alpha,
        &cycle,
        -1.0,
        &ContinuationOptions::for_cycles(),
    )?;
    let branch = walk.run()?;
    println!("{branch:?}");
    let CycleEnd::SaddleNode { parameter, passages, passage, expected, .. } = branch.ends[1] else {
        panic!("{branch:?}")
    };
    assert!((parameter - 0.1478220707).abs() < 1e-10 && passages == 4);
    assert!((passage / expected - 1.0).abs() < 0.03, "{passage} {expected}");
    Ok(())
}

#[test]
fn a_fold_of_cycles_is_where_the_normal_form_has_it() -> Result<()> {
    // r' = r (p + r^2 - r^4): cycles at r^2 = (1 -+ sqrt(1 + 4 p)) / 2, a fold at p = -1/4.
    let family = family_of(2, "p", |p| Box::new(Bautin { b1: p, b2: 1.0, omega: 2.0 }));
    let branch = from_hopf(&family, (-1.0, 0.5), 0.0, &[0.0, 0.0])?;
    println!("{branch:?}");
    sound(&branch);
    for cycle in &branch.points {
        let square = 0.25 * cycle.extent * cycle.extent;
        let off = cycle.parameter + square - square * square;
        assert!(off.abs() < 1e-4, "{cycle:?} {off:e}");
        let radius = (cycle.state[0].powi(2) + cycle.state[1].powi(2)).sqrt();
        assert!((cycle.parameter + radius.powi(2) - radius.powi(4)).abs() < 1e-9, "{cycle:?}");
        assert!((cycle.period - TAU / 2.0).abs() < 1e-9, "{cycle:?}");
        // The multiplier is exp(T d/dr (r (p + r^2 - r^4))).
        let rate = cycle.parameter + 3.0 * radius.powi(2) - 5.0 * radius.powi(4);
        assert!((cycle.divergence - rate * cycle.period).abs() < 1e-8, "{cycle:?}");
    }
    let specials = branch.specials();
    assert_eq!(specials.len(), 1);
    let fold = &specials[0];
    assert_eq!(fold.kind, Bifurcation::FoldOfCycles);
    assert!((fold.parameter() + 0.25).abs() < 1e-11 && fold.converged && fold.bracket_width() < 1e-10);
    let cycle = branch.points.iter().find(|cycle| cycle.special.is_some()).unwrap();
    assert!((cycle.extent - 2.0_f64.sqrt()).abs() < 1e-4 && cycle.divergence.abs() < 1e-6, "{cycle:?}");
    // Before the fold it repels, after it it attracts.
    let stable: Vec<bool> =
        branch.points.iter().filter(|c| c.special.is_none()).map(|c| c.is_stable()).collect();
    assert_eq!(stable.windows(2).filter(|two| two[0] != two[1]).count(), 1);
    assert!(!stable[0] && *stable.last().unwrap());
    assert!(matches!(branch.ends[1], CycleEnd::Range) && branch.points.last().unwrap().parameter == 0.5);
    Ok(())
}

#[test]
fn a_branch_that_others_cross_does_not_turn() -> Result<()> {
    // (r - 1)' = p (r - 1) - (r - 1)^3: the unit circle for every p, with the multiplier exp(2 pi p).
    let family = family_of(2, "p", |p| Box::new(Ring { p }));
    let cycle = Shooting::new().run(&*family.at(&[-0.2])?, &[1.0, 0.0], TAU)?;
    let options = ContinuationOptions::for_cycles();
    let branch = CycleContinuation::from_cycle(&family, (-0.3, 0.3), -0.2, &cycle, 1.0, &options)?.run()?;
    sound(&branch);
    let specials = branch.specials();
    assert_eq!(specials.len(), 1, "{branch:?}");
    assert_eq!(specials[0].kind, Bifurcation::BranchPoint);
    // The corrector is singular there: the test function, which is linear, tells where.
    assert!(specials[0].parameter().abs() < 1e-6 && !specials[0].converged, "{branch:?}");
    assert!(branch.points.iter().all(|cycle| (cycle.divergence - TAU * cycle.parameter).abs() < 1e-7));
    Ok(())
}

#[test]
fn fitz_hugh_nagumos_cycles_join_both_hopf_points_through_canards() -> Result<()> {
    let family = family_of(2, "I", |current| Box::new(FitzHughNagumo::new(current)));
    let options = ContinuationOptions::new();
    let start = [-1.19, -0.62];
    let branch = EquilibriumContinuation::new(&family, (0.0, 2.0), 0.0, &start, 1.0, &options)?.run()?;
    let hopf: Vec<_> = branch.specials().into_iter().filter(|s| s.kind == Bifurcation::Hopf).collect();
    assert_eq!(hopf.len(), 2);
    let begun = std::time::Instant::now();
    let cycles = from_hopf(&family, (0.0, 2.0), hopf[0].parameter(), &hopf[0].state)?;
    println!("{cycles:?} {:?}", begun.elapsed());
    sound(&cycles);
    let CycleEnd::Hopf { parameter, .. } = cycles.ends[1] else { panic!("{cycles:?}") };
    assert!((parameter - 1.4187186625).abs() < 1e-10);
    // I -> 1.75 - I with h -> -h is a symmetry: both folds of cycles are mirror images.
    let folds = cycles.specials();
    assert_eq!(folds.len(), 2, "{folds:?}");
    assert!(folds.iter().all(|fold| fold.kind == Bifurcation::FoldOfCycles && fold.converged));
    assert!((folds[0].parameter() + folds[1].parameter() - 1.75).abs() < 1e-10, "{folds:?}");
    assert!((folds[0].parameter() - 0.3241785225).abs() < 1e-9, "{folds:?}");
    // Small cycles repel at both ends.
    assert!(!cycles.points[0].is_stable() && !cycles.points.last().unwrap().is_stable());
    // At I = 0.5 by a range that ends there.
    let part = from_hopf(&family, (0.2, 0.5), hopf[0].parameter(), &hopf[0].state)?;
    let last = part.points.last().unwrap();
    assert!((last.period - 39.47441).abs() < 1e-5 && last.parameter == 0.5, "{last:?}");
    Ok(())
}

#[test]
fn multipliers_in_three_dimensions_pass_minus_one_and_the_circle() -> Result<()> {
    // A circle of period 2 pi whose multipliers are -exp(2 pi e) with the eigenvalues e of [[p, 1/2], [-1/2, -1]]; a flip at p = 1/4.
    let flip = family_of(3, "p", |p| Box::new(Neimark { matrix: [p, 0.0, 0.0, -1.0], turn: 0.5 }));
    let cycle = Shooting::new().run(&*flip.at(&[0.1])?, &[1.0, 0.0, 0.0], TAU)?;
    let options = ContinuationOptions::for_cycles();
    let walk = CycleContinuation::from_cycle(&flip, (0.0, 0.6), 0.1, &cycle, 1.0, &options)?;
    let branch = walk.run()?;
    println!("{branch:?}");
    sound(&branch);
    let specials = branch.specials();
    assert_eq!(specials.len(), 1, "{specials:?}");
    assert_eq!(specials[0].kind, Bifurcation::Flip);
    assert!((specials[0].parameter() - 0.25).abs() < 1e-10 && specials[0].converged, "{specials:?}");
    assert!(matches!(branch.ends[1], CycleEnd::Range));
    // Multipliers exp(2 pi (p +- i w)): a torus at p = 0.
    let torus = family_of(3, "p", |p| Box::new(Neimark { matrix: [p, -0.3, 0.3, p], turn: 0.0 }));
    let cycle = Shooting::new().run(&*torus.at(&[-0.1])?, &[1.0, 0.0, 0.0], TAU)?;
    let walk = CycleContinuation::from_cycle(&torus, (-0.2, 0.2), -0.1, &cycle, 1.0, &options)?;
    let branch = walk.run()?;
    println!("{branch:?}");
    sound(&branch);
    let specials = branch.specials();
    assert_eq!(specials.len(), 1, "{specials:?}");
    assert_eq!(specials[0].kind, Bifurcation::NeimarkSacker);
    assert!(specials[0].parameter().abs() < 1e-10 && specials[0].converged, "{specials:?}");
    assert!((specials[0].frequency.unwrap() - 0.3 * TAU).abs() < 1e-6, "{specials:?}");
    let last = branch.points.last().unwrap();
    assert!((last.multipliers[0].abs().ln() - 0.2 * TAU).abs() < 1e-7 && last.unstable == 2, "{last:?}");
    Ok(())
}

#[test]
fn diagrams_have_cycles_and_bad_input_is_refused() -> Result<()> {
    let family = ParameterFamily::rotation(3.0)?;
    let begun = std::time::Instant::now();
    let diagram = BifurcationDiagram::new(&family, (0.05, 1.2), &DiagramOptions::new())?;
    let (branches, failures) = diagram.cycle_branches(&family, &ContinuationOptions::for_cycles())?;
    println!("{:?}", begun.elapsed());
    assert!(branches.len() == 1 && failures.is_empty(), "{branches:?} {failures:?}");
    assert!(matches!(branches[0].ends[0], CycleEnd::Hopf { .. }));
    let frame = branches[0].frame()?;
    assert_eq!(frame.shape(), (branches[0].points.len(), 15), "{frame:?}");
    let options = ContinuationOptions::for_cycles();
    let said = |result: Result<CycleContinuation>| match result {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it was not refused"),
    };
    let wrong = said(CycleContinuation::from_hopf(&family, (0.1, 1.0), 0.5, &[0.0, 0.0], &options));
    assert!(wrong.contains("is no Hopf point"), "{wrong}");
    let wrong = said(CycleContinuation::from_hopf(&family, (1.0, 0.1), 0.5, &[0.0, 0.0], &options));
    assert!(wrong.contains("range"), "{wrong}");
    let wrong = CycleContinuation::from_hopf(&family, (0.1, 1.0), 0.5, &[0.0], &options);
    assert!(matches!(wrong, Err(Error::Shape { .. })));
    let map = options.clone().with_map(1.0);
    let wrong = said(CycleContinuation::from_hopf(&family, (0.1, 1.0), 0.5, &[0.0, 0.0], &map));
    assert!(wrong.contains("maps have no cycles"), "{wrong}");
    Ok(())
}

#[test]
fn cycles_end_in_the_reference_cases_homoclinic_orbits() -> Result<()> {
    for case in reference::homoclinic_cases()? {
        let family = ParameterFamily::weight(&case.weights, &case.parameter, &case.index)?;
        let (value, side, stable) = (case.value, case.cycle_side, case.cycle_stable);
        let period = case.first_period;
        let near = value + side * 1e-3;
        let there = family.weights_at(&[near])?.unwrap();
        let points: Vec<PlanarPoint> =
            there.fixed_points()?.points.iter().map(PlanarPoint::try_from).collect::<Result<_>>()?;
        let cycles = limit_cycles(&there.flow(), &Window::UNIT, &points)?.cycles;
        let cycle = cycles.iter().find(|cycle| (cycle.period - period).abs() < 1e-4 * period).unwrap();
        assert_eq!(cycle.stable, stable);
        let begun = std::time::Instant::now();
        let options = ContinuationOptions::for_cycles();
        let branch = CycleBranch::through(&family, (value - 0.6, value + 0.6), near, cycle, &options)?;
        println!("{} {branch:?} {:?}", case.id, begun.elapsed());
        sound(&branch);
        let found: Vec<(f64, bool)> = branch
            .ends
            .iter()
            .filter_map(|end| match end {
                CycleEnd::Homoclinic { parameter, connection, .. } => {
                    Some((*parameter, connection.is_some()))
                }
                _ => None,
            })
            .collect();
        let own = found.iter().find(|(parameter, _)| (parameter - value).abs() < 1e-10);
        assert!(own.is_some_and(|(_, confirmed)| *confirmed), "{found:?} {value}");
    }
    Ok(())
}
