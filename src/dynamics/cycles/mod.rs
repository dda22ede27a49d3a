//! Limit cycles: found by shooting, with the checks that tell a cycle from a long transient.
//!
//! ```
//! use eigengate::dynamics::{Shooting, families};
//!
//! // Jordan2021's rotation family at alpha = pi / 4 has a stable cycle around an unstable focus.
//! let flow = families::rotation(3.0, std::f64::consts::FRAC_PI_4)?.flow();
//! let cycle = Shooting::new().run(&flow, &[0.33, 0.0], 12.5)?;
//! assert!((cycle.period - 12.573706).abs() < 1e-6);
//! assert!(cycle.stable && (cycle.multipliers[0].re - 0.494250).abs() < 1e-6);
//! // The checks: a multiplier of 1, M f = f, det M = exp(integral of the divergence).
//! assert!((cycle.trivial.re - 1.0).abs() < 1e-9 && cycle.defect < 1e-9 && cycle.liouville() < 1e-9);
//! # Ok::<(), eigengate::Error>(())
//! ```

mod cycle;
pub(super) mod floquet;
mod return_map;
mod shooting;

pub use cycle::Cycle;
pub use return_map::{Return, ReturnMap};
pub use shooting::Shooting;
