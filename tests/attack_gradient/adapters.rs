//! Functions, a user's own dfdx model, and random models under attack.

use crate::errors::{has, text};
use crate::victims::trained;
use dfdx::prelude::{PermuteTo, TryAdd, TryMatMul};
use eigengate::attack::{
    Adversarial, Batch, Classifier, Expectation, Fgsm, FixedEps, Function, Pgd, TensorModel, Transformation,
};
use eigengate::device::{Matrix, matrix};
use eigengate::nn::Network;
use eigengate::{Error, Result};
use ndarray::{Array2, Axis, array};

fn far(a: &Adversarial, b: &Adversarial) -> usize {
    a.images.iter().zip(&b.images).filter(|(a, b)| (*a - *b).abs() > 1e-5).count()
}

/// The trained network as plain arrays.
fn as_function() -> Function {
    let values = |i: usize, rows: usize| {
        let values = trained().0.parameters()[i].values();
        let columns = values.len() / rows;
        Array2::from_shape_vec((rows, columns), values).unwrap()
    };
    let (w1, b1, w2, b2) = (values(0, 50), values(1, 1), values(2, 10), values(3, 1));
    let (back1, back2, bias) = (w1.clone(), w2.clone(), b1.clone());
    let logits =
        move |x: ndarray::ArrayView2<'_, f32>| Ok((x.dot(&w1.t()) + &b1).mapv(f32::tanh).dot(&w2.t()) + &b2);
    let gradient = move |x: ndarray::ArrayView2<'_, f32>, u: ndarray::ArrayView2<'_, f32>| {
        let h = (x.dot(&back1.t()) + &bias).mapv(f32::tanh);
        Ok((u.dot(&back2) * h.mapv(|h| 1.0 - h * h)).dot(&back1))
    };
    Function::new(784, 10, logits, gradient)
}

#[test]
fn a_function_is_attacked_like_the_network_that_it_computes() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(30)?;
    let function = as_function();
    for attack in [&Fgsm as &dyn FixedEps, &Pgd::new().with_steps(5)] {
        let (ours, theirs) = (attack.attack(net, &data, 0.1)?, attack.attack(&function, &data, 0.1)?);
        assert!(far(&ours, &theirs) <= 5, "{}", far(&ours, &theirs));
        assert_eq!(ours.success, theirs.success);
    }
    let wrong =
        Function::new(784, 10, |x| Ok(Array2::zeros((x.nrows(), 9))), |x, _| Ok(Array2::zeros(x.dim())));
    has(&text(Fgsm.attack(&wrong, &data, 0.1)), &["logits of the function"]);
    let wrong = Function::new(784, 10, |x| Ok(Array2::zeros((x.nrows(), 10))), |_, u| Ok(u.to_owned()));
    has(&text(Fgsm.attack(&wrong, &data, 0.1)), &["input gradient of the function"]);
    let refuses = Function::new(784, 10, |_| Err(Error::Device("mine".to_owned())), |x, _| Ok(x.to_owned()));
    has(&text(Fgsm.attack(&refuses, &data, 0.1)), &["mine"]);
    Ok(())
}

#[test]
fn a_model_over_dfdx_tensors_is_attacked_like_the_network_that_it_computes() -> Result<()> {
    let (net, data) = trained();
    let values = |i: usize| net.parameters()[i].values();
    let (w1, b1) = (matrix(&values(0), 50, 784)?, values(1));
    let (w2, b2) = (matrix(&values(2), 10, 50)?, values(3));
    let refused = |e| Error::Device(format!("{e:?}"));
    let rows = |b: &[f32], rows: usize| matrix(&b.repeat(rows), rows, b.len());
    let transposed = |w: &Matrix| w.clone().permute::<(usize, usize), dfdx::prelude::Axes2<1, 0>>();
    let (w1, w2) = (transposed(&w1), transposed(&w2));
    let model = TensorModel::new(784, 10, move |x| {
        let batch = eigengate::device::dims(&x).0;
        let h = x.try_matmul(w1.clone()).map_err(refused)?.try_add(rows(&b1, batch)?).map_err(refused)?;
        let z = h.tanh().try_matmul(w2.clone()).map_err(refused)?;
        z.try_add(rows(&b2, batch)?).map_err(refused)
    });
    let part = data.take(270)?;
    for attack in [&Fgsm as &dyn FixedEps, &Pgd::new().with_steps(3)] {
        let (ours, theirs) = (attack.attack(net, &part, 0.1)?, attack.attack(&model, &part, 0.1)?);
        assert!(far(&ours, &theirs) <= 20, "{}", far(&ours, &theirs));
        assert_eq!(ours.success, theirs.success);
        // A row does not depend on the others.
        let one = Batch::new(part.images().slice_move(ndarray::s![260..261, ..]), &part.labels()[260..261]);
        let one = attack.perturb(&model, one.with_first(260), 0.1)?;
        assert_eq!(one.images.row(0), theirs.images.row(260));
    }
    Ok(())
}

/// Logits (x0^2, 0) under noise and under factors: gradients by hand from the same draws.
#[test]
fn an_expectation_is_the_mean_over_its_draws() -> Result<()> {
    let square = || {
        Function::new(
            2,
            2,
            |x| {
                Ok(Array2::from_shape_fn(
                    (x.nrows(), 2),
                    |(i, c)| if c == 0 { x[[i, 0]].powi(2) } else { 0.0 },
                ))
            },
            |x, u| {
                Ok(Array2::from_shape_fn(
                    x.dim(),
                    |(i, j)| if j == 0 { u[[i, 0]] * 2.0 * x[[i, 0]] } else { 0.0 },
                ))
            },
        )
    };
    let images = array![[0.5f32, 0.2], [0.3, 0.9], [0.5, 0.2]];
    let ask = |model: &Expectation, cotangent: f32| {
        model.pull_back(images.view(), &mut |_, z| {
            Ok(Array2::from_shape_fn(z.dim(), |(_, c)| if c == 0 { cotangent } else { 0.0 }))
        })
    };
    // E (x + s n)^2 = x^2 + s^2, d/dx E = 2 x: within four standard errors of 4000 draws.
    let noisy = Expectation::new(square(), Transformation::gaussian(0.1), 4000)?;
    let found = ask(&noisy, 1.0)?;
    assert!(
        (found.logits[[0, 0]] - 0.26).abs() < 0.007 && (found.gradient[[0, 0]] - 1.0).abs() < 0.013,
        "{found:?}"
    );
    assert_eq!(found.gradient[[0, 1]], 0.0);
    assert_eq!(noisy.logits(images.view())?, found.logits);
    // The same image meets the same draws, another one others.
    assert_eq!(found.gradient.row(0), found.gradient.row(2));
    let few = |seed| ask(&Expectation::new(square(), Transformation::gaussian(0.1), 3)?.with_seed(seed), 1.0);
    assert_ne!(few(0)?.gradient, few(1)?.gradient);
    let (three, one) = (few(0)?, images.select(Axis(0), &[1]));
    let alone = Expectation::new(square(), Transformation::gaussian(0.1), 3)?.logits(one.view())?;
    assert_eq!(alone.row(0), three.logits.row(1));
    // A factor a: d/dx (a x)^2 = 2 a^2 x, so the gradient is multiplied by a too; E a^2 = 1 + w^2 / 3.
    let scaled = ask(&Expectation::new(square(), Transformation::brightness(0.6), 4000)?, 1.0)?;
    assert!((scaled.gradient[[0, 0]] - 1.12).abs() < 0.05, "{}", scaled.gradient[[0, 0]]);
    assert!((scaled.gradient[[0, 0]] - 4.0 * scaled.logits[[0, 0]]).abs() < 1e-4);
    // Nothing random: the model itself.
    let plain = ask(&Expectation::new(square(), Transformation::none(), 4)?, 1.0)?;
    assert!((plain.gradient[[1, 0]] - 0.6).abs() < 1e-6 && (plain.logits[[1, 0]] - 0.09).abs() < 1e-6);
    has(&text(Expectation::new(square(), Transformation::none(), 0)), &["draws = 0"]);
    Ok(())
}

#[test]
fn a_random_model_is_attacked_reproducibly() -> Result<()> {
    let (net, data) = trained();
    let data = data.take(20)?;
    let noisy = Expectation::new(net.clone(), Transformation::gaussian(0.3), 5)?;
    let pgd = Pgd::new().with_steps(4);
    let whole = pgd.attack(&noisy, &data, 0.1)?;
    assert_eq!(pgd.attack(&noisy, &data, 0.1)?.images, whole.images);
    let one = Batch::new(data.images().slice_move(ndarray::s![7..8, ..]), &data.labels()[7..8]).with_first(7);
    assert_eq!(pgd.perturb(&noisy, one, 0.1)?.images.row(0), whole.images.row(7));
    // It is another attack than that on the network without noise.
    assert_ne!(pgd.attack(net, &data, 0.1)?.images, whole.images);
    Ok(())
}
