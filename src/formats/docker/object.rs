//! Reading JSON strictly with places in the errors.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

/// What an object is read as, and what must hold between its fields.
pub(super) trait Checked: Sized {
    /// The fields as they are written; refuses unknown ones.
    type Raw: for<'de> Deserialize<'de>;

    /// The value of the fields, or what is wrong with them together.
    fn check(raw: Self::Raw) -> Result<Self, String>;
}

/// A JSON object. What serde derives for a struct would take an array of its fields too.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Checked> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Checked> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            // An error that is made here gets the place of the object's last byte.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                let raw = T::Raw::deserialize(MapAccessDeserializer::new(map))?;
                T::check(raw).map(Object).map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// What a string is read as.
pub(crate) trait Word: Sized {
    /// What the string should be, with its article.
    const EXPECTED: &'static str;

    /// The value of a string, or what is wrong with it.
    fn from_word(word: &str) -> Result<Self, String>;
}

/// A JSON string that is a [`Word`].
#[derive(Debug)]
pub(super) struct Text<T>(pub(super) T);

impl<'de, T: Word> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Letters<T>(PhantomData<T>);

        impl<T: Word> Visitor<'_> for Letters<T> {
            type Value = Text<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Text<T>, E> {
                T::from_word(word).map(Text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Letters(PhantomData))
    }
}

/// A whole number from 0 to `MAX`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole<const MAX: u64>(pub(super) u64);

impl<'de, const MAX: u64> Deserialize<'de> for Whole<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits<const MAX: u64>;

        impl<const MAX: u64> Visitor<'_> for Digits<MAX> {
            type Value = Whole<MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from 0 to {MAX}")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole<MAX>, E> {
                if number <= MAX {
                    Ok(Whole(number))
                } else {
                    Err(E::invalid_value(Unexpected::Unsigned(number), &self))
                }
            }

            // Negative, since serde_json takes what it can for unsigned.
            fn visit_i64<E: Error>(self, number: i64) -> Result<Whole<MAX>, E> {
                Err(E::invalid_value(Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_u64(Digits)
    }
}
