//! What generated traits are written in: a call's context, how it can fail, streams and events.
//!
//! Types only. What serves a trait over a wire is another crate's business, and may be replaced.

mod context;
mod event;
mod status;

use std::pin::Pin;

pub use context::{Context, Principal};
pub use event::Event;
pub use futures_core::Stream;
pub use status::{Code, Status};

/// The messages of a client stream, as a handler is given them.
pub type Streaming<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
