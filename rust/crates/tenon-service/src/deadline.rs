/// How a protocol writes the time that a caller gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// `grpc-timeout`: digits and a unit, `1500m`.
    Grpc,
    /// `connect-timeout-ms`: digits.
    Connect,
}

impl Timeout {
    /// Seconds that the header gives; `None` when it cannot be read. At most ten digits, as Connect has it; gRPC's
    /// own limit of eight is the carrier's to refuse.
    pub fn seconds(self, header: &[u8]) -> Option<f64> {
        let (digits, unit) = match self {
            Self::Connect => (header, 1e-3),
            Self::Grpc => {
                let (unit, digits) = header.split_last()?;
                (digits, unit_of(*unit)?)
            }
        };
        let valid = (1..=10).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        let number = |sum: u64, digit: &u8| sum * 10 + u64::from(digit - b'0');
        #[expect(clippy::cast_precision_loss, reason = "ten digits fit")]
        valid.then(|| digits.iter().fold(0, number) as f64 * unit)
    }
}

/// Source: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>, `TimeoutUnit`.
fn unit_of(letter: u8) -> Option<f64> {
    Some(match letter {
        b'H' => 3600.0,
        b'M' => 60.0,
        b'S' => 1.0,
        b'm' => 1e-3,
        b'u' => 1e-6,
        b'n' => 1e-9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_spelling() {
        assert_eq!(Timeout::Grpc.seconds(b"1500m"), Some(1.5));
        assert_eq!(Timeout::Connect.seconds(b"1500"), Some(1.5));
        for bad in ["", "m", "1500", "-1m", "1.5S", "12345678901m"] {
            assert_eq!(Timeout::Grpc.seconds(bad.as_bytes()), None, "{bad}");
        }
    }
}
