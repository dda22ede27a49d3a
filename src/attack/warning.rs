//! What makes the result of an attack doubtful.

use crate::display::{Content, show};
use std::fmt;

/// A sign that an attack says less than it seems to: an image that stands may stand because the attack was blind.
///
/// [`AutoAttack`](super::AutoAttack) looks for all of them, as its authors' program does (Croce and Hein 2020, `flags_doc.md`); every
/// attack that follows gradients looks for [`ZeroGradient`](Warning::ZeroGradient) and
/// [`SaturatedLoss`](Warning::SaturatedLoss). `Display` is one line that says what to do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// The model gives other logits for the same image when it is asked again.
    RandomOutput {
        /// The largest difference between two logits of the same image and class.
        difference: f64,
    },
    /// What the model gives as logits are probabilities: between 0 and 1, with sum 1 for every image.
    Probabilities,
    /// The gradient by the image is exactly 0 where the loss is not flat: rounding or dead units swallow it.
    ZeroGradient {
        /// The attack that met it.
        attack: String,
        /// Numbers of the examples, ascending, that met it while they did not fool, and do not fool in the end.
        examples: Vec<usize>,
    },
    /// The loss is flat: its derivative by the logits is exactly 0 in float32.
    SaturatedLoss {
        /// The attack that met it.
        attack: String,
        /// Numbers of the examples, ascending, that met it while they did not fool, and do not fool in the end.
        examples: Vec<usize>,
    },
    /// The model has fewer wrong classes than the attack has targets.
    FewClasses {
        /// The attack.
        attack: String,
        /// Targets that were asked for.
        targets: usize,
        /// Classes of the model.
        classes: usize,
    },
    /// Random search broke examples that all attacks along gradients had left.
    SquareStronger {
        /// Examples that Square alone broke.
        broken: usize,
        /// Examples of the whole run.
        examples: usize,
    },
}

impl Warning {
    /// A short name for tables, e.g. `zero gradient`.
    pub fn kind(&self) -> &'static str {
        match self {
            Warning::RandomOutput { .. } => "random output",
            Warning::Probabilities => "probabilities",
            Warning::ZeroGradient { .. } => "zero gradient",
            Warning::SaturatedLoss { .. } => "saturated loss",
            Warning::FewClasses { .. } => "few classes",
            Warning::SquareStronger { .. } => "Square stronger",
        }
    }

    /// Numbers of the examples that it is about; `None` where it is about the model or the whole run.
    pub fn examples(&self) -> Option<&[usize]> {
        match self {
            Warning::ZeroGradient { examples, .. } | Warning::SaturatedLoss { examples, .. } => {
                Some(examples)
            }
            _ => None,
        }
    }

    /// The attack that it is about; `None` where it is about the model or the whole run.
    pub fn attack(&self) -> Option<&str> {
        match self {
            Warning::ZeroGradient { attack, .. }
            | Warning::SaturatedLoss { attack, .. }
            | Warning::FewClasses { attack, .. } => Some(attack),
            _ => None,
        }
    }

    /// Adds `other` to a list: to the examples of a warning of the same kind and attack, or at the end.
    pub(super) fn add(list: &mut Vec<Warning>, other: Warning) {
        for known in list.iter_mut() {
            match (known, &other) {
                (
                    Warning::ZeroGradient { attack, examples },
                    Warning::ZeroGradient { attack: name, examples: more },
                )
                | (
                    Warning::SaturatedLoss { attack, examples },
                    Warning::SaturatedLoss { attack: name, examples: more },
                ) if attack == name => {
                    examples.extend(more);
                    examples.sort_unstable();
                    examples.dedup();
                    return;
                }
                (known, other) if known == other => return,
                _ => {}
            }
        }
        list.push(other);
    }

    /// Leaves examples out, for instance because another run fooled them; `false` if none is left of the warning.
    pub(super) fn keep_examples(&mut self, keep: impl Fn(usize) -> bool) -> bool {
        match self {
            Warning::ZeroGradient { examples, .. } | Warning::SaturatedLoss { examples, .. } => {
                examples.retain(|number| keep(*number));
                !examples.is_empty()
            }
            _ => true,
        }
    }

    /// Shows its line in a notebook.
    pub fn evcxr_display(&self) {
        show(&[Content::Plain(&self.to_string())]);
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::RandomOutput { difference } => write!(
                f,
                "the model gives random output: logits of the same image differ by up to {difference:.3e}; take the \
                 version `rand` of AutoAttack, which averages gradients, or fix the model's randomness"
            ),
            Warning::Probabilities => f.write_str(
                "the model's logits look like probabilities (between 0 and 1, with sum 1): give the numbers before the \
                 softmax, or losses saturate and gradients vanish",
            ),
            Warning::ZeroGradient { attack, examples } => write!(
                f,
                "{attack}: the gradient is exactly 0 for {}, which the attack did not fool; it was blind there, so try Square, which \
                 needs no gradient, or another loss",
                listed(examples)
            ),
            Warning::SaturatedLoss { attack, examples } => write!(
                f,
                "{attack}: the loss is flat in float32 for {}, which the attack did not fool; the logits are too large for this loss, \
                 so take one that does not depend on their scale (APGD with the DLR loss) or divide the logits by a constant",
                listed(examples)
            ),
            Warning::FewClasses { attack, targets, classes } => write!(
                f,
                "{attack}: {targets} targets were asked for, but of {classes} classes only {} are wrong; those are used",
                classes.saturating_sub(1)
            ),
            Warning::SquareStronger { broken, examples } => write!(
                f,
                "Square broke {broken} of {examples} examples that no attack along gradients broke: gradients mislead here, and \
                 more examples may be weak; take more queries and restarts of Square, or an attack made for this model"
            ),
        }
    }
}

/// `3 examples (numbers 0, 4, 7)`, with ten numbers at most.
fn listed(examples: &[usize]) -> String {
    let numbers: Vec<String> = examples.iter().take(10).map(usize::to_string).collect();
    let (plural, more) =
        (if examples.len() == 1 { "" } else { "s" }, if examples.len() > 10 { ", …" } else { "" });
    format!("{} example{plural} (number{plural} {}{more})", examples.len(), numbers.join(", "))
}
