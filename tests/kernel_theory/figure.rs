//! The table and the figure of a convergence.

use crate::errors::{has, text};
use crate::few;
use eigengate::nn::Activation;
use eigengate::spectra::WideNetwork;
use eigengate::{Result, plot};

#[test]
fn a_table_has_a_row_for_every_network() -> Result<()> {
    let found = WideNetwork::new(Activation::Tanh).convergence(few().view(), &[8, 32], &[5, 6, 7])?;
    let frame = found.frame()?;
    assert_eq!(frame.shape(), (6, 4));
    let numbers = |name: &str| -> Vec<f64> {
        let column = frame.column(name).unwrap().f64().unwrap();
        column.into_no_null_iter().collect()
    };
    let whole = |name: &str| -> Vec<u64> {
        let column = frame.column(name).unwrap().u64().unwrap();
        column.into_no_null_iter().collect()
    };
    assert_eq!(whole("width"), [8, 8, 8, 32, 32, 32]);
    assert_eq!(whole("seed"), [5, 6, 7, 5, 6, 7]);
    assert_eq!(numbers("kernel_error")[3..], found.widths[1].kernel_errors);
    assert_eq!(numbers("spectrum_error")[..3], found.widths[0].spectrum_errors);
    // Two units have two eigenvalues; the third of the limit is all error.
    let inputs = ndarray::array![[1.0f32, 0.0, 0.5], [0.0, 2.0, 0.0], [0.0, 1.0, -1.0], [-1.5, 0.0, 0.0]];
    let narrow = WideNetwork::new(Activation::Tanh).convergence(inputs.view(), &[2], &[5])?;
    let (limit, own) = (narrow.theory.eigenvalues(), narrow.widths[0].spectra[0].eigenvalues());
    assert!(limit.len() == 3 && own.len() == 2 && limit[2] > 0.05 * limit[0], "{limit:?}");
    let norm = |values: [f64; 3]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let want = norm([limit[0] - own[0], limit[1] - own[1], limit[2]]) / norm([limit[0], limit[1], limit[2]]);
    assert!((narrow.widths[0].spectrum_errors[0] / want - 1.0).abs() < 1e-12);
    let debug = format!("{found:?}");
    has(&debug, &["KernelConvergence(WideNetwork(tanh, 1 hidden layer", "4 inputs", "at 32", "exponent -0."]);
    assert!(!debug.contains('\n'));
    has(&format!("{:?}", found.widths[0]), &["WidthErrors(8 units: 3 networks"]);
    has(
        &format!("{:?}", WideNetwork::erf().with_layers(2)),
        &["WideNetwork(erf, 2 hidden layers, sigma_w 1"],
    );
    Ok(())
}

#[test]
fn a_figure_has_the_limit_all_widths_and_the_law() -> Result<()> {
    let mut found = WideNetwork::new(Activation::Relu).convergence(few().view(), &[8, 32], &[5, 6, 7])?;
    let figure = plot::kernel_convergence(&found)?;
    let summary = figure.summary()?;
    has(&summary, &["8 units", "32 units", "infinite width", "1/√N", "Relative error of the kernel"]);
    assert!(figure.png()?.starts_with(b"\x89PNG"));
    assert_eq!(figure.svg()?, plot::kernel_convergence(&found)?.svg()?);
    found.widths.clear();
    has(&text(plot::kernel_convergence(&found).map(|_| ())), &["list of widths", "empty"]);
    Ok(())
}
