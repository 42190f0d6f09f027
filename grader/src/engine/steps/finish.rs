//! Expecting ends: of a stream, of the program, or that there is none.

use crate::course::cause::Symptom;
use crate::course::step::{End, Ending, Exit};
use crate::engine::finding::{Finding, Outcome};
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::judge::record::ProcessEnd;

/// Bytes after which what should be an end is a flood.
const FLOOD: usize = 256 << 10;

/// Expects that a stream ends, with no byte before its end.
pub fn end(world: &mut World, end: &End) -> Outcome {
    let name = world.name(&end.of)?;
    let patience = if end.patient { Patience::UntilDeadline } else { Patience::UntilQuiet };
    let waited = world.wait(patience, |world| {
        let stream = world.stream(&name)?;
        let came = stream.inbox.len();
        let tolerated = if end.after_anything { FLOOD } else { 0 };
        if came > tolerated {
            return Ok(Some(Err(Symptom::Extra)));
        }
        Ok(stream.ended.map(|how| match (end.how.contains(&how), how) {
            (true, _) => Ok(()),
            (false, Ending::Rst) => Err(Symptom::Reset),
            (false, Ending::Fin) => Err(Symptom::Eof),
        }))
    })?;
    let symptom = match waited {
        Waited::There(Ok(())) => return Ok(()),
        Waited::There(Err(symptom)) => symptom,
        Waited::Never | Waited::Late => Symptom::Open,
    };
    let symptom = if symptom == Symptom::Extra { flood_or_extra(world, &name)? } else { symptom };
    let actual = world.stream(&name)?.inbox.clone();
    let count = actual.len();
    let finding = Finding { actual: Some(actual), ..Finding::new(symptom).on(&name) }.with("count", count);
    let late = waited == Waited::Late;
    Err(match symptom {
        Symptom::Extra | Symptom::Flood => Finding { deadline: late, ..finding }.into(),
        _ => {
            // Whether the program has ended too must not depend on how soon it is looked at.
            world.settle()?;
            world.ended_or(finding, late).into()
        }
    })
}

fn flood_or_extra(world: &mut World, name: &str) -> Outcome<Symptom> {
    let waited = world.wait(Patience::UntilWaiting, |world| {
        let stream = world.stream(name)?;
        Ok(match (stream.inbox.len() > FLOOD, stream.ended) {
            (true, _) => Some(Symptom::Flood),
            (false, Some(_)) => Some(Symptom::Extra),
            (false, None) => None,
        })
    })?;
    Ok(match waited {
        Waited::There(symptom) => symptom,
        Waited::Never | Waited::Late => Symptom::Extra,
    })
}

/// Expects that the program ends by itself.
pub fn exit(world: &mut World, exit: &Exit) -> Outcome {
    let patience = if exit.patient { Patience::UntilDeadline } else { Patience::UntilQuiet };
    let waited = world.wait(patience, |world| Ok(world.program.as_ref().and_then(|program| program.end().cloned())))?;
    let wanted = exit.status.iter().map(i32::to_string).collect::<Vec<_>>().join(" or ");
    match waited {
        Waited::There(ProcessEnd::Status(status)) if exit.status.contains(&status) => Ok(()),
        Waited::There(ProcessEnd::Status(status)) => {
            let finding = Finding::new(Symptom::Status).with("status", status).with("wanted_status", wanted);
            // A panic has a message of its own; any other status is what this step is about.
            let ended = world.ended_or(finding.clone(), false);
            let panicked = ended.symptom == Some(Symptom::Panicked);
            Err(if panicked { ended } else { finding }.into())
        }
        Waited::There(ProcessEnd::Signal(_)) => Err(world.ended_or(Finding::new(Symptom::Signalled), false).into()),
        Waited::Never | Waited::Late => {
            let finding = Finding { deadline: waited == Waited::Late, ..Finding::new(Symptom::Running) };
            Err(finding.with("wanted_status", wanted).into())
        }
    }
}

/// Expects that the program still runs once it has settled.
pub fn alive(world: &mut World) -> Outcome {
    let waited = world.wait(Patience::UntilWaiting, |world| {
        Ok(world.program.as_ref().is_some_and(|program| program.end().is_some()).then_some(()))
    })?;
    match waited {
        Waited::There(()) => Err(world.ended_or(Finding::new(Symptom::Exited), false).into()),
        Waited::Never | Waited::Late => Ok(()),
    }
}
