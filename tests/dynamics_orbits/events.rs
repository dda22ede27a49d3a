//! Located events: curved functions, several in a step, directions, terminal ones, starts on a section.

use crate::systems::{Clock, StuartLandau};
use eigengate::Result;
use eigengate::dynamics::{Event, Integrator};

const SL: StuartLandau = StuartLandau { r: 1.0, w: 2.0 };

#[test]
fn curved_functions_are_located_to_rounding() -> Result<()> {
    // Where a popular integrator is silently wrong: y' = 1.
    let cases: [(Event, f64); 4] = [
        (Event::function(|h| h[0] * h[0] - 20.0), 20.0_f64.sqrt()),
        (Event::function(|h| h[0].exp() - 20.0), 20.0_f64.ln()),
        (Event::function(|h| (h[0] - 0.3).powi(3)), 0.3),
        (Event::function(|h| 1.0 - (4.0 - h[0]).exp()), 4.0),
    ];
    for (event, exact) in cases {
        let run =
            Integrator::new().run_with_events(&Clock, &[0.0], 0.0, 10.0, std::slice::from_ref(&event))?;
        assert_eq!(run.events().len(), 1, "{event:?}");
        let hit = &run.events()[0];
        // A triple root is only as sharp as the cube root of rounding.
        let sharp = if exact == 0.3 { 2e-5 } else { 1e-13 };
        assert!((hit.time - exact).abs() < sharp && hit.rising, "{event:?}: {hit:?}");
        assert!((hit.state[0] - hit.time).abs() < 1e-13);
    }
    Ok(())
}

#[test]
fn several_sign_changes_in_one_step_are_seen() -> Result<()> {
    // The whole time is one step or two: y' = 1 has no error.
    let near = Event::function(|h| (h[0] - 5.0) * (h[0] - 5.001));
    let many = Event::function(|h| (6.0 * h[0]).sin());
    let run =
        Integrator::new().with_first_step(10.0).run_with_events(&Clock, &[0.1], 0.0, 9.0, &[near, many])?;
    assert!(run.steps() <= 2, "{run:?}");
    let times = |event: usize| -> Vec<f64> {
        run.events().iter().filter(|hit| hit.event == event).map(|hit| hit.state[0]).collect()
    };
    assert_eq!(times(0).len(), 2, "{:?}", times(0));
    assert!((times(0)[0] - 5.0).abs() < 1e-9 && (times(0)[1] - 5.001).abs() < 1e-9);
    assert!(run.events().windows(2).all(|two| two[0].time <= two[1].time));
    assert!(times(1).len() >= 15, "{:?}", times(1));

    // A section that one step of a cubic curve meets three times is met three times.
    let circle = StuartLandau { r: 1.0, w: 1.0 };
    let loose = Integrator::new().with_tolerances(0.5, 1e3).with_first_step(3.0);
    let low = Event::section(&[0.0, 0.9], &[0.0, 1.0])?;
    let run = loose.run_with_events(&circle, &[1.0, 0.0], 0.0, 3.0, &[low])?;
    assert_eq!(run.events().len(), 2, "{run:?} {:?}", run.events());
    assert!(run.events()[0].rising && !run.events()[1].rising);
    Ok(())
}

#[test]
fn crossings_of_a_circle_have_exact_times_directions_and_states() -> Result<()> {
    let method = Integrator::new().with_tolerances(1e-11, 1e-12);
    let axis = Event::section(&[0.0, 0.0], &[0.0, 1.0])?;
    let half = std::f64::consts::PI / 2.0;
    for (event, first, step, rising) in [
        (axis.clone(), half, half, None),
        (axis.clone().rising(), 2.0 * half, 2.0 * half, Some(true)),
        (axis.clone().falling(), half, 2.0 * half, Some(false)),
    ] {
        // The start is on the section: no crossing.
        let run = method.run_with_events(&SL, &[0.5, 0.0], 0.0, 12.0, &[event])?;
        assert_eq!(run.events().len(), ((12.0 - first) / step) as usize + 1);
        for (k, hit) in run.events().iter().enumerate() {
            let time = first + k as f64 * step;
            let exact = SL.exact(0.5, time);
            assert!((hit.time - time).abs() < 3e-11, "{hit:?} at {time}");
            assert!((hit.state[0] - exact[0]).abs() < 1e-10 && hit.state[1].abs() < 1e-13, "{hit:?}");
            assert_eq!(hit.rising, rising.unwrap_or(hit.state[0] > 0.0));
        }
    }
    // Backward in time the circle runs the other way: rising is meant in the order in which the trajectory is made.
    let run = method.run_with_events(&SL, &[1.0, 0.0], 0.0, -4.0, &[axis.clone().rising()])?;
    assert!(run.events().iter().all(|hit| hit.state[0] < 0.0) && !run.events().is_empty());
    assert!((run.events()[0].time + half).abs() < 1e-9);
    let run = Integrator::rosenbrock().with_tolerances(1e-10, 1e-11).run_with_events(
        &SL,
        &[0.5, 0.0],
        0.0,
        12.0,
        &[axis.rising()],
    )?;
    assert!(run.events().iter().enumerate().all(|(k, hit)| {
        (hit.time - 2.0 * half * (k + 1) as f64).abs() < 3e-9 && hit.state[1].abs() < 1e-12
    }));
    Ok(())
}

#[test]
fn a_terminal_event_ends_the_run_where_it_is() -> Result<()> {
    let method = Integrator::new().with_tolerances(1e-11, 1e-12);
    let axis = Event::section(&[0.0, 0.0], &[0.0, 1.0])?.rising().terminal_after(2);
    let counted = Event::function(|h| h[0]);
    let run = method.run_with_events(&SL, &[0.5, 0.0], 0.0, 50.0, &[axis, counted])?;
    let turn = std::f64::consts::PI;
    assert!((run.end_time() - 2.0 * turn).abs() < 1e-9, "{run:?}");
    assert!(run.end()[1].abs() < 1e-12 && run.state_at(2.0 * turn - 0.01).is_ok());
    // Of the other function nothing after the end is reported: x changes its sign twice a turn.
    assert_eq!(run.events().iter().filter(|hit| hit.event == 1).count(), 4);
    assert_eq!(run.events_frame()?.shape(), (6, 5));
    Ok(())
}

#[test]
fn a_start_on_a_section_is_no_crossing_whatever_its_rounding() -> Result<()> {
    let mut sides = [false; 2];
    for k in 0..40 {
        // A tilted line through the origin, and a place on it up to rounding.
        let (sin, cos) = (0.1 + 0.07 * f64::from(k)).sin_cos();
        let start = [0.7 * cos, 0.7 * sin];
        let event = Event::section(&[0.0, 0.0], &[-sin, cos])?;
        let value = event.value(&start);
        if value != 0.0 {
            sides[usize::from(value > 0.0)] = true;
        }
        let run = Integrator::new().run_with_events(&SL, &start, 0.0, 2.0, &[event])?;
        assert_eq!(run.events().len(), 1, "{k}: {:?}", run.events());
        assert!((run.events()[0].time - std::f64::consts::PI / 2.0).abs() < 1e-6);
    }
    assert_eq!(sides, [true; 2]);
    Ok(())
}

#[test]
fn sections_that_cannot_be_are_refused() {
    let text = |result: Result<Event>| result.unwrap_err().to_string();
    assert!(text(Event::section(&[0.0], &[0.0, 1.0])).contains("normal of a section has the wrong size"));
    assert!(text(Event::section(&[0.0], &[0.0])).starts_with("normal = 0 is out of range"));
    assert!(text(Event::section(&[f64::NAN], &[1.0])).contains("point of a section holds NaN"));
    let plane = Event::section(&[0.0], &[1.0]).unwrap();
    let said =
        Integrator::new().run_with_events(&SL, &[1.0, 0.0], 0.0, 1.0, &[plane]).unwrap_err().to_string();
    assert!(said.contains("normal of a section has the wrong size: expected 2 numbers, found 1"), "{said}");
}
