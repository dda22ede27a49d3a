//! All portraits of an atlas in one figure.

use super::{axis, layers};
use crate::dynamics::{Atlas, AtlasEntry, Portrait, PortraitClass, PortraitOptions};
use crate::error::{Error, Result};
use crate::plot::{Figure, Panel};
use rayon::prelude::*;

/// Cells of the basins along a side.
const CELLS: usize = 72;
/// Lines and markers beside those of a portrait by itself.
const SCALE: f64 = 0.45;

/// The portraits of an atlas as small panels, in the order of their classes, on one page: basins as tints, manifolds of
/// saddles, cycles, and fixed points by class, as in [`portrait`](super::portrait()).
///
/// A title such as `3·4·2  1+0` is the class: 3 sinks, 4 saddles, 2 sources, 1 stable and 0 unstable cycles; without cycles the
/// second part is left out.
///
/// # Errors
/// [`Error::Empty`] without portraits; those of [`Portrait::new`].
///
/// ```
/// use eigengate::prelude::*;
///
/// let atlas = dynamics::Atlas::shipped()?;
/// let few = dynamics::Atlas::new(atlas.entries()[..4].to_vec());
/// assert_eq!(plot::atlas(&few)?.panels().len(), 4);
/// # Ok::<(), eigengate::Error>(())
/// ```
pub fn atlas(atlas: &Atlas) -> Result<Figure> {
    if atlas.is_empty() {
        return Err(Error::empty("the atlas"));
    }
    let panels = atlas.entries().par_iter().map(panel).collect::<Result<Vec<_>>>()?;
    Ok(Figure::new(panels).with_title("sinks · saddles · sources, stable + unstable cycles"))
}

fn panel(entry: &AtlasEntry) -> Result<Panel> {
    let options = PortraitOptions::new().with_basins(CELLS).with_spacing(0.0);
    let portrait = Portrait::new(&entry.weights, &options)?;
    let view = portrait.options.view;
    let mut layers = match &portrait.plane {
        Some(plane) => layers(&portrait, plane)?,
        None => return Err(Error::shape("a portrait of an atlas", "2 units", entry.weights.units())),
    };
    layers.nullclines = Default::default();
    let panel =
        layers.panel(axis(0, view.low[0], view.high[0]), axis(1, view.low[1], view.high[1]), SCALE)?;
    Ok(panel.with_small_frame().with_title(title(&entry.class)))
}

fn title(class: &PortraitClass) -> String {
    let points = format!("{}·{}·{}", class.sinks, class.saddles, class.sources);
    match class.cycles() {
        0 => points,
        _ => format!("{points}  {}+{}", class.stable_cycles, class.unstable_cycles),
    }
}
