//! How a course writes bytes: text with `{names}`, hex, random bytes from the seed, repetition, frames.
//! Only the form stands here; `template` works it out.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Bytes, as a check writes them: a text, a list of parts that follow one another, or one of [`Form`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Data {
    /// UTF-8 text; `{name}` stands for a value and `{name|filter}` for a filtered one; `{{` and `}}` are braces.
    Text(String),
    /// Parts, one after another.
    Parts(Vec<Data>),
    /// Anything else.
    Form(Box<Form>),
}

/// The ways to write bytes that plain text is not enough for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    /// Pairs of hexadecimal digits; blanks between pairs are ignored.
    Hex(String),
    /// Bytes drawn from the run's seed: the same name in the same check gives the same bytes.
    Random(Random),
    /// The same bytes again and again.
    Repeat(Repeat),
    /// A number as u32 in network byte order (RFC 1700, "data notation").
    U32(u32),
    /// The bytes behind their length as u32 in network byte order.
    Frame(Data),
    /// Milliseconds that a program is told to measure by its own clock, in decimal. On a busy machine the other end may
    /// be late by that clock: a check that fails is run again with [`SLOWER`] times as many, and that counts.
    ClockMs(u32),
}

/// How much more time a program is given by its own clock where the first was not enough.
pub const SLOWER: u32 = 10;

/// Bytes drawn from the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Random {
    /// How many bytes.
    pub length: usize,
    /// Which bytes; lower-case letters if it is not said.
    #[serde(default)]
    pub of: Alphabet,
}

/// What random bytes are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// a–z
    #[default]
    Lower,
    /// a–z, A–Z, 0–9
    Letters,
    /// 0–9
    Digits,
    /// Any byte but `\n`.
    Line,
    /// Any byte.
    Bytes,
}

/// Bytes that are said once and meant several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// What is repeated.
    pub bytes: Data,
    /// How often.
    pub times: usize,
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("bytes: a text in quotes, a list of parts, or one of {hex, random, repeat, u32, frame, clock_ms}")
    }

    fn visit_str<E>(self, text: &str) -> Result<Data, E> {
        Ok(Data::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Data, E> {
        Ok(Data::Text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Data, E> {
        Ok(Data::Text(number.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Data, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = seq.next_element()? {
            parts.push(part);
        }
        Ok(Data::Parts(parts))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Data, A::Error> {
        Form::deserialize(MapAccessDeserializer::new(map)).map(|form| Data::Form(Box::new(form)))
    }
}

impl JsonSchema for Data {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Data".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let form = generator.subschema_for::<Form>();
        let data = generator.subschema_for::<Data>();
        schemars::json_schema!({
            "description": "Bytes: a text ({name} and {name|filter} stand for values), a list of parts, or a form.",
            "anyOf": [{"type": ["string", "integer"]}, {"type": "array", "items": data}, form]
        })
    }
}
