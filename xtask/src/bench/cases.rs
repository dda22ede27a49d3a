//! What is timed. The work itself stands in `benches/ours.rs` and `benches/peers/torch_peer.py`, by the same names.

use crate::project::Result;

/// One piece of work that both sides do, or ours alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its name on the command line and in both programs.
    pub name: &'static str,
    /// How the peer does it.
    pub peer: &'static str,
    /// The ratio of our time to the peer's that we allow ourselves.
    pub at_most: Option<f64>,
    /// A lower ratio that we would like to reach.
    pub aim: Option<f64>,
    /// No peer does this work, which is long and done once: the seconds that we allow ourselves.
    pub alone: Option<f64>,
    /// Floating point operations of its matrix products.
    pub flops: f64,
}

/// Operations of the product that the speed of the machine is measured with: `product` of `benches/ours.rs`.
pub const PRODUCT_FLOPS: f64 = 2.0 * 2000.0 * 8000.0 * 2000.0;

const VECTORISED: &str = "PyTorch, vectorised";
const LEAN: &str = "PyTorch, autograd of the input";
const SHALLOW: &[usize] = &[784, 2000, 10];
const DEEP: &[usize] = &[784, 1000, 1000, 1000, 10];

/// All cases, in the order in which they run.
pub fn all() -> Vec<Case> {
    let case = |name, peer, at_most, flops| Case { name, peer, at_most, aim: None, alone: None, flops };
    let (shallow, deep) = (step_flops(3500, SHALLOW), step_flops(1500, DEEP));
    let shallow_spectral = shallow + penalty_flops(3500, SHALLOW);
    let deep_spectral = deep + penalty_flops(1500, DEEP);
    vec![
        case("shallow_step_vanilla", "PyTorch", Some(0.95), shallow),
        case("shallow_step_spectral_loop", "PyTorch, the paper's loop", Some(0.40), shallow_spectral),
        Case { aim: Some(0.95), ..case("shallow_step_spectral", VECTORISED, Some(1.0), shallow_spectral) },
        case("shallow_refresh", "PyTorch", Some(0.75), refresh_flops(60_000.0, 784.0, 2000.0)),
        case("deep_step_vanilla", "PyTorch", None, deep),
        case("deep_step_spectral", VECTORISED, Some(0.95), deep_spectral),
        case("cnn_step_vanilla", "PyTorch", Some(0.5), cnn_flops(6000.0)),
        // As if black pixels were multiplied too, as the peer does.
        case("digits_step_vanilla", "PyTorch", None, shallow),
        case("digits_step_spectral", VECTORISED, None, shallow_spectral),
        case("pgd_mlp", LEAN, Some(0.95), pgd_flops(10_000, SHALLOW)),
        case("pgd_cnn", LEAN, Some(0.5), pgd_cnn_flops(2000.0)),
        // As if no image were dropped, as by the peer.
        case(
            "pgd_leave",
            "PyTorch, autograd of the input, all steps",
            Some(0.33),
            pgd_flops(10_000, SHALLOW),
        ),
        case("gru_2", "PyTorch, nn.GRU", Some(0.1), gru_flops(2.0)),
        case("gru_2_written", "PyTorch, cell written out", Some(0.06), gru_flops(2.0)),
        case("gru_64", "PyTorch, nn.GRU", Some(0.4), gru_flops(64.0)),
        case("gru_64_written", "PyTorch, cell written out", None, gru_flops(64.0)),
        case("gru_256", "PyTorch, nn.GRU", Some(1.0), gru_flops(256.0)),
        Case { alone: Some(600.0), ..case("autoattack", "none", None, autoattack_flops(1000, SHALLOW)) },
    ]
}

/// The case called `wanted`, or all whose names start with the word `wanted`; all without it.
pub fn select(wanted: Option<&str>) -> Result<Vec<Case>> {
    let Some(wanted) = wanted else { return Ok(all()) };
    if let Some(case) = all().into_iter().find(|case| case.name == wanted) {
        return Ok(vec![case]);
    }
    let group: Vec<Case> =
        all().into_iter().filter(|case| case.name.split('_').next() == Some(wanted)).collect();
    if group.is_empty() {
        let names: Vec<&str> = all().iter().map(|case| case.name).collect();
        return Err(format!(
            "there is no case `{wanted}`; there are {}, and the groups shallow, deep, cnn, digits, pgd and gru",
            names.join(", ")
        ));
    }
    Ok(group)
}

/// A training step of dense layers: forward, gradients by the weights, gradients by the inputs but for the first layer.
fn step_flops(batch: usize, widths: &[usize]) -> f64 {
    let layers = widths.windows(2).enumerate();
    layers
        .map(|(layer, pair)| {
            let product = 2.0 * batch as f64 * pair.iter().product::<usize>() as f64;
            if layer == 0 { 2.0 * product } else { 3.0 * product }
        })
        .sum()
}

/// The penalty of every hidden layer: one product with its eigenvectors forward, and one back.
fn penalty_flops(batch: usize, widths: &[usize]) -> f64 {
    let hidden = widths.get(1..widths.len().saturating_sub(1)).unwrap_or(&[]);
    hidden.iter().map(|&width| 4.0 * batch as f64 * (width * width) as f64).sum()
}

/// Activations, and one half of the covariance: it is symmetric. The eigendecomposition is no product.
fn refresh_flops(images: f64, inputs: f64, width: f64) -> f64 {
    images * width * (2.0 * inputs + width + 1.0)
}

/// 40 steps of an attack along input gradients: forward and back.
fn pgd_flops(images: usize, widths: &[usize]) -> f64 {
    let pairs: usize = widths.windows(2).map(|pair| pair.iter().product::<usize>()).sum();
    40.0 * 4.0 * images as f64 * pairs as f64
}

/// The same of the convolutional network.
fn pgd_cnn_flops(images: f64) -> f64 {
    let convolutions = (26.0 * 26.0) * 9.0 * 16.0 + (10.0 * 10.0) * (9.0 * 16.0) * 32.0;
    40.0 * 4.0 * images * (convolutions + 800.0 * 1000.0 + 1000.0 * 10.0)
}

/// Step of the convolutional network as products: positions x (weights of a position) x channels. Of the 11x11
/// positions of the second convolution 10x10 reach the pooling.
fn cnn_flops(batch: f64) -> f64 {
    let first = 2.0 * (26.0 * 26.0) * 9.0 * 16.0;
    let second = 2.0 * (10.0 * 10.0) * (9.0 * 16.0) * 32.0;
    let dense = 2.0 * (800.0 * 1000.0 + 1000.0 * 10.0);
    batch * (2.0 * first + 3.0 * second + 3.0 * dense)
}

/// Ten training steps of a GRU on 64 sequences of 128 steps, 2 inputs and 2 outputs: forward, gradients by the weights, gradients by
/// the states.
fn gru_flops(units: f64) -> f64 {
    let rows = 64.0 * 128.0;
    10.0 * 2.0 * rows * units * (2.0 * 3.0 * 2.0 + 3.0 * 3.0 * units + 3.0 * 2.0)
}

/// AutoAttack `standard` as if nothing were broken: 100 steps of APGD-CE, 9 x 100 of APGD-T and of FAB-T, forward and back to the
/// image, and 5000 queries of Square.
fn autoattack_flops(images: usize, widths: &[usize]) -> f64 {
    let forward: f64 = widths.windows(2).map(|pair| 2.0 * pair.iter().product::<usize>() as f64).sum();
    images as f64 * forward * (2.0 * 1900.0 + 5000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: &str) -> Vec<&'static str> {
        select(Some(wanted)).unwrap_or_default().iter().map(|case| case.name).collect()
    }

    #[test]
    fn a_name_selects_one_case_and_a_group_all_of_its_cases() {
        assert_eq!(names("shallow_step_spectral"), ["shallow_step_spectral"]);
        assert_eq!(names("deep"), ["deep_step_vanilla", "deep_step_spectral"]);
        assert_eq!(names("shallow").len(), 4);
        assert_eq!(names("pgd"), ["pgd_mlp", "pgd_cnn", "pgd_leave"]);
        assert_eq!(names("gru").len(), 5);
        assert_eq!(select(None).map(|cases| cases.len()), Ok(18));
    }

    #[test]
    fn an_unknown_case_is_refused_with_the_list_of_cases() {
        for wanted in ["unknown", "shallow_step", ""] {
            let error = select(Some(wanted)).expect_err(wanted);
            assert!(error.contains(&format!("no case `{wanted}`")), "{error}");
            assert!(all().iter().all(|case| error.contains(case.name)), "{error}");
        }
    }

    #[test]
    fn flops_are_those_of_the_products_written_out() {
        // Forward, weights: 784-2000; forward, weights, inputs: 2000-10.
        assert_eq!(step_flops(3500, SHALLOW), 7000.0 * (2.0 * 784.0 * 2000.0 + 3.0 * 2000.0 * 10.0));
        assert_eq!(penalty_flops(1500, DEEP), 3.0 * 4.0 * 1500.0 * 1e6);
        assert_eq!(penalty_flops(1500, &[784, 10]), 0.0);
        // Forward and inputs, 40 times.
        assert_eq!(pgd_flops(10, SHALLOW), 40.0 * 2.0 * 2.0 * 10.0 * (784.0 * 2000.0 + 2000.0 * 10.0));
        assert_eq!(refresh_flops(10.0, 3.0, 2.0), 10.0 * (2.0 * 3.0 * 2.0 + 2.0 * 3.0));
    }
}
