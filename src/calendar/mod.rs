//! Zones of civil time. Instants are UTC everywhere else.

mod zone;

pub use zone::{ZoneName, ZoneNameError};
