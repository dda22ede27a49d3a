//! The root of the precise split.

use super::Family;
use super::section::SplitSection;
use super::split::split;
use super::track::Tracks;
use crate::dynamics::root::brent;
use crate::error::Result;

/// A split below this is a root; a jump stays above.
const ROOT: f64 = 1e-8;

/// The root of the precise split in a range with a sign change; `None` where it has none, is not defined or jumps.
pub(super) fn root(
    family: &Family<'_>,
    tracks: &mut Tracks,
    branches: (f64, f64),
    section: &SplitSection,
    range: (f64, f64),
) -> Result<Option<(f64, f64)>> {
    let mut undefined = false;
    let mut value = |parameter: f64| -> Result<f64> {
        let defined = match tracks.at(family, parameter) {
            Ok((from, to)) => split(&*family(parameter)?, (&from, &to), branches, section)?.value,
            Err(_) => None,
        };
        undefined |= defined.is_none();
        // Brent's method needs a number; what comes of it is thrown away.
        Ok(defined.unwrap_or(f64::NAN))
    };
    let (a, b) = (value(range.0)?, value(range.1)?);
    if a.is_nan() || b.is_nan() || (a > 0.0) == (b > 0.0) {
        return Ok(None);
    }
    let (parameter, reached) = brent(&mut value, (range.0, a), (range.1, b), 1e-15)?;
    Ok((!undefined && reached.abs() < ROOT).then_some((parameter, reached)))
}

/// The root on another section, near a known one.
pub(super) fn root_near(
    family: &Family<'_>,
    tracks: &mut Tracks,
    branches: (f64, f64),
    section: &SplitSection,
    parameter: f64,
    width: f64,
) -> Result<Option<(f64, f64)>> {
    let near = 1e-3 * width;
    root(family, tracks, branches, section, (parameter - near, parameter + near))
}
