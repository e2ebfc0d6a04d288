use std::fmt;
use std::marker::PhantomData;

/// An event as its owner declares it. `T` is its payload: a message, or `[u8]` where the contract has JSON.
pub struct Event<T: ?Sized> {
    /// `identity.creator_registered`
    pub name: &'static str,
    /// Where it travels, with `{slot}` for the shard of the sender's relay.
    pub subject: &'static str,
    /// The stream that keeps it: `EVT_IDENTITY`.
    pub stream: &'static str,
    payload: PhantomData<fn(&T)>,
}

impl<T: ?Sized> Event<T> {
    /// An event with these names.
    pub const fn new(name: &'static str, subject: &'static str, stream: &'static str) -> Self {
        Self {
            name,
            subject,
            stream,
            payload: PhantomData,
        }
    }
}

impl<T: ?Sized> fmt::Debug for Event<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}
