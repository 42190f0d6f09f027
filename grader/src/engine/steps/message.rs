//! Waiting for a message whose own bytes tell where it ends: what the steps for all such messages share.

use crate::course::cause::Symptom;
use crate::course::step::Ending;
use crate::engine::finding::{Finding, Outcome};
use crate::engine::stream::Stream;
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;

/// What the bytes that have come make.
pub enum Read<T> {
    /// The beginning of a message.
    Begun,
    /// A message, of so many bytes.
    Whole(T, usize),
    /// Nothing that could become one.
    Bad(Finding),
}

/// Takes the next message on the stream `name`. `read` says what has come, `judge` what is wrong with a message.
pub fn next<T>(
    world: &mut World,
    name: &str,
    read: impl Fn(&Stream) -> Read<T>,
    judge: impl FnOnce(&World, &T) -> Outcome<Option<Finding>>,
) -> Outcome {
    let waited = world.wait(Patience::UntilQuiet, |world| {
        let stream = world.stream(name)?;
        Ok(match (read(stream), stream.ended) {
            (Read::Begun, None) => None,
            (Read::Begun, Some(Ending::Fin)) => Some(Err(Finding::new(Symptom::Eof))),
            (Read::Begun, Some(Ending::Rst)) => Some(Err(Finding::new(Symptom::Reset))),
            (Read::Bad(finding), _) => Some(Err(finding)),
            (Read::Whole(message, length), _) => Some(Ok((message, length))),
        })
    })?;
    let late = matches!(waited, Waited::Late);
    let finding = match waited {
        Waited::There(Ok((message, length))) => match judge(world, &message)? {
            None => {
                world.stream(name)?.inbox.drain(..length);
                return Ok(());
            }
            Some(finding) => finding,
        },
        Waited::There(Err(finding)) => finding,
        Waited::Never | Waited::Late => {
            let silent = world.stream(name)?.inbox.is_empty();
            Finding::new(if silent { Symptom::Silent } else { Symptom::Short })
        }
    };
    world.settle()?;
    let actual = finding.actual.clone().unwrap_or(world.stream(name)?.inbox.clone());
    let finding = Finding { actual: Some(actual), ..finding.on(name) };
    Err(match finding.symptom {
        Some(Symptom::Wrong) => finding.into(),
        _ => world.ended_or(finding, late).into(),
    })
}

/// A message that is wrong in what it is `about`.
pub fn wrong(about: &str, detail: impl ToString) -> Finding {
    Finding::new(Symptom::Wrong).with("about", about).with("detail", detail)
}
