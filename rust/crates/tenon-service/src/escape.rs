//! How keys and names are written where not every character is allowed.

use std::borrow::Cow;
use std::fmt::Write;

/// A key as the header `ce-subject`: printable ASCII stays but for `"`, `%` and `\`, all else is percent-encoded UTF-8.
/// Source: CloudEvents' NATS binding leaves header values to its HTTP binding, section 3.1.3.2.
pub fn subject(key: &str) -> Cow<'_, str> {
    if key.bytes().all(plain) {
        return Cow::Borrowed(key);
    }
    let mut text = String::with_capacity(key.len() * 3);
    for byte in key.bytes() {
        if plain(byte) {
            text.push(byte.into());
        } else {
            write!(text, "%{byte:02X}").expect("a String takes everything");
        }
    }
    Cow::Owned(text)
}

fn plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'%' | b'\\')
}

/// The key that a header `ce-subject` holds. A `%` that begins no code stays; bytes that are no UTF-8 become U+FFFD.
pub fn key(subject: &str) -> Cow<'_, str> {
    if !subject.contains('%') {
        return Cow::Borrowed(subject);
    }
    let mut bytes = Vec::with_capacity(subject.len());
    let mut rest = subject.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.first_chunk::<2>().and_then(code));
        match code.flatten() {
            Some(byte) => (bytes.push(byte), rest = &after[2..]),
            None => (bytes.push(*first), rest = after),
        };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn code(digits: &[u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

/// A name as one part of a JSON pointer. Source: RFC 6901 section 3.
pub fn pointer(name: &str) -> Cow<'_, str> {
    if !name.contains(['~', '/']) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_header() {
        for (plain, encoded) in [
            ("a b/c", "a b/c"),
            ("50%", "50%25"),
            ("ü\"\n", "%C3%BC%22%0A"),
        ] {
            assert_eq!(
                (subject(plain), key(encoded)),
                (encoded.into(), plain.into())
            );
        }
        assert_eq!(key("100%, %zz, %FF"), "100%, %zz, \u{fffd}");
    }

    #[test]
    fn a_pointer_s_part_has_no_slash() {
        assert_eq!(pointer("/v1/~me"), "~1v1~1~0me");
    }
}
