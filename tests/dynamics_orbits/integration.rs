//! Orders, dense output, backward time, stiffness, the variational equation, refusals.

use crate::systems::{BlowUp, FitzHughNagumo, Linear, StuartLandau, VanDerPol};
use eigengate::dynamics::{Integrator, VectorField, families};
use eigengate::{Error, Result};

const SL: StuartLandau = StuartLandau { r: 1.0, w: 2.0 };

/// Largest error at the steps and at 7 places inside of every step, with steps of one size.
fn errors(method: &Integrator, h: f64) -> Result<(f64, f64)> {
    let fixed = method.clone().with_tolerances(0.5, 1e3).with_first_step(h).with_max_step(h);
    let run = fixed.run(&SL, &[0.5, 0.0], 0.0, 2.0)?;
    assert_eq!(run.steps(), (2.0 / h).round() as usize);
    let wrong = |t: f64, state: &[f64]| {
        let exact = SL.exact(0.5, t);
        (state[0] - exact[0]).hypot(state[1] - exact[1])
    };
    let mut at = 0.0_f64;
    let mut between = 0.0_f64;
    for (k, t) in run.times().iter().enumerate() {
        at = at.max(wrong(*t, &run.states().row(k).to_vec()));
        for part in 1..8 {
            let t = t + h * f64::from(part) / 8.0;
            if t < 2.0 {
                between = between.max(wrong(t, &run.state_at(t)?.to_vec()));
            }
        }
    }
    Ok((at, between))
}

#[test]
fn errors_fall_with_the_order_at_the_steps_and_between() -> Result<()> {
    // Local errors of the dense outputs: h^5 and h^4.
    for (method, h, order, dense) in
        [(Integrator::new(), 0.02, 5.0, 5.0), (Integrator::rosenbrock(), 0.004, 4.0, 4.0)]
    {
        let (at, between) = errors(&method, h)?;
        let (at2, between2) = errors(&method, h / 2.0)?;
        let (found, found_dense) = ((at / at2).log2(), (between / between2).log2());
        println!("{method:?}: {at:e} {between:e} orders {found:.2} {found_dense:.2}");
        // On a cycle of one angular speed part of the error cancels: between 5 and 6.
        assert!(found > order - 0.3 && found < order + 0.7, "order {found}");
        assert!((found_dense - dense).abs() < 0.35, "order of the dense output {found_dense}");
        assert!(between < 12.0 * at, "{between:e} between, {at:e} at the steps");
    }
    Ok(())
}

#[test]
fn tolerances_are_kept_forward_and_backward() -> Result<()> {
    for method in [Integrator::new(), Integrator::rosenbrock()] {
        for rtol in [1e-5, 1e-7, 1e-9, 1e-11] {
            let method = method.clone().with_tolerances(rtol, rtol);
            let run = method.run(&SL, &[0.5, 0.0], 0.0, 5.0)?;
            let exact = SL.exact(0.5, 5.0);
            let error = (run.end()[0] - exact[0]).hypot(run.end()[1] - exact[1]);
            assert!(error < 10.0 * rtol, "{method:?}: {error:e}");
            // Backward in time the cycle repels: an error grows by exp(2 t).
            let back = method.run(&SL, &run.end().to_vec(), 5.0, 3.0)?;
            let exact = SL.exact(0.5, 3.0);
            let error = (back.end()[0] - exact[0]).hypot(back.end()[1] - exact[1]);
            assert!(error < 600.0 * rtol, "back, {method:?}: {error:e}");
            assert_eq!(back.end_time(), 3.0);
            let middle = back.state_at(4.0)?;
            let exact = SL.exact(0.5, 4.0);
            let error = (middle[0] - exact[0]).hypot(middle[1] - exact[1]);
            assert!(error < 600.0 * rtol, "between, {method:?}: {error:e}");
        }
    }
    Ok(())
}

#[test]
fn the_dense_output_is_continuous_with_its_slope() -> Result<()> {
    let run = Integrator::new().with_tolerances(1e-6, 1e-6).run(&SL, &[0.3, 0.1], 0.0, 6.0)?;
    for (k, t) in run.times().iter().enumerate().skip(1).take(run.steps() - 1) {
        let mut slope = [0.0; 2];
        SL.field(&run.states().row(k).to_vec(), &mut slope);
        for side in [-1.0, 1.0] {
            let eps = 1e-5;
            let (near, far) = (run.state_at(t + side * eps)?, run.state_at(t + 2.0 * side * eps)?);
            for i in 0..2 {
                let middle = run.states()[[k, i]];
                let slant = (4.0 * near[i] - far[i] - 3.0 * middle) / (2.0 * side * eps);
                assert!((slant - slope[i]).abs() < 1e-7, "{slant} {}", slope[i]);
            }
        }
    }
    assert!(matches!(run.state_at(6.1), Err(Error::Parameter { name: "time", .. })));
    let rows = run.sampled(5)?;
    assert_eq!((rows.dim(), rows.row(4).to_owned()), ((5, 2), run.end()));
    assert_eq!(run.frame()?.shape(), (run.times().len(), 3));
    Ok(())
}

#[test]
fn a_stiff_flow_costs_the_rosenbrock_method_few_steps() -> Result<()> {
    let flow = VanDerPol { mu: 1000.0 };
    let run = Integrator::rosenbrock().with_tolerances(1e-8, 1e-10).run(&flow, &[2.0, 0.0], 0.0, 2000.0)?;
    // Hairer and Wanner II, section IV.10, the test VDPOL (scaled time, eps = 1e-6): y1(2) = 1.706167732170469,
    // y2(2) = -0.8928097010248 (y2 is 1000 times the slope here).
    let end = run.end();
    assert!((end[0] - 1.706167732170469).abs() < 2e-6, "{end}");
    assert!((end[1] * 1000.0 + 0.8928097010248).abs() < 3e-6, "{end}");
    assert!(run.steps() < 5000, "{run:?}");
    let explicit = Integrator::new().with_max_steps(20_000).run(&flow, &[2.0, 0.0], 0.0, 2000.0);
    assert!(explicit.unwrap_err().to_string().contains("Rosenbrock method if the system is stiff"));
    Ok(())
}

#[test]
fn the_variational_equation_is_the_derivative_of_the_flow() -> Result<()> {
    let flow = families::rotation(3.0, 0.7)?.flow();
    let start = [0.3, 0.2];
    for (method, time) in [
        (Integrator::new().with_tolerances(1e-11, 1e-12), 3.0),
        (Integrator::new().with_tolerances(1e-11, 1e-12), -2.0),
        (Integrator::rosenbrock().with_tolerances(1e-9, 1e-10), 3.0),
    ] {
        let result = method.fundamental(&flow, &start, time)?;
        for j in 0..2 {
            let moved = |eps: f64| -> Result<Vec<f64>> {
                let mut start = start;
                start[j] += eps;
                Integrator::new().with_tolerances(1e-13, 1e-14).state_at(&flow, &start, 0.0, time)
            };
            let (up, down) = (moved(1e-5)?, moved(-1e-5)?);
            for i in 0..2 {
                let slope = (up[i] - down[i]) / 2e-5;
                let found = result.matrix[i * 2 + j];
                assert!((slope - found).abs() < 2e-7, "{time} {i} {j}: {slope} {found}");
            }
        }
        let m = &result.matrix;
        let determinant = m[0] * m[3] - m[1] * m[2];
        assert!((determinant - result.divergence.exp()).abs() < 1e-8 * determinant, "Liouville at {time}");
    }
    // In closed form: exp(A t) of a rotation with growth.
    let linear = Linear { a: vec![0.1, -2.0, 2.0, 0.1], d: 2 };
    let m = Integrator::new().with_tolerances(1e-12, 1e-13).fundamental(&linear, &[1.0, 0.0], 1.5)?.matrix;
    let (sin, cos) = 3.0_f64.sin_cos();
    let grown = 0.15_f64.exp();
    for (found, exact) in m.iter().zip([cos, -sin, sin, cos]) {
        assert!((found - grown * exact).abs() < 1e-10);
    }
    Ok(())
}

#[test]
fn states_agree_with_ode_solvers() -> Result<()> {
    // ode_solvers 0.6.2: `Dop853::new(flow, 0.0, end, 0.001, start, 1e-14, 1e-15)`, last of `y_out()`; two steps of output
    // (0.001, 0.05) agree to the digits here.
    let rotation = families::rotation(3.0, 0.7)?.flow();
    let fitzhugh = FitzHughNagumo { i: 0.5 };
    type Case<'a> = (&'a dyn VectorField, [f64; 2], f64, [f64; 2]);
    let cases: [Case; 2] = [
        (&rotation, [0.5, 0.0], 20.0, [-0.2826365628680831, 0.4500944789902911]),
        (&fitzhugh, [-1.0, 0.0], 100.0, [1.52533982411675, 0.92818101004966]),
    ];
    for (flow, start, end, expected) in cases {
        for (method, near) in [
            (Integrator::new().with_tolerances(1e-13, 1e-14), 1e-11),
            (Integrator::new(), 1e-7),
            (Integrator::rosenbrock().with_tolerances(1e-11, 1e-12), 1e-8),
        ] {
            let found = method.state_at(flow, &start, 0.0, end)?;
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < near, "{method:?}: {found} {expected}");
            }
        }
    }
    Ok(())
}

#[test]
fn what_cannot_be_integrated_is_said() -> Result<()> {
    let text = |result: Result<eigengate::dynamics::Trajectory>| result.unwrap_err().to_string();
    let run = |method: Integrator, to: f64| method.run(&BlowUp, &[1.0], 0.0, to);
    for method in [Integrator::new(), Integrator::rosenbrock()] {
        let said = text(run(method, 2.0));
        assert!(said.contains("the step size fell to") || said.contains("steps end at"), "{said}");
    }
    let said = text(run(Integrator::new().with_max_steps(3), 0.9));
    assert!(said.starts_with("Dormand-Prince failed: 3 steps end at t = "), "{said}");
    let said = text(Integrator::new().run(&BlowUp, &[1.0, 2.0], 0.0, 1.0));
    assert!(said.contains("start of a trajectory has the wrong size"), "{said}");
    let said = text(Integrator::new().run(&BlowUp, &[f64::NAN], 0.0, 1.0));
    assert!(said.contains("start of a trajectory holds NaN"), "{said}");
    let said = text(Integrator::new().run(&BlowUp, &[1.0], 0.0, f64::INFINITY));
    assert!(said.contains("times of a trajectory holds inf"), "{said}");
    let said = text(Integrator::new().with_tolerances(0.0, 1e-9).run(&BlowUp, &[1.0], 0.0, 0.5));
    assert!(said.starts_with("rtol = 0 is out of range"), "{said}");
    let still = Integrator::new().run(&BlowUp, &[1.0], 0.5, 0.5)?;
    assert_eq!((still.steps(), still.end_time()), (0, 0.5));
    Ok(())
}
