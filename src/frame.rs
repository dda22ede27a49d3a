//! stub
/// stub
pub struct Frame(polars::prelude::DataFrame);
impl From<polars::prelude::DataFrame> for Frame { fn from(f: polars::prelude::DataFrame) -> Self { Self(f) } }
impl std::ops::Deref for Frame { type Target = polars::prelude::DataFrame; fn deref(&self) -> &Self::Target { &self.0 } }
impl Frame { /// stub
pub fn evcxr_display(&self) { let _ = &self.0; } }
