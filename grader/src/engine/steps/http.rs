//! Expecting an HTTP response.

use regex::bytes::Regex;

use super::message::{self, Read, wrong};
use crate::course::step::{Ending, Http};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::response::{self, Response};
use crate::engine::stream::Stream;
use crate::engine::world::World;
use crate::judge::record::VoidKind;

/// Expects the next response on a connection.
pub fn http(world: &mut World, http: &Http) -> Outcome {
    let name = world.name(&http.from)?;
    let read = |stream: &Stream| {
        let ended = stream.ended == Some(Ending::Fin);
        match response::read(&stream.inbox, http.method == "HEAD", ended) {
            response::Read::Begun => Read::Begun,
            response::Read::Bad(at, why) => Read::Bad(Finding { differs_at: Some(at), ..wrong("syntax", why) }),
            response::Read::Whole(response) => {
                let length = response.length;
                Read::Whole(response, length)
            }
        }
    };
    message::next(world, &name, read, |world, response| disagreement(world, http, response))
}

/// What of a well-formed response is not as expected.
fn disagreement(world: &World, http: &Http, response: &Response) -> Outcome<Option<Finding>> {
    if !http.status.contains(&response.status) {
        let wanted = http.status.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
        let finding = wrong("status", format!("{}, and {wanted} was due", response.status));
        return Ok(Some(finding.with("status", response.status).with("wanted_status", wanted)));
    }
    if let Some(finding) = fields(http, response)? {
        return Ok(Some(finding));
    }
    let Some(body) = &http.body else { return Ok(None) };
    let expected = world.bytes(body)?;
    Ok((expected != response.body).then(|| wrong_body(expected, &response.body)))
}

fn fields(http: &Http, response: &Response) -> Outcome<Option<Finding>> {
    let about = |name: &str| format!("header {name}");
    for (name, pattern) in &http.headers {
        let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| Stop::void(VoidKind::Lost, error))?;
        match response.fields.get(name) {
            None => return Ok(Some(wrong(&about(name), format!("there is no `{name}`")))),
            Some(value) if !regex.is_match(value.as_bytes()) => {
                return Ok(Some(wrong(&about(name), format!("`{name}: {value}`"))));
            }
            Some(_) => {}
        }
    }
    let there = http.absent.iter().find(|name| response.fields.contains_key(*name));
    Ok(there.map(|name| wrong(&about(name), format!("`{name}` must not be there"))))
}

fn wrong_body(expected: Vec<u8>, body: &[u8]) -> Finding {
    let same = expected.iter().zip(body).take_while(|(a, b)| a == b).count();
    let detail = format!("the body has {} bytes, {} were due; byte {same} differs", body.len(), expected.len());
    Finding { differs_at: Some(same), actual: Some(body.to_vec()), expected: Some(expected), ..wrong("body", detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expecting(headers: &[(&str, &str)], absent: &[&str]) -> Http {
        Http {
            from: "c".into(),
            method: "GET".into(),
            status: vec![200],
            headers: headers.iter().map(|(name, like)| (name.to_string(), like.to_string())).collect(),
            absent: absent.iter().map(|name| name.to_string()).collect(),
            body: None,
            causes: vec![],
        }
    }

    fn about(http: &Http) -> Option<String> {
        let fields = [("content-length".to_owned(), "12".to_owned())].into();
        let response = Response { status: 200, fields, body: vec![], length: 0 };
        let found = super::fields(http, &response).unwrap_or_else(|_| Some(Finding::default()));
        found.map(|finding| finding.facts.get("detail").cloned().unwrap_or_default())
    }

    #[test]
    fn the_whole_value_of_a_field_must_match() {
        assert_eq!(about(&expecting(&[("content-length", "[0-9]+")], &["etag"])), None);
        let short = expecting(&[("content-length", "1|2")], &[]);
        assert_eq!(about(&short).as_deref(), Some("`content-length: 12`"));
    }

    #[test]
    fn fields_that_are_missing_or_must_not_be_there_are_told() {
        assert_eq!(about(&expecting(&[("etag", ".*")], &[])).as_deref(), Some("there is no `etag`"));
        let absent = expecting(&[], &["content-length"]);
        assert_eq!(about(&absent).as_deref(), Some("`content-length` must not be there"));
    }

    #[test]
    fn a_wrong_body_is_shown_without_its_head() {
        let finding = wrong_body(b"abd".to_vec(), b"abc!");
        assert_eq!((finding.differs_at, finding.actual.as_deref()), (Some(2), Some(&b"abc!"[..])));
        assert_eq!(finding.facts.get("about").map(String::as_str), Some("body"));
    }
}
