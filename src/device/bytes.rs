//! Bytes whose memory is used again, as that of freed tensors is.

use std::cell::RefCell;

thread_local! {
    /// Freed ones of this thread.
    static FREE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// How many freed ones are kept; a network needs one a layer.
const KEPT: usize = 16;

/// `len` bytes of any value, in the memory of freed ones where there are some of that size.
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    pub(crate) fn new(len: usize) -> Self {
        let found = FREE.with_borrow_mut(|free| {
            let place = free.iter().position(|bytes| bytes.len() == len)?;
            Some(free.swap_remove(place))
        });
        Self(found.unwrap_or_else(|| vec![0; len]))
    }

    pub(super) fn release() {
        FREE.with_borrow_mut(Vec::clear);
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.0);
        // A thread that ends has no place for them any more.
        let _ = FREE.try_with(|free| {
            if let Ok(mut free) = free.try_borrow_mut() {
                if free.len() == KEPT {
                    free.remove(0);
                }
                free.push(bytes);
            }
        });
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl std::ops::DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
