use std::fmt;

/// Why a call failed, with gRPC's numbers.
/// Source: <https://grpc.io/docs/guides/status-codes/>; there is no `Ok`, as a failure is never one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Code {
    /// Given up by the caller.
    Canceled = 1,
    /// Nothing better is known.
    Unknown = 2,
    /// The request breaks a rule, whatever the state is.
    InvalidArgument = 3,
    /// Too late.
    DeadlineExceeded = 4,
    /// There is no such thing, or none that the caller may know of.
    NotFound = 5,
    /// There is one already.
    AlreadyExists = 6,
    /// The caller is known and may not.
    PermissionDenied = 7,
    /// A quota or the service's capacity is used up.
    ResourceExhausted = 8,
    /// Not in this state.
    FailedPrecondition = 9,
    /// Another call was faster; this one may be tried again.
    Aborted = 10,
    /// Past the end.
    OutOfRange = 11,
    /// No such operation here.
    Unimplemented = 12,
    /// A fault of ours.
    Internal = 13,
    /// Not now; it may be tried again.
    Unavailable = 14,
    /// Lost or damaged for good.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
}

impl Code {
    /// Connect's spelling, as metrics and problem documents have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
            Self::InvalidArgument => "invalid_argument",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::PermissionDenied => "permission_denied",
            Self::ResourceExhausted => "resource_exhausted",
            Self::FailedPrecondition => "failed_precondition",
            Self::Aborted => "aborted",
            Self::OutOfRange => "out_of_range",
            Self::Unimplemented => "unimplemented",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::DataLoss => "data_loss",
            Self::Unauthenticated => "unauthenticated",
        }
    }

    /// Whether the same call may succeed later without any change.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::Aborted | Self::ResourceExhausted | Self::DeadlineExceeded | Self::Unavailable
        )
    }
}

/// How a call fails: what handlers return instead of an answer. The detail is shown to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The kind of failure.
    pub code: Code,
    /// Words for the caller.
    pub detail: String,
}

impl Status {
    /// A failure of kind `code`.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Status {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_names_its_code_as_the_other_languages_do() {
        let status = Status::new(Code::NotFound, "no such creator");
        assert_eq!(status.to_string(), "not_found: no such creator");
        assert!(!status.code.retryable() && Code::Unavailable.retryable());
    }
}
