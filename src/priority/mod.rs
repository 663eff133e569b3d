//! Priority: impact × urgency by a matrix of the host's, modifiers, an override, and the explanation
//! of the result.
//!
//! ISO/IEC 20000-1:2018, 8.6.1, asks that incidents be prioritised by impact and urgency; how, is the
//! host's. [`Matrix::itil`], [`Matrix::service_now`] and [`Matrix::glpi`] are ready-made.

mod assessment;
mod matrix;
mod modifier;
mod scale;

pub use assessment::{AppliedModifier, Assessment, Override, Priority, PriorityCause};
pub use matrix::{Cell, Matrix};
pub use modifier::{Effect, Modifier, Trigger, Weights};
pub use scale::{HighEnd, Scale};
