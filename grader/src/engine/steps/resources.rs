//! Expecting that a program gives back what it used: descriptors, threads, processor time.

use std::io::ErrorKind::PermissionDenied;

use super::finish;
use crate::course::cause::Symptom;
use crate::course::step::{Mark, Memory, Queue, Steady, Transport};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::program::Program;
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::{Resources, World};
use crate::judge::record::VoidKind;
use crate::kernel::diag::SocketRow;
use crate::kernel::{fds, tasks};

/// Remembers what the program uses.
pub fn mark(world: &mut World, mark: &Mark) -> Outcome {
    world.settle()?;
    let (name, used) = (world.name(&mark.name)?, used(world));
    let note = format!("{} descriptors, {} threads, {} KiB", used.descriptors, used.threads, used.peak_kib);
    world.note("mark", None, None, note);
    world.marks.insert(name, used);
    Ok(())
}

/// What all the program's processes use.
fn used(world: &World) -> Resources {
    let processes = world.program.as_ref().map(Program::processes).unwrap_or_default();
    Resources {
        threads: world.program.as_ref().map_or(0, |program| program.tasks().len()),
        processes: processes.len(),
        peak_kib: processes.iter().map(|pid| tasks::peak_kib(*pid)).max().unwrap_or(0),
        descriptors: processes.into_iter().map(fds::count).sum(),
    }
}

/// Expects that neither descriptors nor threads nor processes have grown since a mark by more than is allowed.
pub fn steady(world: &mut World, steady: &Steady) -> Outcome {
    let since = world.name(&steady.since)?;
    let before = world.marks.get(&since).copied().unwrap_or_default();
    let waited = world
        .wait(Patience::UntilWaiting, |world| Ok(grown(before, used(world), steady.allow).is_none().then_some(())))?;
    let Some((what, before, after)) = grown(before, used(world), steady.allow) else { return Ok(()) };
    let finding = Finding::new(Symptom::Grows).with("what", what).with("limit", before).with("count", after);
    Err(world.ended_or(finding, waited == Waited::Late).into())
}

/// What has grown by more than `allow`, with its counts before and after. What brings others with it comes first: a
/// process has descriptors and threads.
fn grown(before: Resources, now: Resources, allow: usize) -> Option<(&'static str, usize, usize)> {
    let counts = [
        ("processes", before.processes, now.processes),
        ("descriptors", before.descriptors, now.descriptors),
        ("threads", before.threads, now.threads),
    ];
    counts.into_iter().find(|(_, before, now)| *now > before + allow)
}

/// Expects that the program's largest resident set has grown by less than so much since a mark.
pub fn memory(world: &mut World, memory: &Memory) -> Outcome {
    // Of a program that has ended nothing would be left to see.
    finish::alive(world)?;
    let since = world.name(&memory.since)?;
    let before = world.marks.get(&since).copied().unwrap_or_default().peak_kib;
    let now = used(world).peak_kib;
    let grown = now.saturating_sub(before);
    world.note("memory", None, None, format!("{now} KiB at most, {grown} more than at the mark"));
    if grown < memory.grown_below_mib << 10 {
        return Ok(());
    }
    let detail = format!("grown by {} MiB, less than {} were due", grown >> 10, memory.grown_below_mib);
    let finding = Finding::new(Symptom::Grows).with("what", "MiB of memory").with("detail", detail);
    let finding = finding.with("limit", before >> 10).with("count", now >> 10);
    Err(world.ended_or(finding, false).into())
}

/// Expects a state of the accept queue.
pub fn queue(world: &mut World, queue: &Queue) -> Outcome {
    world.settle()?;
    world.wait(Patience::UntilQuiet, |world| {
        let row = world.diag.receiver(Transport::Tcp, world.address)?;
        Ok(row.filter(|row| disagreement(queue, row).is_none()).map(drop))
    })?;
    let Some(row) = world.diag.receiver(Transport::Tcp, world.address)? else {
        return Err(world.ended_or(Finding::new(Symptom::Deaf).with("wanted_address", world.address), false).into());
    };
    world.note("queue", None, None, format!("backlog {}, {} waiting", row.unacked, row.unread));
    match disagreement(queue, &row) {
        None => Ok(()),
        Some((about, is, wanted)) => {
            let detail = format!("{is}, and {wanted} was due");
            let finding = Finding::new(Symptom::Wrong).with("about", about).with("detail", detail);
            Err(finding.with("count", is).with("limit", wanted).into())
        }
    }
}

/// Which number of the queue is not as expected, what it is, and what it should be.
fn disagreement(queue: &Queue, row: &SocketRow) -> Option<(&'static str, u32, u32)> {
    let numbers = [("limit", row.unacked, queue.limit), ("waiting", row.unread, queue.waiting)];
    numbers.into_iter().find_map(|(about, is, wanted)| Some((about, is, wanted.filter(|wanted| *wanted != is)?)))
}

/// A container's root may not copy descriptors of another user (pidfd_getfd(2), ptrace(2)).
const NOT_ASKED: &str = "the program's sockets cannot be asked for their options: CAP_SYS_PTRACE is missing";

/// Looks at the listener's descriptor and at the lowest number that is free, which the next socket will get (open(2)).
pub fn descriptors(world: &mut World) -> Outcome {
    finish::alive(world)?;
    let inode = world.diag.receiver(Transport::Tcp, world.address)?.map(|row| row.inode);
    let processes = world.program.as_ref().map(Program::processes).unwrap_or_default();
    for name in ["free_fd", "listener_fd", "listener_reuseaddr"] {
        world.values.set(name, "none");
    }
    for pid in processes {
        let numbers = fds::numbers(pid);
        let free = (0..).find(|number| !numbers.contains(number)).unwrap_or_default();
        world.values.set("free_fd", free.to_string());
        let listener = numbers.into_iter().find(|fd| inode.is_some() && fds::socket(pid, *fd) == inode);
        if let Some(fd) = listener {
            world.values.set("listener_fd", fd.to_string());
            let reuse = match fds::reuses_address(pid, fd) {
                Ok(true) => "1",
                Ok(false) => "0",
                Err(error) if error.kind() == PermissionDenied => {
                    return Err(Stop::void(VoidKind::Unsupported, NOT_ASKED));
                }
                Err(_) => "?",
            };
            world.values.set("listener_reuseaddr", reuse);
            return Ok(());
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::*;
    use crate::kernel::diag::TcpState;

    #[test]
    fn the_first_number_of_the_queue_that_differs_is_told() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
        let state = TcpState::Listen;
        let row = SocketRow {
            state,
            local: address,
            peer: address,
            unread: 3,
            unacked: 5,
            inode: 1,
            drops: 0,
            memory: 0,
            tcp: None,
        };
        let queue = |limit, waiting| Queue { limit, waiting, causes: vec![] };
        assert_eq!(disagreement(&queue(Some(5), Some(3)), &row), None);
        assert_eq!(disagreement(&queue(None, Some(2)), &row), Some(("waiting", 3, 2)));
        assert_eq!(disagreement(&queue(Some(128), Some(2)), &row), Some(("limit", 5, 128)));
    }
}
