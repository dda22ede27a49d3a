//! The same network, digits and starts as in other programs: numbers of tests/parity/attack_gradient.py.

use eigengate::Result;
use eigengate::attack::{
    Adversarial, Batch, Bim, FastFgsm, Fgm, Fgsm, FixedEps, MiFgsm, Norm, Pgd, Preset, Step,
};
use eigengate::data::{Dataset, mnist};
use eigengate::exchange::Npz;
use eigengate::nn::{Activation, Mlp, Network, predictions};
use ndarray::{Array1, Array2, s};

const EXAMPLES: usize = 60;
const SHOWN: usize = 10;

struct Peers {
    npz: Npz,
    net: Mlp,
    data: Dataset,
}

fn peers() -> Result<Peers> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/attack_gradient.npz");
    let npz = Npz::open(path)?;
    let mut net = Mlp::new(&[784, 24, 10], Activation::Tanh, 0)?;
    for (place, name) in ["w1", "b1", "w2", "b2"].into_iter().enumerate() {
        let values = npz.get::<f32, ndarray::IxDyn>(name)?.into_iter().collect();
        net.parameters_mut()[place].set_values(values)?;
    }
    Ok(Peers { npz, net, data: mnist::shipped()?.test.take(EXAMPLES)? })
}

impl Peers {
    /// Images to 1e-5, all predictions, and so the same examples fooled. In L-infinity rounding may turn the sign of
    /// a small gradient and so move a pixel: at most `turned` of 7840.
    #[track_caller]
    fn same(&self, name: &str, found: &Adversarial, turned: usize) {
        let images: Array2<f32> = self.npz.get(&format!("{name}.images")).unwrap();
        let shown = found.images.slice(s![..SHOWN, ..]);
        let far: Vec<f32> =
            shown.iter().zip(&images).map(|(a, b)| (a - b).abs()).filter(|d| *d > 1e-5).collect();
        assert!(
            far.len() <= turned,
            "{name}: {} pixels differ, by up to {:?}",
            far.len(),
            far.iter().copied().fold(0.0, f32::max)
        );
        let want: Array1<u8> = self.npz.get(&format!("{name}.predictions")).unwrap();
        assert_eq!(predictions(&self.net, found.images.view()).unwrap(), want.to_vec(), "{name}");
        for (row, said) in want.iter().enumerate() {
            let success = found.success[row];
            assert!(
                success == (*said != self.data.labels()[row]) || name.contains("targeted"),
                "{name} {row}"
            );
        }
    }

    fn start(&self, name: &str) -> Array2<f32> {
        self.npz.get(&format!("{name}.start")).unwrap()
    }

    fn batch(&self) -> Batch<'_> {
        Batch::of(&self.data)
    }
}

#[test]
fn torchattacks() -> Result<()> {
    let peers = peers()?;
    let (net, batch) = (&peers.net, peers.batch());
    let of = |attack: &dyn FixedEps, eps| attack.perturb(net, batch, eps);
    peers.same("ta_fgsm", &of(&Fgsm, 0.1)?, 0);
    let torchattacks = Preset::Torchattacks;
    peers.same("ta_bim", &of(&Bim::preset(torchattacks, Norm::Linf)?, 0.1)?, 2);
    let pgd = Pgd::preset(torchattacks, Norm::Linf)?;
    let clean = pgd.with_random_start(false);
    peers.same("ta_pgd", &of(&clean, 0.1)?, 2);
    let started = pgd.run_from(net, batch, 0.1, peers.start("ta_pgd_random").view())?;
    peers.same("ta_pgd_random", &started, 2);
    peers.same("ta_mifgsm", &of(&MiFgsm::preset(torchattacks, Norm::Linf)?, 0.1)?, 2);
    let l2 = Pgd::preset(torchattacks, Norm::L2)?;
    peers.same("ta_pgd_l2", &of(&l2.with_random_start(false), 1.5)?, 0);
    let started = l2.run_from(net, batch, 1.5, peers.start("ta_pgd_l2_random").view())?;
    peers.same("ta_pgd_l2_random", &started, 0);
    // Fast FGSM from that start is one step of PGD.
    let step = Step::OfEps(FastFgsm::new().relative_step);
    let one = pgd.with_steps(1).with_step(step).run_from(net, batch, 0.1, peers.start("ta_ffgsm").view())?;
    peers.same("ta_ffgsm", &one, 2);
    let targets: Vec<u8> = peers.data.labels().iter().map(|label| (label + 1) % 10).collect();
    let targeted = clean.perturb(net, batch.with_targets(&targets), 0.1)?;
    peers.same("ta_pgd_targeted", &targeted, 2);
    assert!(targeted.success.iter().filter(|success| **success).count() > 20);
    Ok(())
}

#[test]
fn foolbox() -> Result<()> {
    let peers = peers()?;
    let (net, batch, foolbox) = (&peers.net, peers.batch(), Preset::Foolbox);
    for (norm, eps, suffix) in [(Norm::Linf, 0.1, ""), (Norm::L2, 1.5, "_l2"), (Norm::L1, 10.0, "_l1")] {
        let turned = if norm == Norm::Linf { 2 } else { 0 };
        let fgm = Fgm::preset(foolbox, norm)?.perturb(net, batch, eps)?;
        peers.same(&format!("fb_fgm{suffix}"), &fgm, 0);
        let bim = Bim::preset(foolbox, norm)?.perturb(net, batch, eps)?;
        peers.same(&format!("fb_bim{suffix}"), &bim, turned);
        let pgd = Pgd::preset(foolbox, norm)?;
        let clean = pgd.with_random_start(false).perturb(net, batch, eps)?;
        peers.same(&format!("fb_pgd{suffix}"), &clean, turned);
        if norm != Norm::L1 {
            let name = format!("fb_pgd{suffix}_random");
            peers.same(&name, &pgd.run_from(net, batch, eps, peers.start(&name).view())?, turned);
            let mi_fgsm = MiFgsm::preset(foolbox, norm)?.perturb(net, batch, eps)?;
            peers.same(&format!("fb_mifgsm{suffix}"), &mi_fgsm, turned);
        }
    }
    let targets: Vec<u8> = peers.data.labels().iter().map(|label| (label + 1) % 10).collect();
    let pgd = Pgd::preset(foolbox, Norm::Linf)?.with_random_start(false);
    peers.same("fb_pgd_targeted", &pgd.perturb(net, batch.with_targets(&targets), 0.1)?, 2);
    Ok(())
}

/// On the same network, the exact projection and steps on few pixels fool more than twice as many as foolbox's PGD in L1.
#[test]
fn our_pgd_in_l1_is_stronger() -> Result<()> {
    let peers = peers()?;
    let count = |found: Adversarial| found.success.iter().filter(|success| **success).count();
    let ours = count(Pgd::new().with_norm(Norm::L1).perturb(&peers.net, peers.batch(), 10.0)?);
    let foolbox = Pgd::preset(Preset::Foolbox, Norm::L1)?.with_random_start(false);
    let theirs = count(foolbox.perturb(&peers.net, peers.batch(), 10.0)?);
    assert!(ours > 2 * theirs, "{ours} {theirs}");
    Ok(())
}
