use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Who calls. The default is nobody: an operation without a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// The token's subject; empty for nobody.
    pub subject: String,
    /// What the token grants.
    pub scopes: BTreeSet<String>,
}

/// What a handler knows of its call beside the request.
#[derive(Clone, Debug)]
pub struct Context {
    /// When the answer is of no use any more. Every call has one.
    pub deadline: Instant,
    /// Who calls.
    pub principal: Principal,
    headers: BTreeMap<String, String>,
}

impl Context {
    /// A call that ends at `deadline`. Of headers whose names differ in case only, the last one counts.
    pub fn new<N: AsRef<str>, V: Into<String>>(
        deadline: Instant,
        principal: Principal,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let headers = headers
            .into_iter()
            .map(|(name, value)| (name.as_ref().to_ascii_lowercase(), value.into()))
            .collect();
        Self {
            deadline,
            principal,
            headers,
        }
    }

    /// How long the answer is still of use; zero when it is late.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The header or metadata `name`, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(&name.to_ascii_lowercase())
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(deadline: Instant) -> Context {
        let headers = [("Idempotency-Key", "1"), ("idempotency-key", "2")];
        Context::new(deadline, Principal::default(), headers)
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let ctx = context(Instant::now());
        assert_eq!(ctx.header("IDEMPOTENCY-KEY"), Some("2"));
        assert_eq!(ctx.header("traceparent"), None);
    }

    #[test]
    fn nothing_remains_after_the_deadline() {
        let now = Instant::now();
        assert_eq!(context(now).remaining(), Duration::ZERO);
        assert!(context(now + Duration::from_secs(3600)).remaining() > Duration::from_secs(3000));
    }
}
