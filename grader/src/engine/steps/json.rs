//! Expecting a frame that holds a JSON object.

use serde_json::{Map, Value};

use crate::course::cause::Symptom;
use crate::course::step::{Ending, Json, Member};
use crate::engine::finding::{Finding, Outcome};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;

/// Frames that claim to be longer are no header.
const LONGEST: usize = 65_536;

/// What the bytes that have come make.
enum Framed {
    Begun,
    Whole(Map<String, Value>, usize),
    Bad(&'static str, String),
}

/// Expects the next frame on a stream.
pub fn json(world: &mut World, json: &Json) -> Outcome {
    let name = world.name(&json.from)?;
    let waited = world.wait(Patience::UntilQuiet, |world| {
        let stream = world.stream(&name)?;
        Ok(match (framed(&stream.inbox), stream.ended) {
            (Framed::Begun, None) => None,
            (Framed::Begun, Some(Ending::Fin)) => Some(Err(Finding::new(Symptom::Eof))),
            (Framed::Begun, Some(Ending::Rst)) => Some(Err(Finding::new(Symptom::Reset))),
            (Framed::Bad(about, detail), _) => Some(Err(wrong(about, detail))),
            (Framed::Whole(object, length), _) => Some(Ok((object, length))),
        })
    })?;
    let late = matches!(waited, Waited::Late);
    let finding = match waited {
        Waited::There(Ok((object, length))) => match disagreement(world, json, &object)? {
            None => {
                world.stream(&name)?.inbox.drain(..length);
                return Ok(());
            }
            Some(finding) => finding,
        },
        Waited::There(Err(finding)) => finding,
        Waited::Never | Waited::Late => {
            let silent = world.stream(&name)?.inbox.is_empty();
            Finding::new(if silent { Symptom::Silent } else { Symptom::Short })
        }
    };
    world.settle()?;
    let actual = world.stream(&name)?.inbox.clone();
    let finding = Finding { actual: Some(actual), ..finding.on(&name) };
    Err(match finding.symptom {
        Some(Symptom::Wrong) => finding.into(),
        _ => world.ended_or(finding, late).into(),
    })
}

fn wrong(about: &str, detail: impl ToString) -> Finding {
    Finding::new(Symptom::Wrong).with("about", about).with("detail", detail)
}

fn framed(bytes: &[u8]) -> Framed {
    let Some(length) = bytes.first_chunk::<4>().map(|length| u32::from_be_bytes(*length) as usize) else {
        return Framed::Begun;
    };
    if length > LONGEST {
        return Framed::Bad("length", format!("a header of {length} bytes"));
    }
    let Some(text) = bytes.get(4..4 + length) else { return Framed::Begun };
    match serde_json::from_slice(text) {
        Ok(Value::Object(object)) => Framed::Whole(object, 4 + length),
        Ok(_) => Framed::Bad("syntax", "the header is not a JSON object".to_owned()),
        Err(error) => Framed::Bad("syntax", format!("the header is not JSON: {error}")),
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
        assert!(matches!(framed(b"\0\0\0\x02{"), Framed::Begun));
        assert!(matches!(framed(b"\0\0\0\x02{}x"), Framed::Whole(object, 6) if object.is_empty()));
    }

    #[test]
    fn a_length_that_no_header_has_is_told_before_its_bytes_come() {
        assert!(matches!(framed(b"\x05\0\0\0"), Framed::Bad("length", _)));
    }
}
