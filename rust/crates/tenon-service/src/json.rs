//! JSON without what makes two readers disagree: duplicate keys, NaN, infinities, lone surrogates, deep nesting.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};

/// Arrays and objects inside of each other.
pub const MAX_DEPTH: usize = 64;

/// Makes the values of one language or library.
pub trait Build {
    /// A value.
    type Value;
    /// An object that is being filled.
    type Object;
    /// Why a value cannot be made.
    type Error: fmt::Display;

    /// `null`
    fn null(&self) -> Self::Value;
    /// `true`, `false`
    fn boolean(&self, value: bool) -> Self::Value;
    /// A number without fraction and exponent that 64 bits hold.
    fn integer(&self, value: i64) -> Self::Value;
    /// Any other number.
    fn float(&self, value: f64) -> Self::Value;
    /// A text.
    fn string(&self, value: &str) -> Self::Value;
    /// An array.
    fn array(&self, values: Vec<Self::Value>) -> Result<Self::Value, Self::Error>;
    /// An object without members.
    fn object(&self) -> Self::Object;
    /// Adds a member; false when the key is there already.
    fn insert(
        &self,
        object: &mut Self::Object,
        key: Self::Value,
        value: Self::Value,
    ) -> Result<bool, Self::Error>;
    /// The object with all of its members.
    fn filled(&self, object: Self::Object) -> Self::Value;
}

/// Reads one JSON value that is the whole text. Bounded by the text's length and by [`MAX_DEPTH`].
///
/// A number that is read as -0.0, or is beyond 64 bits, is refused too: whether it was written as an integer is lost
/// here, and a language with integers of any size must not be given a rounded one.
pub fn parse<B: Build>(text: &[u8], build: &B) -> Result<B::Value, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_slice(text);
    let value = Node { build, depth: 0 }.deserialize(&mut source)?;
    source.end()?;
    Ok(value)
}

struct Node<'b, B> {
    build: &'b B,
    depth: usize,
}

impl<B> Clone for Node<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Node<'_, B> {}

impl<B: Build> Node<'_, B> {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom("nested too deep"));
        }
        Ok(Self {
            build: self.build,
            depth: self.depth + 1,
        })
    }
}

impl<'de, B: Build> DeserializeSeed<'de> for Node<'_, B> {
    type Value = B::Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<B::Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de, B: Build> Visitor<'de> for Node<'_, B> {
    type Value = B::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<B::Value, E> {
        Ok(self.build.null())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<B::Value, E> {
        Ok(self.build.boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<B::Value, E> {
        Ok(self.build.integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<B::Value, E> {
        let value = i64::try_from(value).map_err(|_| E::custom("beyond 64 bits"))?;
        Ok(self.build.integer(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<B::Value, E> {
        const BEYOND: f64 = 9_223_372_036_854_775_808.0; // 2^63
        if value.abs() >= BEYOND || value == 0.0 && value.is_sign_negative() {
            return Err(E::custom("written as an integer or not: lost"));
        }
        Ok(self.build.float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<B::Value, E> {
        Ok(self.build.string(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<B::Value, A::Error> {
        let node = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = source.next_element_seed(node)? {
            values.push(value);
        }
        self.build.array(values).map_err(A::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<B::Value, A::Error> {
        let node = self.inner()?;
        let mut object = self.build.object();
        while let Some(key) = source.next_key_seed(node)? {
            let value = source.next_value_seed(node)?;
            let new = self.build.insert(&mut object, key, value);
            if !new.map_err(A::Error::custom)? {
                return Err(A::Error::custom("an object has the same key twice"));
            }
        }
        Ok(self.build.filled(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the values.
    struct Count;

    impl Build for Count {
        type Value = (usize, String);
        type Object = (usize, Vec<String>);
        type Error = fmt::Error;

        fn null(&self) -> Self::Value {
            (1, String::new())
        }
        fn boolean(&self, _: bool) -> Self::Value {
            self.null()
        }
        fn integer(&self, _: i64) -> Self::Value {
            self.null()
        }
        fn float(&self, _: f64) -> Self::Value {
            self.null()
        }
        fn string(&self, value: &str) -> Self::Value {
            (1, value.into())
        }
        fn array(&self, values: Vec<Self::Value>) -> Result<Self::Value, fmt::Error> {
            let inside: usize = values.iter().map(|value| value.0).sum();
            Ok((1 + inside, String::new()))
        }
        fn object(&self) -> Self::Object {
            (1, Vec::new())
        }
        fn insert(
            &self,
            object: &mut Self::Object,
            key: Self::Value,
            value: Self::Value,
        ) -> Result<bool, fmt::Error> {
            let new = !object.1.contains(&key.1);
            object.0 += value.0;
            object.1.push(key.1);
            Ok(new)
        }
        fn filled(&self, object: Self::Object) -> Self::Value {
            (object.0, String::new())
        }
    }

    fn values(text: &str) -> Option<usize> {
        parse(text.as_bytes(), &Count).ok().map(|value| value.0)
    }

    fn nested(levels: usize) -> String {
        "[".repeat(levels) + &"]".repeat(levels)
    }

    #[test]
    fn one_value_that_every_reader_reads_alike() {
        assert_eq!(values(r#" {"a": [1, 2.5, null], "b": "x"} "#), Some(6));
        assert_eq!(values(&nested(MAX_DEPTH)), Some(MAX_DEPTH));
    }

    #[test]
    fn all_else_is_refused() {
        let deep = nested(MAX_DEPTH + 1);
        for bad in [
            "",
            "1 2",
            "NaN",
            "1e400",
            "-0",
            "9223372036854775808",
            r#"{"a": 1, "a": 2}"#,
            r#""\ud800""#,
            &deep,
        ] {
            assert_eq!(values(bad), None, "{bad}");
        }
    }
}
