//! Expecting an HTTP response.

use regex::Regex;

use crate::course::cause::Symptom;
use crate::course::step::{Ending, Http};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::response::{self, Read, Response};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::judge::record::VoidKind;

/// Expects the next response on a connection.
pub fn http(world: &mut World, http: &Http) -> Outcome {
    let name = world.name(&http.from)?;
    let to_head = http.method == "HEAD";
    let waited = world.wait(Patience::UntilQuiet, |world| {
        let stream = world.stream(&name)?;
        let read = response::read(&stream.inbox, to_head, stream.ended == Some(Ending::Fin));
        Ok(match (read, stream.ended) {
            (Read::Begun, None) => None,
            (Read::Begun, Some(Ending::Fin)) => Some(Err(Finding::new(Symptom::Eof))),
            (Read::Begun, Some(Ending::Rst)) => Some(Err(Finding::new(Symptom::Reset))),
            (Read::Bad(at, why), _) => Some(Err(wrong("syntax", why, at))),
            (Read::Whole(response), _) => Some(Ok(response)),
        })
    })?;
    let late = waited == Waited::Late;
    let finding = match waited {
        Waited::There(Ok(response)) => match disagreement(world, http, &response)? {
            None => {
                world.stream(&name)?.inbox.drain(..response.length);
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

fn wrong(about: &str, detail: impl ToString, at: usize) -> Finding {
    let finding = Finding::new(Symptom::Wrong).with("about", about).with("detail", detail);
    Finding { differs_at: Some(at), ..finding }
}

/// What of a well-formed response is not as expected.
fn disagreement(world: &World, http: &Http, response: &Response) -> Outcome<Option<Finding>> {
    if !http.status.contains(&response.status) {
        let wanted = http.status.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
        let finding = wrong("status", format!("{wanted} expected"), 9).with("status", response.status);
        return Ok(Some(finding.with("wanted_status", wanted)));
    }
    for (name, pattern) in &http.headers {
        let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| Stop::void(VoidKind::Lost, error))?;
        match response.fields.get(name) {
            None => return Ok(Some(wrong(&format!("header {name}"), format!("there is no `{name}`"), 0))),
            Some(value) if !regex.is_match(value) => {
                return Ok(Some(wrong(&format!("header {name}"), format!("`{name}: {value}`"), 0)));
            }
            Some(_) => {}
        }
    }
    if let Some(name) = http.absent.iter().find(|name| response.fields.contains_key(*name)) {
        return Ok(Some(wrong(&format!("header {name}"), format!("`{name}` must not be there"), 0)));
    }
    let Some(body) = &http.body else { return Ok(None) };
    let expected = world.bytes(body)?;
    if expected == response.body {
        return Ok(None);
    }
    let same = expected.iter().zip(&response.body).take_while(|(a, b)| a == b).count();
    let detail = format!("the body has {} bytes, {} expected", response.body.len(), expected.len());
    Ok(Some(Finding { expected: Some(expected), ..wrong("body", detail, same) }))
}
