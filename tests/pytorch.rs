//! Networks that PyTorch wrote: same predictions, and what is refused.

#[path = "common/errors.rs"]
mod errors;
#[path = "common/parity.rs"]
mod parity;

use eigengate::data::ImageShape;
use eigengate::nn::ops::Whitening;
use eigengate::nn::{Activation, Cnn, Mlp, NameMap, Network, load_pytorch};
use eigengate::{Error, Result};
use errors::{has, text};
use parity::{assert_close, images, largest, npz, numbers, parity};

#[test]
fn networks_of_pytorch_predict_the_same() -> Result<()> {
    let npz = npz();
    let x = images(&npz, "pytorch_x");
    let digits = ImageShape { channels: 1, height: 28, width: 28 };
    let mlp = || Mlp::new(&[784, 30, 20, 10], Activation::Tanh, 1)?.with_batch_norm("hidden.0");
    let cnn = || Cnn::new(digits, &[4, 6], &[20, 10], Activation::Tanh, 1);
    let modules = NameMap::new()
        .with("hidden.0", "fc1")
        .with("hidden.0.batch_norm", "bn1")
        .with("hidden.1", "fc2")
        .with("readout", "fc3");
    let agree = |net: &dyn Network, case: &str| -> Result<()> {
        let (want, got) = (numbers(&npz, &format!("{case}_pytorch_logits")), net.logits(x.view())?);
        assert_close(case, got.as_slice().unwrap(), &want, 1e-5 * largest(&want));
        Ok(())
    };
    let mut net = mlp()?;
    load_pytorch(&mut net, parity("sequential.safetensors"), &NameMap::sequential())?;
    agree(&net, "sequential")?;
    let mut net = mlp()?;
    load_pytorch(&mut net, parity("module.safetensors"), &modules)?;
    agree(&net, "module")?;
    let mut net = cnn()?;
    load_pytorch(&mut net, parity("cnn_sequential.safetensors"), &NameMap::sequential())?;
    agree(&net, "cnn_sequential")?;
    // Named as here; a whitening that the file does not have stays what it is.
    let mut net = cnn()?.with_whitening("conv.1", Whitening::default())?;
    load_pytorch(&mut net, parity("cnn.safetensors"), &NameMap::new())?;
    agree(&net, "cnn")?;

    let before = net.logits(x.view())?;
    let mut refused = |path: &str, names: &NameMap, parts: &[&str]| {
        let error = text(load_pytorch(&mut net, parity(path), names));
        has(&error, parts);
    };
    refused("module.safetensors", &NameMap::new(), &["module.safetensors", "conv.0.weight"]);
    refused("sequential.safetensors", &NameMap::sequential(), &["0.weight", "[4, 1, 3, 3]", "[30, 784]"]);
    refused("cnn.safetensors", &NameMap::new().with("hidden.7", "fc"), &["hidden.7", "readout"]);
    assert_eq!(net.logits(x.view())?, before);
    let mut three = Mlp::new(&[784, 30, 20, 10], Activation::Tanh, 1)?;
    let error = text(load_pytorch(&mut three, parity("sequential.safetensors"), &NameMap::sequential()));
    has(&error, &["3 numbered modules", "4: {0, 2, 4, 6}"]);
    let folder = tempfile::tempdir().unwrap();
    let mut diverged = Mlp::new(&[784, 30, 20, 10], Activation::Tanh, 1)?;
    diverged.parameters_mut()[1].set_values(vec![f32::NAN; 30])?;
    diverged.save(folder.path().join("nan"))?;
    let before = three.logits(x.view())?;
    let error = text(load_pytorch(&mut three, folder.path().join("nan"), &NameMap::new()));
    has(&error, &["hidden.0.bias", "NaN"]);
    assert_eq!(three.logits(x.view())?, before);
    // Arrays that nobody takes are a sign of another architecture.
    let mut small = Mlp::new(&[784, 30, 20, 10], Activation::Tanh, 1)?;
    let names = NameMap::new().with("hidden.0", "fc1").with("hidden.1", "fc2").with("readout", "fc3");
    let error = text(load_pytorch(&mut small, parity("module.safetensors"), &names));
    has(&error, &["bn1.bias", "none of them"]);
    let mut other = Mlp::new(&[784, 31, 20, 10], Activation::Tanh, 1)?.with_batch_norm("hidden.0")?;
    assert!(matches!(
        load_pytorch(&mut other, parity("module.safetensors"), &modules),
        Err(Error::Shape { .. })
    ));
    Ok(())
}
