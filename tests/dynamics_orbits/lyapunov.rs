//! Lyapunov exponents: closed forms, chaos, cycles, sinks, the sum against the divergence.

use crate::reference::{cases, numbers};
use crate::systems::StuartLandau;
use crate::systems::{Linear, Lorenz, StuartLandauInSpace};
use eigengate::Result;
use eigengate::dynamics::{Lyapunov, families};

#[test]
fn exponents_of_linear_flows_are_the_real_parts() -> Result<()> {
    // A shear on top: the vectors fall together fast. Eigenvalues 0.3, -0.2 +- 2i in a triangular basis.
    let linear = Linear { a: vec![0.3, 5.0, -3.0, 0.0, -0.2, -2.0, 0.0, 2.0, -0.2], d: 3 };
    let found = Lyapunov::new().with_transient(50.0).with_time(100.0).run(&linear, &[0.0, 1e-3, 0.0])?;
    for (found, exact) in found.exponents.iter().zip([0.3, -0.2, -0.2]) {
        // Turning vectors leave a term of order 1 / time.
        assert!((found - exact).abs() < 4e-3, "{found} {exact}");
    }
    assert!(found.sum_check().abs() < 1e-5 && (found.mean_divergence + 0.1).abs() < 1e-12, "{found:?}");
    Ok(())
}

#[test]
fn exponents_of_cycles_are_those_of_floquet() -> Result<()> {
    let flow = StuartLandauInSpace { plane: StuartLandau { r: 1.0, w: 1.0 }, c: -0.3 };
    let found = Lyapunov::new().with_transient(100.0).with_time(1000.0).run(&flow, &[0.4, 0.1, 0.5])?;
    for (found, exact) in found.exponents.iter().zip([0.0, -0.3, -2.0]) {
        assert!((found - exact).abs() < 2e-3, "{found} {exact}");
    }
    assert!(found.exponents[0].abs() < 1e-4 && found.sum_check().abs() < 1e-5, "{found:?}");
    assert_eq!(found.frame()?.shape(), (200, 4));
    assert!(found.half_time.iter().zip(&found.exponents).all(|(a, b)| (a - b).abs() < 3e-3), "{found:?}");
    Ok(())
}

#[test]
fn chaos_of_lorenz_has_its_known_exponents() -> Result<()> {
    // Sprott, Chaos and Time-Series Analysis, 2003: 0.9056, 0, -14.5723; the sum is exactly -41/3.
    let found = Lyapunov::new().with_transient(100.0).with_time(3000.0).run(&Lorenz, &[1.0, 1.0, 20.0])?;
    println!("{found:?} {:e}", found.sum_check());
    assert!((found.exponents[0] - 0.9056).abs() < 0.02 && found.exponents[1].abs() < 1e-2, "{found:?}");
    assert!((found.exponents[2] + 14.5723).abs() < 0.02, "{found:?}");
    assert!(
        (found.mean_divergence + 41.0 / 3.0).abs() < 1e-9 && found.sum_check().abs() < 1e-5,
        "{:e}",
        found.sum_check()
    );
    Ok(())
}

#[test]
fn at_a_sink_they_are_the_eigenvalues_exactly() -> Result<()> {
    // alpha = 1: a stable focus with 1.5 e^{+-i} / 2 - 1/2.
    let flow = families::rotation(3.0, 1.0)?.flow();
    let found = Lyapunov::new().run(&flow, &[0.3, 0.1])?;
    let exact = 0.75 * 1.0_f64.cos() - 0.5;
    assert!(found.exponents.iter().all(|e| (e - exact).abs() < 1e-13), "{found:?} {exact}");
    assert!(found.sink.as_ref().is_some_and(|sink| sink.iter().all(|h| h.abs() < 1e-12)), "{found:?}");
    let text = |result: Result<_>| {
        result.map(|_: eigengate::dynamics::LyapunovSpectrum| ()).unwrap_err().to_string()
    };
    assert!(
        text(Lyapunov::new().with_time(0.0).run(&flow, &[0.3, 0.1])).starts_with("time = 0 is out of range")
    );
    assert!(text(Lyapunov::new().run(&flow, &[0.3])).contains("start of a trajectory has the wrong size"));
    Ok(())
}

#[test]
fn reference_exponents_come_out() -> Result<()> {
    for case in cases("G", "lyapunov") {
        let flow = case.weights.flow();
        let expected = numbers(&case.json["exponents_qr"]);
        let begin = std::time::Instant::now();
        let time = if case.json["sign"] == 1 { 20_000.0 } else { 5000.0 };
        let found = Lyapunov::new().with_time(time).run(&flow, &numbers(&case.json["start"]))?;
        println!("{} {found:?} {:e} {:?}", case.id, found.sum_check(), begin.elapsed());
        assert!(found.sum_check().abs() < 1e-5);
        match case.json["sign"].as_i64() {
            // Quicker here than the default: within 4 %.
            Some(1) => assert!((found.largest() / expected[0] - 1.0).abs() < 0.04, "{}: {found:?}", case.id),
            Some(0) => assert!(found.largest().abs() < 1e-3, "{}: {found:?}", case.id),
            _ => assert!(
                (found.largest() - expected[0]).abs() < 1e-3 * expected[0].abs(),
                "{}: {found:?}",
                case.id
            ),
        }
    }
    Ok(())
}
