//! Expecting that a program gives back what it used: descriptors, threads, processor time.

use crate::course::cause::Symptom;
use crate::course::step::{Mark, Steady};
use crate::engine::finding::{Finding, Outcome};
use crate::engine::program::Program;
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::kernel::fds;

/// Remembers how many descriptors and threads the program has.
pub fn mark(world: &mut World, mark: &Mark) -> Outcome {
    world.settle()?;
    let (name, counts) = (world.name(&mark.name)?, counts(world));
    world.note("mark", None, None, format!("{} descriptors, {} threads", counts.0, counts.1));
    world.marks.insert(name, counts);
    Ok(())
}

/// Descriptors and threads of all the program's processes.
fn counts(world: &World) -> (usize, usize) {
    let processes = world.program.as_ref().map(Program::processes).unwrap_or_default();
    let threads = world.program.as_ref().map_or(0, |program| program.tasks().len());
    (processes.into_iter().map(fds::count).sum(), threads)
}

/// Expects that neither has grown since a mark by more than is allowed.
pub fn steady(world: &mut World, steady: &Steady) -> Outcome {
    let since = world.name(&steady.since)?;
    let (descriptors, threads) = world.marks.get(&since).copied().unwrap_or_default();
    let waited = world.wait(Patience::UntilWaiting, |world| {
        let now = counts(world);
        Ok((now.0 <= descriptors + steady.allow && now.1 <= threads + steady.allow).then_some(()))
    })?;
    if let Waited::There(()) = waited {
        return Ok(());
    }
    let now = counts(world);
    let (what, before, after) = match now.0 > descriptors + steady.allow {
        true => ("descriptors", descriptors, now.0),
        false => ("threads", threads, now.1),
    };
    let finding = Finding::new(Symptom::Grows).with("what", what).with("limit", before).with("count", after);
    Err(world.ended_or(finding, waited == Waited::Late).into())
}

/// Processor time in which a program that has nothing to do shows that it spins.
const SPINNING_NS: u64 = 300_000_000;

/// Expects that the settled program uses no processor time.
pub fn calm(world: &mut World) -> Outcome {
    let before = world.ran_ns();
    let waited = world.wait(Patience::UntilAsleep, |world| {
        let spent = world.ran_ns().saturating_sub(before);
        Ok((spent > SPINNING_NS).then_some(spent))
    })?;
    match waited {
        Waited::There(spent) => Err(Finding::new(Symptom::Busy).with("count", spent / 1_000_000).into()),
        Waited::Never | Waited::Late => Ok(()),
    }
}
