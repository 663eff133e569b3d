//! andon
pub mod key; pub mod id; pub mod time; pub mod text; pub mod digest; pub mod verb; pub mod actor; pub mod permission;
pub mod calendar; pub mod directory; pub mod fault; pub mod priority; pub mod lifecycle; pub mod incident; pub mod event;
pub use actor::Actor; pub use id::Id;
