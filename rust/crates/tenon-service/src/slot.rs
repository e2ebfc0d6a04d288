use sha2::{Digest, Sha256};

/// Shards of a domain's log.
pub const SLOTS: u64 = 64;

/// The shard of a distribution key, the same in every language: SHA-256's first 8 bytes, big-endian, mod 64.
pub fn slot_of(dist_key: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(dist_key).into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    u64::from_be_bytes([a, b, c, d, e, f, g, h]) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_slots_that_python_gives_them() {
        assert_eq!(["", "a", "creator-1", "ü"].map(slot_of), [20, 10, 16, 36]);
    }
}
