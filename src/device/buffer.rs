//! Memory for what an operation keeps to itself: used again as that of freed tensors is, and not filled with zeros.

use crate::numeric::Line;
use std::cell::RefCell;
use std::thread::LocalKey;

type Free<T> = RefCell<Vec<Vec<T>>>;

/// How many freed ones are kept; a network needs a few for every layer.
const KEPT: usize = 32;

/// What a buffer holds.
pub(crate) trait Kept: Copy + Default + 'static {
    /// The freed ones of this thread.
    fn free() -> &'static LocalKey<Free<Self>>;
}

macro_rules! kept {
    ($($kind:ty),*) => {$(
        impl Kept for $kind {
            fn free() -> &'static LocalKey<Free<Self>> {
                thread_local! {
                    static FREE: Free<$kind> = const { RefCell::new(Vec::new()) };
                }
                &FREE
            }
        }
    )*};
}

kept!(u8, f32, Line);

/// Values that are whatever the last owner left, to be written before they are read.
pub(crate) struct Buffer<T: Kept>(Vec<T>);

impl<T: Kept> Buffer<T> {
    pub(crate) fn new(len: usize) -> Self {
        let found = T::free().with_borrow_mut(|free| {
            let place = free.iter().position(|values| values.len() == len)?;
            Some(free.swap_remove(place))
        });
        Self(found.unwrap_or_else(|| vec![T::default(); len]))
    }
}

/// Gives the freed ones of this thread back to the system.
pub(super) fn release() {
    u8::free().with_borrow_mut(Vec::clear);
    f32::free().with_borrow_mut(Vec::clear);
    Line::free().with_borrow_mut(Vec::clear);
}

impl<T: Kept> Drop for Buffer<T> {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.0);
        // A thread that ends has no place for them any more.
        let _ = T::free().try_with(|free| {
            if let Ok(mut free) = free.try_borrow_mut() {
                if free.len() == KEPT {
                    free.remove(0);
                }
                free.push(values);
            }
        });
    }
}

impl<T: Kept> std::ops::Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Kept> std::ops::DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
