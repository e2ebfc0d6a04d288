//! What generated traits are written in: a call's context, how it can fail, streams and events.
//! And what every language has to compute alike: slots of keys, trace headers, deadlines, escapes, what JSON is.
//!
//! No sockets, no clocks but the deadline's. What serves a trait over a wire is another crate's business, and may be
//! replaced.

mod context;
mod deadline;
pub mod escape;
mod event;
pub mod json;
mod slot;
mod status;
mod trace;

use std::pin::Pin;

pub use context::{Context, Principal};
pub use deadline::Timeout;
pub use event::Event;
pub use futures_core::Stream;
pub use slot::{SLOTS, slot_of};
pub use status::{Code, Status};
pub use trace::Traceparent;

/// The messages of a client stream, as a handler is given them.
pub type Streaming<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
