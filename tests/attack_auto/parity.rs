//! Success against a float64 implementation of the published algorithms, `tests/parity/autoattack.py`, on two networks and 150
//! digits, in both norms.
//!
//! Starts and proposals are other random numbers there, so the two need not agree on an example that an attack breaks from some
//! starts only. There are three seeds of the reference. An example that all of them break is missed if it stands here, and one that
//! none of them breaks is extra if it is broken here. What is known of the few that are:
//!
//! * APGD: rounding. Digit 19 of `tanh` in L2 stands against APGD-DLR in float64 from all of 40 starts, and is broken from all of 40
//!   by the same script in float32, in which the authors' program works; digits 128 and 43 stand against 100 steps of APGD-T in
//!   float64, and fall to 2000 of them, or to 100 in float32 from 3 and 8 of 10 starts. So three runs in float32 count too.
//! * FAB-T: `WithinEps` draws images that end beyond eps back into the ball and judges them there, where the reference gives
//!   up. The nearest digits that stand in the reference are 0.9006, 0.9031 and 0.9097 away, for an eps of 0.9.
//! * Square: here windows reach the last row and column, and each example has draws of its own.

use eigengate::Result;
use eigengate::attack::{Apgd, AutoAttack, Batch, Classifier, Fab, FixedEps, Norm, Square, WithinEps};
use eigengate::data::{Dataset, ImageShape, mnist};
use eigengate::exchange::Npz;
use eigengate::nn::{Activation, Mlp, Network};
use ndarray::{Array1, Array2};

const SHAPE: ImageShape = ImageShape { channels: 1, height: 28, width: 28 };

struct Case {
    name: String,
    net: Mlp,
    norm: Norm,
    eps: f32,
}

fn npz() -> Npz {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/autoattack.npz");
    Npz::open(path).unwrap()
}

fn network(npz: &Npz, name: &str, widths: &[usize], activation: Activation) -> Result<Mlp> {
    let mut net = Mlp::new(widths, activation, 0)?;
    for (i, parameter) in net.parameters_mut().into_iter().enumerate() {
        let values = match i % 2 {
            0 => npz.get::<f32, ndarray::Ix2>(&format!("{name}_w{}", i / 2))?.into_iter().collect(),
            _ => npz.get::<f32, ndarray::Ix1>(&format!("{name}_b{}", i / 2))?.to_vec(),
        };
        parameter.set_values(values)?;
    }
    Ok(net)
}

/// Networks, norms and sizes as in the script.
fn cases(npz: &Npz) -> Result<Vec<Case>> {
    let tanh = network(npz, "tanh", &[784, 30, 10], Activation::Tanh)?;
    let relu = network(npz, "relu", &[784, 40, 20, 10], Activation::Relu)?;
    let case = |name: &str, net: &Mlp, norm: Norm, eps| {
        let name = format!("{name}_{}", norm.to_string().to_lowercase());
        Case { name, net: net.clone(), norm, eps }
    };
    Ok(vec![
        case("tanh", &tanh, Norm::Linf, 0.06),
        case("tanh", &tanh, Norm::L2, 0.9),
        case("relu", &relu, Norm::Linf, 0.05),
        case("relu", &relu, Norm::L2, 0.8),
    ])
}

fn digits() -> Result<Dataset> {
    mnist::shipped()?.test.take(150)
}

/// How many examples are missed by all of the attacks, and how many are extra to all of them.
fn compare(
    case: &Case,
    npz: &Npz,
    attacks: &[&dyn FixedEps],
    of: &str,
    data: &Dataset,
) -> Result<(usize, usize)> {
    let found: Vec<Vec<bool>> = attacks
        .iter()
        .map(|attack| Ok(attack.attack(&case.net, data, case.eps)?.success))
        .collect::<Result<_>>()?;
    let all = |row: usize, what: bool| found.iter().all(|success| success[row] == what);
    let mut reference: Array2<u8> = npz.get(&format!("{}_{of}", case.name))?;
    if of.starts_with("apgd") {
        let rounded: Array2<u8> = npz.get(&format!("{}_{of}_32", case.name))?;
        for run in rounded.rows() {
            reference.push_row(run).unwrap();
        }
    }
    let broken = |value: u8| if of == "standard" { value != 9 } else { value == 1 };
    let agreed = |row: usize, what: bool| reference.column(row).iter().all(|value| broken(*value) == what);
    let missed = (0..data.len()).filter(|row| all(*row, false) && agreed(*row, true)).count();
    let extra = (0..data.len()).filter(|row| all(*row, true) && agreed(*row, false)).count();
    let counts: Vec<usize> =
        reference.rows().into_iter().map(|run| run.iter().filter(|value| broken(**value)).count()).collect();
    let ours: Vec<usize> = found.iter().map(|success| success.iter().filter(|s| **s).count()).collect();
    println!("{} {of}: {ours:?} broken, reference {counts:?}, {missed} missed, {extra} extra", case.name);
    Ok((missed, extra))
}

#[test]
fn networks_and_digits_are_those_of_the_script() -> Result<()> {
    let (npz, data) = (npz(), digits()?);
    for case in cases(&npz)?.iter().step_by(2) {
        let want: Array2<f64> = npz.get(&format!("{}_logits", &case.name[..4]))?;
        let got = Classifier::logits(&case.net, data.images())?;
        assert!(got.iter().zip(&want).all(|(got, want)| (f64::from(*got) - want).abs() < 1e-4));
    }
    Ok(())
}

#[test]
fn apgd_breaks_what_the_reference_breaks() -> Result<()> {
    let (npz, data) = (npz(), digits()?);
    for case in cases(&npz)? {
        for (attack, seeds, of) in [
            (Apgd::cross_entropy(case.norm), 2, "apgd-ce"),
            (Apgd::dlr(case.norm), 3, "apgd-dlr"),
            (Apgd::targeted(case.norm), 1, "apgd-t"),
        ] {
            let attacks: Vec<Apgd> = (0..seeds).map(|seed| attack.with_seed(seed)).collect();
            let attacks: Vec<&dyn FixedEps> = attacks.iter().map(|attack| attack as &dyn FixedEps).collect();
            let (missed, extra) = compare(&case, &npz, &attacks, of, &data)?;
            assert!(missed == 0 && extra == 0, "{} {of}: {missed} missed, {extra} extra", case.name);
        }
    }
    Ok(())
}

#[test]
fn fab_t_breaks_what_the_reference_breaks() -> Result<()> {
    let (npz, data) = (npz(), digits()?);
    for case in cases(&npz)? {
        let fab = WithinEps::new(Fab::new().with_norm(case.norm).with_targets(9));
        let (missed, extra) = compare(&case, &npz, &[&fab], "fab-t", &data)?;
        assert!(missed == 0 && extra <= 3, "{}: {missed} missed, {extra} extra", case.name);
    }
    Ok(())
}

#[test]
fn square_breaks_what_the_reference_breaks() -> Result<()> {
    let (npz, data) = (npz(), digits()?);
    for case in cases(&npz)? {
        // Random search with few queries: many examples are broken from some seeds only.
        let square = Square::new(case.norm, SHAPE).with_queries(500);
        let (missed, extra) = compare(&case, &npz, &[&square], "square", &data)?;
        assert!(missed <= 2 && extra <= 5, "{}: {missed} missed, {extra} extra", case.name);
    }
    Ok(())
}

#[test]
fn autoattack_standard_leaves_what_the_reference_leaves() -> Result<()> {
    let (npz, data) = (npz(), digits()?);
    for case in cases(&npz)? {
        let standard = AutoAttack::standard(case.norm, SHAPE);
        let (missed, extra) = compare(&case, &npz, &[&standard], "standard", &data)?;
        assert!(missed == 0 && extra <= 2, "{}: {missed} missed, {extra} extra", case.name);
        if case.norm == Norm::L2 {
            continue;
        }
        // Which attack broke which: as in the reference, but where starts decide.
        let report = standard.evaluate_batch(&case.net, Batch::of(&data), case.eps)?;
        let reference: Array2<u8> = npz.get(&format!("{}_standard", case.name))?;
        let code = |row: usize| match (report.clean_errors[row], report.broken_by[row]) {
            (true, _) => 8,
            (_, Some(turn)) => turn as u8,
            _ => 9,
        };
        let codes: Array1<u8> = (0..data.len()).map(code).collect();
        let differ =
            (0..data.len()).filter(|row| !reference.column(*row).iter().any(|c| *c == codes[*row])).count();
        assert!(differ <= 2, "{}: {differ}", case.name);
    }
    Ok(())
}
