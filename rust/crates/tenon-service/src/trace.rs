use std::fmt;

/// Where a call stands in a trace, as the header `traceparent` says it.
/// Source: <https://www.w3.org/TR/trace-context/#traceparent-header>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceparent<'a> {
    /// 32 hexadecimal digits, not all of them zero.
    pub trace_id: &'a str,
    /// 16 hexadecimal digits, not all of them zero: the caller's span.
    pub parent_id: &'a str,
    /// Whether whoever began the trace records it.
    pub sampled: bool,
}

impl<'a> Traceparent<'a> {
    /// Reads the header; `None` when it is not valid, and a new trace begins. Of a later version the known parts count.
    pub fn parse(header: &'a str) -> Option<Self> {
        let (known, rest) = header.split_at_checked(55)?;
        let mut parts = known.split('-');
        let (version, trace_id) = (hex(parts.next()?, 2)?, hex(parts.next()?, 32)?);
        let (parent_id, flags) = (hex(parts.next()?, 16)?, hex(parts.next()?, 2)?);
        let ends = match version {
            "ff" => false,
            "00" => rest.is_empty(),
            _ => rest.is_empty() || rest.starts_with('-') && !rest.contains('\n'),
        };
        let valid = ends && some(trace_id) && some(parent_id);
        valid.then(|| Self {
            trace_id,
            parent_id,
            sampled: u8::from_str_radix(flags, 16).is_ok_and(|bits| bits & 1 == 1),
        })
    }
}

impl fmt::Display for Traceparent<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(
            formatter,
            "00-{}-{}-{flags:02x}",
            self.trace_id, self.parent_id
        )
    }
}

fn hex(part: &str, digits: usize) -> Option<&str> {
    let valid =
        part.len() == digits && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    valid.then_some(part)
}

fn some(id: &str) -> bool {
    id.bytes().any(|b| b != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_header_is_read_and_written() {
        let read = Traceparent::parse(HEADER).expect("valid");
        assert!(read.sampled && read.to_string() == HEADER);
        assert!(Traceparent::parse(&HEADER.replacen("00-", "01-", 1)).is_some());
    }

    #[test]
    fn what_is_not_valid_begins_a_new_trace() {
        let later = HEADER.replacen("00", "01", 1);
        for bad in [
            "",
            &HEADER[1..],
            &HEADER.to_uppercase(),
            &HEADER.replacen("00", "ff", 1),
            &format!("{HEADER}-more"),
            &format!("{later}-more\n"),
            &HEADER.replace("b7ad6b7169203331", "0000000000000000"),
        ] {
            assert_eq!(Traceparent::parse(bad), None, "{bad}");
        }
    }
}
