//! What other programs do under the same names.

use super::ball::{L1Step, Projection};
use super::bim::Bim;
use super::fgm::Fgm;
use super::mi_fgsm::{Accumulate, MiFgsm};
use super::norm::Norm;
use super::pgd::{Keep, Pgd};
use super::start::Start;
use super::step::Step;
use crate::error::{Error, Result};

/// A program whose defaults are taken. All but [`AutoAttack`](Preset::AutoAttack) return the last iterate of one run.
///
/// | | PGD | BIM | MI-FGSM | FGM |
/// |---|---|---|---|---|
/// | foolbox 3.3 | L-infinity 40 steps of `eps / 30`, L2 and L1 50 of `0.025 eps`; uniform start | 10 of `0.2 eps` | 10 of `0.2 eps`, adds up directions | L1: `g / abs(g)_1` |
/// | torchattacks 3.5 | L-infinity 10 of `2/255`, uniform start; L2 10 of `0.2`, uniform radius | 10 of `2/255` | 10 of `2/255` | L-infinity alone |
/// | ART 1.20 | 100 of `0.1` from the clean image; pixels are clipped before the ball | the same | the same, `mu` 1 | L1: one pixel |
/// | Madry | L-infinity, 40 of `0.01`, uniform start | | | |
///
/// In L1 foolbox and ART scale the change down to the ball, which is not the nearest point of it. Sizes without eps are in units of the
/// pixel range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Foolbox 3.3.
    Foolbox,
    /// Torchattacks 3.5.
    Torchattacks,
    /// The Adversarial Robustness Toolbox 1.20.
    Art,
    /// The MNIST challenge of Madry et al.
    Madry,
    /// AutoAttack, which has none of these attacks: its versions stand in `Apgd`, `Fab` and `Square`.
    AutoAttack,
}

impl Preset {
    fn lacks<T>(self, attack: &str, norm: Norm) -> Result<T> {
        let expected = format!("a program that has {attack} in {norm}; see the table of Preset");
        Err(Error::parameter("preset", format!("{self:?}"), expected))
    }
}

impl Pgd {
    /// PGD with the defaults of another program.
    ///
    /// ```
    /// use eigengate::attack::{Norm, Pgd, Preset, Step};
    /// assert_eq!(Pgd::preset(Preset::Madry, Norm::Linf)?.step, Step::Fixed(0.01));
    /// # Ok::<(), eigengate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] where that program has none in this norm.
    pub fn preset(preset: Preset, norm: Norm) -> Result<Self> {
        let pgd = Pgd::new().with_norm(norm).with_keep(Keep::Last);
        Ok(match (preset, norm) {
            (Preset::Foolbox, Norm::Linf) | (Preset::Madry, Norm::Linf) => match preset {
                Preset::Madry => pgd.with_step(Step::Fixed(0.01)),
                _ => pgd,
            },
            (Preset::Foolbox, _) => pgd
                .with_steps(50)
                .with_relative_step(0.025)
                .with_l1_step(L1Step::Proportional)
                .with_projection(Projection::BallThenBox),
            (Preset::Torchattacks, Norm::Linf) => pgd.with_steps(10).with_step(Step::Fixed(2.0 / 255.0)),
            (Preset::Torchattacks, Norm::L2) => {
                pgd.with_steps(10).with_step(Step::Fixed(0.2)).with_start(Start::UniformRadius)
            }
            (Preset::Art, _) => pgd
                .with_steps(100)
                .with_step(Step::Fixed(0.1))
                .with_start(Start::Clean)
                .with_l1_step(L1Step::OnePixel)
                .with_projection(Projection::BoxThenBall),
            _ => return preset.lacks("PGD", norm),
        })
    }
}

impl Bim {
    /// BIM with the defaults of another program, as [`Pgd`], which has more to choose.
    ///
    /// # Errors
    /// [`Error::Parameter`] where that program has none in this norm.
    pub fn preset(preset: Preset, norm: Norm) -> Result<Pgd> {
        let bim = Bim::new().with_norm(norm).pgd();
        Ok(match (preset, norm) {
            (Preset::Foolbox, _) => {
                bim.with_l1_step(L1Step::Proportional).with_projection(Projection::BallThenBox)
            }
            (Preset::Torchattacks, Norm::Linf) => bim.with_step(Step::Fixed(2.0 / 255.0)),
            (Preset::Art, _) => return Pgd::preset(preset, norm),
            _ => return preset.lacks("BIM", norm),
        })
    }
}

impl MiFgsm {
    /// MI-FGSM with the defaults of another program.
    ///
    /// # Errors
    /// [`Error::Parameter`] where that program has none in this norm.
    pub fn preset(preset: Preset, norm: Norm) -> Result<Self> {
        let mi_fgsm = MiFgsm::new().with_norm(norm);
        Ok(match (preset, norm) {
            (Preset::Foolbox, _) => {
                mi_fgsm.with_step(Step::OfEps(0.2)).with_accumulate(Accumulate::Direction)
            }
            (Preset::Torchattacks, Norm::Linf) => mi_fgsm.with_step(Step::Fixed(2.0 / 255.0)),
            (Preset::Art, Norm::Linf | Norm::L2) => mi_fgsm.with_steps(100).with_step(Step::Fixed(0.1)),
            _ => return preset.lacks("MI-FGSM", norm),
        })
    }
}

impl Fgm {
    /// FGM with the step of another program.
    ///
    /// # Errors
    /// [`Error::Parameter`] where that program has none in this norm.
    pub fn preset(preset: Preset, norm: Norm) -> Result<Self> {
        let fgm = Fgm::new().with_norm(norm);
        match (preset, norm) {
            (Preset::Foolbox, _) => Ok(fgm.with_l1_step(L1Step::Proportional)),
            (Preset::Art, _) | (Preset::Torchattacks, Norm::Linf) => Ok(fgm),
            _ => preset.lacks("FGM", norm),
        }
    }
}
