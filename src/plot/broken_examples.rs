//! Which attack broke which example.

use super::{Axis, Color, Figure, Panel, Regions};
use crate::error::{Error, Result};
use ndarray::Array2;

/// Columns of the picture: of more examples, as many at even distances are drawn.
const COLUMNS: usize = 1000;

/// One row for every attack, one column for every example, filled where the attack broke it: `attacks` has names and, for every
/// example, whether the model was fooled, such as [`Adversarial::success`](crate::attack::Adversarial::success). The last row is
/// the worst case, what any of them broke. Rates stand beside the names.
///
/// Examples that more attacks broke come first, and of equally many those that the earlier attacks broke: where rows end at
/// one place, attacks agree; a hole is an example that only others broke.
///
/// # Errors
/// [`Error::Empty`] without attacks or examples, [`Error::Shape`] for attacks on different numbers of examples.
///
/// ```
/// use eigengate::plot;
///
/// let (fgsm, pgd) = ([true, false, false, true], [true, false, true, true]);
/// let figure = plot::broken_examples(&[("FGSM", &fgsm), ("PGD", &pgd)])?;
/// assert!(figure.summary()?.contains("3 x 4 labels, `withstood` 33.33 %, `broken` 66.67 %"));
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn broken_examples(attacks: &[(&str, &[bool])]) -> Result<Figure> {
    let Some((_, first)) = attacks.first() else { return Err(Error::empty("the list of attacks")) };
    let examples = first.len();
    if examples == 0 {
        return Err(Error::empty("the list of examples"));
    }
    if let Some((name, other)) = attacks.iter().find(|(_, broken)| broken.len() != examples) {
        let expected = format!("{examples} examples, as of the first");
        return Err(Error::shape(format!("attack `{name}`"), expected, other.len()));
    }
    let broke = |attack: usize, example: usize| -> bool {
        attacks.get(attack).and_then(|(_, broken)| broken.get(example)).copied().unwrap_or(false)
    };
    let mut order: Vec<usize> = (0..examples).collect();
    // False comes before true: what is to be first is negated.
    let key = |example: &usize| {
        let pattern: Vec<bool> = (0..attacks.len()).map(|attack| !broke(attack, *example)).collect();
        (pattern.iter().filter(|held| **held).count(), pattern)
    };
    order.sort_by_cached_key(key);
    let any = |example: usize| (0..attacks.len()).any(|attack| broke(attack, example));
    let rate = |broken: &dyn Fn(usize) -> bool| {
        let count = (0..examples).filter(|example| broken(*example)).count();
        format!("{:.1} %", 100.0 * count as f64 / examples as f64)
    };
    let mut names: Vec<String> = attacks
        .iter()
        .enumerate()
        .map(|(attack, (name, _))| format!("{name}  {}", rate(&|example| broke(attack, example))))
        .collect();
    names.push(format!("any  {}", rate(&any)));
    names.reverse();
    let columns = examples.min(COLUMNS);
    let labels = Array2::from_shape_fn((attacks.len() + 1, columns), |(row, column)| {
        let place = (2 * column + 1) * examples / (2 * columns);
        let example = order.get(place).copied().unwrap_or(0);
        // The lowest row is the worst case, the highest the first attack.
        usize::from(if row == 0 { any(example) } else { broke(attacks.len() - row, example) })
    });
    let height = names.len() as f64;
    let regions = [("withstood", Color::new(222, 230, 236)), ("broken", Color::VERMILLION)];
    let regions = Regions::new(labels.view(), &regions, (0.0, examples as f64), (0.0, height))?;
    let panel = Panel::new(Axis::linear("Examples").with_whole_ticks(), Axis::linear("").with_names(names));
    Ok(Figure::from(panel.with(regions)).with_size(183.0, 30.0 + 7.0 * height))
}
