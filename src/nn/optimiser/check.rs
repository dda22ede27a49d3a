//! Ranges that the settings of optimisers share.

use crate::error::{Error, Result};

pub(super) fn above_zero(name: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::parameter(name, value, "a finite number above 0"))
}

pub(super) fn zero_or_above(name: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::parameter(name, value, "a finite number of at least 0"))
}

pub(super) fn decay(name: &'static str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::parameter(name, value, "a decay in [0, 1)"))
}
