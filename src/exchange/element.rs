//! The numbers that arrays are made of, in Rust and in numpy.

/// A number that npy files hold: `f32`, `f64`, `u8` or `i64`.
///
/// In numpy they are `float32`, `float64`, `uint8` and `int64`.
pub trait Element: sealed::Bytes {}

impl Element for f32 {}
impl Element for f64 {}
impl Element for u8 {}
impl Element for i64 {}

/// All elements: what a file's header says and what to read it as.
pub(super) const NAMES: [(&str, &str); 4] =
    [(f32::DTYPE, "f32"), (f64::DTYPE, "f64"), (u8::DTYPE, "u8"), (i64::DTYPE, "i64")];

use sealed::Bytes;

mod sealed {
    /// A number with the bytes of this machine; the header of a file says which those are.
    pub trait Bytes: Copy + 'static {
        /// numpy's name of the type and of the order of its bytes.
        const DTYPE: &'static str;

        /// Appends the numbers of `bytes`, whose length is a multiple of the type's size.
        fn extend(values: &mut Vec<Self>, bytes: &[u8]);

        /// Appends the bytes of one number.
        fn append(self, bytes: &mut Vec<u8>);
    }

    macro_rules! bytes {
        ($($type:ty: $little:literal or $big:literal),*) => {$(
            impl Bytes for $type {
                const DTYPE: &'static str = if cfg!(target_endian = "little") { $little } else { $big };

                fn extend(values: &mut Vec<Self>, bytes: &[u8]) {
                    let (numbers, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
                    values.extend(numbers.iter().map(|number| <$type>::from_ne_bytes(*number)));
                }

                fn append(self, bytes: &mut Vec<u8>) {
                    bytes.extend_from_slice(&self.to_ne_bytes());
                }
            }
        )*};
    }

    bytes!(f32: "<f4" or ">f4", f64: "<f8" or ">f8", u8: "|u1" or "|u1", i64: "<i8" or ">i8");
}
