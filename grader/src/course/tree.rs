//! Walks over a YAML document that keep nothing: they only see whether it is a plain tree. The library counts on
//! their errors to say where they were.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::yaml::{EMPTY, NOTHING, TAG, TOO_DEEP, TWICE};

/// The deepest nesting that is read. A rule in a step in a `repeat` in a rule needs about twenty.
const MOST_DEEP: usize = 64;

/// What a walk looks at.
#[derive(Clone, Copy)]
pub enum Look {
    /// Tags, repeated keys, missing values and deep nesting are refused.
    Everything,
    /// Deep nesting is refused, and all else passes.
    Depth,
}

/// A walk over all that stands below a node.
pub struct Tree {
    look: Look,
    depth: usize,
}

impl Tree {
    /// The walk over a whole document.
    pub fn new(look: Look) -> Tree {
        Tree { look, depth: 0 }
    }

    fn below<E: Error>(&self) -> Result<Tree, E> {
        match self.depth {
            0..MOST_DEEP => Ok(Tree { depth: self.depth + 1, ..*self }),
            _ => Err(E::custom(TOO_DEEP)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i128<E>(self, _: i128) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u128<E>(self, _: u128) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match (self.look, self.depth) {
            (Look::Depth, _) => Ok(()),
            (Look::Everything, 0) => Err(E::custom(EMPTY)),
            (Look::Everything, _) => Err(E::custom(NOTHING)),
        }
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        match self.look {
            Look::Everything => Err(A::Error::custom(TAG)),
            Look::Depth => {
                let (IgnoredAny, value) = tagged.variant()?;
                value.newtype_variant_seed(self)
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.below()?)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        loop {
            let key = match self.look {
                Look::Everything => map.next_key_seed(Key(&mut keys))?,
                Look::Depth => map.next_key_seed(self.below()?)?,
            };
            if key.is_none() {
                return Ok(());
            }
            map.next_value_seed(self.below()?)?;
        }
    }
}

/// A key that must not be among those that were seen.
struct Key<'a>(&'a mut BTreeSet<String>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key in plain text")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        if self.0.insert(key.to_owned()) { Ok(()) } else { Err(E::custom(format!("{TWICE}{key}"))) }
    }
}

/// Refuses to be anything, so that the library says where it is.
pub struct Refuse(pub &'static str);

impl<'de> DeserializeSeed<'de> for Refuse {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Refuse {
    type Value = ();

    // With no `visit_` method of its own, every value is of an "invalid type", and this is all that is said of it.
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0)
    }
}
