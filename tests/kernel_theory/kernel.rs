//! The limit: kernels against closed forms, independent numbers and their own properties.

use crate::errors::{has, text};
use crate::few;
use eigengate::nn::Activation;
use eigengate::numeric::symmetric_eigen;
use eigengate::seed::{Purpose, stream};
use eigengate::spectra::WideNetwork;
use eigengate::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis, array};
use std::f64::consts::PI;

/// Inputs of which every pair has given angle: unit vectors times lengths.
fn at(angle: f64, lengths: [f64; 2]) -> Array2<f32> {
    let (sin, cos) = angle.sin_cos();
    let [a, b] = lengths;
    array![[a as f32, 0.0], [(b * cos) as f32, (b * sin) as f32]]
}

fn random(n: usize, p: usize) -> Array2<f32> {
    let mut random = stream(5, Purpose::Order, 0);
    Array2::from_shape_simple_fn((n, p), || random.normal() as f32)
}

fn assert_near(got: &Array2<f64>, want: &Array2<f64>, tolerance: f64) {
    assert_eq!(got.dim(), want.dim());
    let worst = (got - want).iter().fold(0.0f64, |worst, d| worst.max(d.abs()));
    assert!(worst < tolerance, "off by {worst:e}:\n{got}\nwanted\n{want}");
}

/// One layer on two inputs of two pixels, with weights of variance `2 / fan_in`, so that arguments have that of the inputs.
fn pair(net: WideNetwork, inputs: ArrayView2<'_, f32>) -> Result<f64> {
    Ok(net.with_sigma(2f64.sqrt(), 0.0).kernel(inputs)?[[0, 1]])
}

#[test]
fn relu_is_the_arc_cosine_kernel() -> Result<()> {
    let relu = WideNetwork::new(Activation::Relu);
    // Cho and Saul 2009: J_1 = pi, 1 and 0 at the angles 0, pi / 2 and pi; E[relu relu] = |x| |y| J_1 / (2 pi).
    for (angle, j) in [(0.0, PI), (PI / 2.0, 1.0), (PI, 0.0)] {
        let got = pair(relu, at(angle, [3.0, 0.5]).view())?;
        assert!((got - 1.5 * j / (2.0 * PI)).abs() < 1e-7, "{angle}: {got}");
    }
    // In between, by the formula, from what float32 has left of the inputs.
    for angle in [1e-3, 0.1, 1.0, 2.0, 3.1] {
        let inputs = at(angle, [3.0, 0.5]);
        let x = inputs.mapv(f64::from);
        let theta = (x[[1, 1]]).atan2(x[[1, 0]]);
        let want = 3.0 * x[[1, 0]].hypot(x[[1, 1]]) / (2.0 * PI) * (theta.sin() + (PI - theta) * theta.cos());
        let got = pair(relu, inputs.view())?;
        assert!((got - want).abs() < 1e-14, "{angle}: {got}, wanted {want}");
    }
    // With weights of variance 2 / fan_in a layer keeps the diagonal; half of it is its kernel's.
    let inputs = random(5, 3);
    let deep = relu.with_sigma(2f64.sqrt(), 0.0).with_layers(7).kernel(inputs.view())?;
    for (i, row) in inputs.rows().into_iter().enumerate() {
        let square = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 3.0;
        assert!((deep[[i, i]] / square - 1.0).abs() < 1e-13);
    }
    // An input of zero length has no angle, and no activation either.
    let zero = relu.kernel(few().view())?;
    assert!(zero.row(2).iter().all(|k| *k == 0.0) && zero[[0, 0]] > 0.0);
    // Opposite inputs share no unit.
    assert!(zero[[0, 3]].abs() < 1e-16, "{}", zero[[0, 3]]);
    Ok(())
}

#[test]
fn erf_is_the_arcsine_of_williams() -> Result<()> {
    let inputs = few();
    let (w, b) = (1.3, 0.4);
    let got = WideNetwork::erf().with_sigma(w, b).kernel(inputs.view())?;
    let x = inputs.mapv(f64::from);
    let c = (x.dot(&x.t()) / 3.0).mapv(|k| b * b + w * w * k);
    let want = Array2::from_shape_fn((4, 4), |(i, j)| {
        2.0 / PI * (2.0 * c[[i, j]] / ((1.0 + 2.0 * c[[i, i]]) * (1.0 + 2.0 * c[[j, j]])).sqrt()).asin()
    });
    assert_near(&got, &want, 1e-15);
    Ok(())
}

/// A function of two kinds of units.
type Kernel = fn() -> WideNetwork;

#[test]
fn three_layers_are_those_of_numpy() -> Result<()> {
    // g = np.arange(-9, 9.01, 0.02); p = np.exp(-g * g / 2); p /= p.sum()
    // def expectation(f, a, b, c):
    //     rho = c / np.sqrt(a * b)
    //     v = np.sqrt(b) * (rho * g[:, None] + np.sqrt(max(1 - rho * rho, 0)) * g)
    //     return (p * f(np.sqrt(a) * g)) @ (f(v) @ p)
    // three times k = expectation(f, c[i, i], c[j, j], c[i, j]), c = 0.09 + 2.25 * k, from k = x @ x.T / 3; f = np.tanh, then
    // scipy.special.erf
    let numpy: [(Kernel, [f64; 9]); 2] = [
        (
            || WideNetwork::new(Activation::Tanh),
            [
                0.419_705_262_755_043_8,
                0.025_939_200_735_212_976,
                0.407_098_623_623_761_26,
                0.103_840_791_060_499_6,
                0.120_465_702_692_282_8,
                0.272_037_096_784_891_13,
                -0.257_710_700_517_566_4,
                0.094_440_357_072_690_18,
                0.103_840_791_060_499_57,
            ],
        ),
        (
            WideNetwork::erf,
            [
                0.520_113_625_419_712_5,
                0.023_893_608_573_073_193,
                0.511_260_102_304_200_9,
                0.120_121_363_814_824_3,
                0.141_613_832_300_909_68,
                0.382_937_195_208_929_44,
                -0.320_098_901_270_366_9,
                0.103_398_563_204_872_81,
                0.120_121_363_814_824_33,
            ],
        ),
    ];
    for (net, want) in numpy {
        let kernel = net().with_layers(3).with_sigma(1.5, 0.3).kernel(few().view())?;
        let lower = (0..4).flat_map(|i| (0..=i).map(move |j| (i, j)));
        for ((i, j), want) in lower.zip(want) {
            assert!((kernel[[i, j]] - want).abs() < 2e-12, "{i} {j}: {}, wanted {want}", kernel[[i, j]]);
            assert_eq!(kernel[[i, j]], kernel[[j, i]]);
        }
    }
    Ok(())
}

/// The kernel of tanh for two variances and a covariance, by inputs that have them.
fn tanh_of(a: f64, b: f64, c: f64) -> Result<f64> {
    let x = c / a.sqrt();
    let inputs = array![[a.sqrt() as f32, 0.0], [x as f32, (b - x * x).max(0.0).sqrt() as f32]];
    pair(WideNetwork::new(Activation::Tanh), inputs.view())
}

#[test]
fn tanh_is_that_of_numpy_for_all_variances() -> Result<()> {
    // expectation(np.tanh, a, b, c, h=0.01) of the lines above. Roots that float32 has: what is compared is the kernel.
    for (abc, want) in [
        ((1.0, 1.0, 0.5), 0.186_324_413_203_448_06),
        ((1.0, 1.0, -1.0), -0.394_294_490_397_841_15),
        ((25.0, 9.0, 14.9), 0.776_118_889_698_186_2),
        ((4.0, 0.3, -0.9), -0.272_913_047_644_158_7),
    ] {
        let got = tanh_of(abc.0, abc.1, abc.2)?;
        assert!((got - want).abs() < 2e-7, "{abc:?}: {got}, wanted {want}");
    }
    // Without rounding of the inputs.
    assert!((tanh_of(1.0, 1.0, -1.0)? + 0.394_294_490_397_841_15).abs() < 1e-12);
    // Small arguments: tanh(u) tanh(v) = u v - (u^3 v + u v^3) / 3 + ..., E[u^3 v] = 3 a c.
    let tiny = array![[1e-6f32, 0.0], [1e-6, 1e-6]];
    let got = pair(WideNetwork::new(Activation::Tanh), tiny.view())?;
    let a = f64::from(1e-6f32).powi(2);
    assert!((got / a - 1.0 + 3.0 * a).abs() < 1e-12, "{}", got / a - 1.0);
    // Large ones: the sign, whose kernel is 2 / pi arcsin(rho).
    let large = array![[1e12f32, 0.0], [1e12, 1e12]];
    let got = pair(WideNetwork::new(Activation::Tanh), large.view())?;
    assert!((got - 0.5).abs() < 1e-11, "{got}");
    Ok(())
}

#[test]
fn kernels_are_symmetric_positive_and_follow_their_inputs() -> Result<()> {
    let inputs = random(40, 6);
    let order = stream(1, Purpose::Order, 1).permutation(40);
    for net in [WideNetwork::new(Activation::Tanh), WideNetwork::new(Activation::Relu), WideNetwork::erf()] {
        let net = net.with_layers(2).with_sigma(1.4, 0.2);
        let kernel = net.kernel(inputs.view())?;
        assert_eq!(kernel, kernel.t());
        let eigen = symmetric_eigen(kernel.view())?.values;
        assert!(eigen[39] > 0.0 && eigen[0] < 40.0 * kernel.diag().fold(0.0, |a: f64, b| a.max(*b)));
        let turned = net.kernel(inputs.select(Axis(0), &order).view())?;
        for i in 0..40 {
            for j in 0..40 {
                assert!((turned[[i, j]] - kernel[[order[i], order[j]]]).abs() < 1e-14);
            }
        }
        // The spectrum does not see the order, and a turn of all inputs neither.
        let (spectrum, other) =
            (net.spectrum(inputs.view())?, net.spectrum(inputs.select(Axis(0), &order).view())?);
        assert_eq!(spectrum.eigenvalues().len(), 39);
        for (a, b) in spectrum.eigenvalues().iter().zip(other.eigenvalues()) {
            assert!((a - b).abs() < 1e-13);
        }
        // Eigenvalues add up to the trace of the centred kernel.
        let trace = (kernel.diag().sum() - kernel.sum() / 40.0) / 39.0;
        assert!((spectrum.eigenvalues().iter().sum::<f64>() - trace).abs() < 1e-13);
    }
    Ok(())
}

#[test]
fn layers_are_kernels_of_kernels() -> Result<()> {
    // Inputs whose kernel is that of the first layer: the roots of it.
    let net = WideNetwork::new(Activation::Tanh).with_sigma(1.7, 0.6);
    let inputs = random(5, 4);
    let first = symmetric_eigen(net.kernel(inputs.view())?.view())?;
    let roots = &first.vectors * &first.values.mapv(|value| (5.0 * value).sqrt());
    let by_hand = net.kernel(roots.mapv(|x| x as f32).view())?;
    assert_near(&net.with_layers(2).kernel(inputs.view())?, &by_hand, 3e-7);
    Ok(())
}

#[test]
fn threads_do_not_change_a_bit() -> Result<()> {
    let inputs = random(70, 5);
    let run = || -> Result<_> {
        let net = WideNetwork::new(Activation::Tanh).with_layers(2);
        Ok((net.kernel(inputs.view())?, net.finite(inputs.view(), 130, 4)?, net.spectrum(inputs.view())?))
    };
    let all = run()?;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(one.install(run)? == all);
    Ok(())
}

#[test]
fn bad_input_is_refused() {
    let net = WideNetwork::new(Activation::Relu);
    let few = few();
    let kernel = |net: WideNetwork| text(net.kernel(few.view()));
    has(&kernel(net.with_layers(0)), &["layers = 0", "at least 1"]);
    has(&kernel(net.with_sigma(-1.0, 0.0)), &["sigma of the weights = -1", "above 0"]);
    has(&kernel(net.with_sigma(0.0, 0.0)), &["sigma of the weights = 0"]);
    has(&kernel(net.with_sigma(f64::INFINITY, 0.0)), &["sigma of the weights = inf"]);
    has(&kernel(net.with_sigma(1.0, -0.1)), &["sigma of the biases = -0.1", "at least 0"]);
    has(&kernel(net.with_sigma(1.0, f64::NAN)), &["sigma of the biases = NaN"]);
    has(&kernel(net.with_sigma(1e60, 0.0)), &["variance", "in layer 1", "1e100"]);
    has(&kernel(net.with_sigma(1e40, 0.0).with_layers(2)), &["variance", "in layer 2"]);
    let empty = |rows, columns| text(net.kernel(Array2::zeros((rows, columns)).view()));
    has(&empty(0, 3), &["inputs of a wide network", "empty"]);
    has(&empty(3, 0), &["inputs of a wide network", "empty"]);
    has(&empty(20_001, 1), &["number of inputs = 20001", "at most 20000"]);
    let nan = array![[1.0f32, 2.0], [0.0, f32::NAN]];
    has(&text(net.kernel(nan.view())), &["inputs of a wide network", "NaN", "flat index 3"]);
    let one = array![[1.0f32, 2.0]];
    has(&text(net.spectrum(one.view())), &["second input", "empty"]);
    has(&text(net.finite_spectrum(one.view(), 5, 0)), &["second input", "empty"]);
    assert!(net.kernel(one.view()).is_ok());
    has(&text(net.finite(few.view(), 0, 0)), &["width = 0"]);
    has(&text(net.finite(few.view(), usize::MAX, 0)), &["width", "memory"]);
    has(&text(net.convergence(few.view(), &[], &[1])), &["list of widths", "empty"]);
    has(&text(net.convergence(few.view(), &[4], &[])), &["list of seeds", "empty"]);
    let same = Array2::<f32>::ones((5, 3));
    has(&text(net.convergence(same.view(), &[4], &[0])), &["inputs that differ"]);
    assert!(matches!(net.convergence(few.view(), &[0], &[0]), Err(Error::Parameter { .. })));
}
