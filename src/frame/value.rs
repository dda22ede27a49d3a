//! What the cells of a table are made of.

use crate::error::{Error, Result};
use polars::prelude::{Column, NamedFrom, PlSmallStr, Series};

/// A value of a column: a number, `bool`, `String` or `&str`, a reference to one, or an `Option` of one,
/// where `None` becomes null.
///
/// `f32`, `f64`, `u8`, `i32`, `i64`, `u32` and `u64` keep their type, `usize` becomes `i64`.
pub trait Value: sealed::Sealed + Sized {
    /// The column of these values.
    #[doc(hidden)]
    fn column(name: &str, values: Vec<Self>) -> Result<Column>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! values {
    // Types that polars takes as they are.
    ($($type:ty),*) => {$(
        impl sealed::Sealed for $type {}
        impl Value for $type {
            fn column(name: &str, values: Vec<Self>) -> Result<Column> {
                Ok(Series::new(PlSmallStr::from_str(name), values).into())
            }
        }
    )*};
    // Types that are converted first; the conversion may fail.
    ($($type:ty => $to:ty, |$value:ident| $convert:expr);*) => {$(
        impl sealed::Sealed for $type {}
        impl Value for $type {
            fn column(name: &str, values: Vec<Self>) -> Result<Column> {
                let converted = values.into_iter().map(|$value| $convert).collect::<Result<Vec<$to>>>()?;
                <$to>::column(name, converted)
            }
        }
    )*};
}

values!(f32, f64, u8, i32, i64, u32, u64, bool, String, &str);
values!(Option<f32>, Option<f64>, Option<u8>, Option<i32>, Option<i64>, Option<u32>, Option<u64>);
values!(Option<bool>, Option<String>, Option<&str>);

// What iterating over slices and arrays gives.
values!(
    &f32 => f32, |value| Ok(*value);
    &f64 => f64, |value| Ok(*value);
    &u8 => u8, |value| Ok(*value);
    &i32 => i32, |value| Ok(*value);
    &i64 => i64, |value| Ok(*value);
    &u32 => u32, |value| Ok(*value);
    &u64 => u64, |value| Ok(*value);
    &bool => bool, |value| Ok(*value);
    &String => String, |value| Ok(value.clone());
    &&str => String, |value| Ok((*value).to_owned());
    &Option<f32> => Option<f32>, |value| Ok(*value);
    &Option<f64> => Option<f64>, |value| Ok(*value);
    &Option<u8> => Option<u8>, |value| Ok(*value);
    &Option<i64> => Option<i64>, |value| Ok(*value);
    &Option<bool> => Option<bool>, |value| Ok(*value);
    &Option<String> => Option<String>, |value| Ok(value.clone())
);

// Counts: signed, because differences of unsigned columns wrap around in polars and become floats in
// pandas.
values!(
    usize => i64, |value| signed(value);
    &usize => i64, |value| signed(*value);
    Option<usize> => Option<i64>, |value| value.map(signed).transpose()
);

fn signed(value: usize) -> Result<i64> {
    i64::try_from(value).map_err(|_| Error::parameter("values", value, "numbers up to i64::MAX"))
}
