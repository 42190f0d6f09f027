//! Expecting a frame that holds a JSON object.

use serde_json::{Map, Value};

use super::message::{self, Read, wrong};
use crate::course::step::{Json, Member};
use crate::engine::finding::{Finding, Outcome};
use crate::engine::world::World;

/// Frames that claim to be longer are no header.
const LONGEST: usize = 65_536;

/// Expects the next frame on a stream.
pub fn json(world: &mut World, json: &Json) -> Outcome {
    let name = world.name(&json.from)?;
    let judge = |world: &World, object: &Map<String, Value>| disagreement(world, json, object);
    message::next(world, &name, |stream| framed(&stream.inbox), judge)
}

fn framed(bytes: &[u8]) -> Read<Map<String, Value>> {
    let Some(length) = bytes.first_chunk::<4>().map(|length| u32::from_be_bytes(*length) as usize) else {
        return Read::Begun;
    };
    if length > LONGEST {
        return Read::Bad(wrong("length", format!("a header of {length} bytes")));
    }
    let Some(text) = bytes.get(4..4 + length) else { return Read::Begun };
    match serde_json::from_slice(text) {
        Ok(Value::Object(object)) => Read::Whole(object, 4 + length),
        Ok(_) => Read::Bad(wrong("syntax", "the header is not a JSON object")),
        Err(error) => Read::Bad(wrong("syntax", format!("the header is not JSON: {error}"))),
    }
}

/// What of the object is not as expected.
fn disagreement(world: &World, json: &Json, object: &Map<String, Value>) -> Outcome<Option<Finding>> {
    for (name, member) in &json.members {
        let value = object.get(name);
        let right = match member {
            Member::Text(data) => value.and_then(Value::as_str).map(str::as_bytes) == Some(&world.bytes(data)?),
            Member::Number(data) => {
                value.and_then(Value::as_u64).map(|number| number.to_string().into_bytes()) == Some(world.bytes(data)?)
            }
            Member::Line => value.and_then(Value::as_str).is_some_and(|text| !text.is_empty() && !text.contains('\n')),
        };
        if !right {
            let shown = value.map_or("nothing".to_owned(), Value::to_string);
            return Ok(Some(wrong(name, format!("`{name}` is {shown}"))));
        }
    }
    Ok(json
        .absent
        .iter()
        .find(|name| object.contains_key(*name))
        .map(|name| wrong(name, format!("`{name}` must not be there"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_when_it_is_whole() {
        assert!(matches!(framed(b"\0\0\0\x02{"), Read::Begun));
        assert!(matches!(framed(b"\0\0\0\x02{}x"), Read::Whole(object, 6) if object.is_empty()));
    }

    #[test]
    fn a_length_that_no_header_has_is_told_before_its_bytes_come() {
        assert!(matches!(framed(b"\x05\0\0\0"), Read::Bad(finding) if finding.facts["about"] == "length"));
    }
}
