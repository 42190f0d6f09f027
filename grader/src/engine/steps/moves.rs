//! What is done to a program: sending in every way, closing in every way, stopping it.

use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use crate::course::cause::Symptom;
use crate::course::step::{Close, Closing, Coalesce, Fill, Fragment, Send};
use crate::engine::finding::{Finding, Outcome, Stop};
use crate::engine::stream::Carrier;
use crate::engine::wait::{Patience, Waited};
use crate::engine::world::World;
use crate::judge::record::VoidKind;

/// Sends bytes, and takes in what comes meanwhile.
pub fn send(world: &mut World, send: &Send) -> Outcome {
    let (name, bytes) = (world.name(&send.to)?, world.bytes(&send.bytes)?);
    world.note("send", Some(&name), Some(&bytes), "");
    world.stream(&name)?.last_sent.clone_from(&bytes);
    match &send.toward {
        Some(other) => send_toward(world, &name, &bytes, other),
        None => write_all(world, &name, &bytes),
    }
}

/// Sends a datagram from one played server to whoever sent last to another one.
fn send_toward(world: &mut World, name: &str, bytes: &[u8], other: &str) -> Outcome {
    let other = world.name(other)?;
    let to = match &world.stream(&other)?.carrier {
        Carrier::UdpServer(_, to) => *to,
        _ => None,
    };
    match (&world.stream(name)?.carrier, to) {
        (Carrier::UdpServer(socket, _), Some(to)) => socket.send_to(bytes, to).map(drop)?,
        _ => return Err(Stop::void(VoidKind::Lost, format!("nobody has sent to `{other}`"))),
    }
    world.stir();
    world.pump(Duration::ZERO).map(drop)
}

/// Hands `bytes` to the kernel. That the program is gone, or reads no more, is for a later step to judge.
fn write_all(world: &mut World, name: &str, bytes: &[u8]) -> Outcome {
    let mut rest = bytes;
    let mut first = true;
    while first || !rest.is_empty() {
        first = false;
        match world.stream(name)?.write(rest) {
            Ok(Some(taken)) => rest = &rest[taken..],
            Ok(None) => {
                if stuck(world, name)? {
                    let left = rest.len();
                    world.note("stuck", Some(name), None, format!("{left} bytes not taken: the program does not read"));
                    world.stream(name)?.outbox.extend_from_slice(rest);
                    return Ok(());
                }
            }
            Err(error) => {
                world.note("send", Some(name), None, format!("failed: {error}"));
                return Ok(());
            }
        }
        world.stir();
    }
    world.pump(Duration::ZERO).map(drop)
}

/// Waits until `name` takes bytes again; true if the program waits for something else meanwhile. What is left is sent when
/// it reads again after all.
fn stuck(world: &mut World, name: &str) -> Outcome<bool> {
    let waited = world.wait(Patience::UntilAsleep, |world| {
        world.pump_or_writable(Duration::from_micros(200), Some(name))?;
        Ok(world.stream(name)?.can_write().then_some(()))
    })?;
    Ok(!matches!(waited, Waited::There(())))
}

/// Sends bytes in pieces, each consumed before the next.
pub fn fragment(world: &mut World, fragment: &Fragment) -> Outcome {
    let (name, bytes) = (world.name(&fragment.to)?, world.bytes(&fragment.bytes)?);
    let pieces = pieces(&bytes, fragment);
    let note = format!("in {} pieces", pieces.len());
    world.note("send", Some(&name), Some(&bytes), note);
    let mut sent = 0;
    for (number, piece) in pieces.iter().enumerate() {
        write_all(world, &name, piece)?;
        sent += piece.len();
        world.stream(&name)?.last_sent = bytes[..sent].to_vec();
        if number + 1 < pieces.len() {
            consumed(world, &name)?;
            if !fragment.answers {
                nothing_yet(world, &name, &bytes, sent, pieces.len())?;
            }
        }
    }
    Ok(())
}

fn pieces<'b>(bytes: &'b [u8], fragment: &Fragment) -> Vec<&'b [u8]> {
    if fragment.at.is_empty() {
        return bytes.chunks(fragment.each.unwrap_or(1).max(1)).collect();
    }
    let ends = fragment.at.iter().copied().map(|at| at.min(bytes.len())).chain([bytes.len()]);
    let mut start = 0;
    let cut = ends.map(|end| {
        let piece = &bytes[start.min(end)..end];
        start = end;
        piece
    });
    cut.filter(|piece| !piece.is_empty()).collect()
}

/// Waits until the program has read all that was sent, or will not.
fn consumed(world: &mut World, name: &str) -> Outcome {
    world
        .wait(Patience::UntilWaiting, |world| {
            let stream = world.stream(name)?;
            let (Some((ours, theirs)), sent) = (stream.ends, stream.sent) else { return Ok(None) };
            let row = world.diag.connection(theirs, ours)?;
            let read = |row: crate::kernel::diag::SocketRow| {
                row.unread == 0 && row.inode != 0 && row.tcp.is_none_or(|tcp| tcp.received >= sent)
            };
            Ok(row.is_none_or(read).then_some(()))
        })
        .map(drop)
}

/// Fails if an answer came although the message is not whole.
fn nothing_yet(world: &mut World, name: &str, whole: &[u8], sent: usize, pieces: usize) -> Outcome {
    world.wait(Patience::UntilWaiting, |world| Ok((!world.stream(name)?.inbox.is_empty()).then_some(())))?;
    if world.stream(name)?.inbox.is_empty() {
        return Ok(());
    }
    world.settle()?;
    let actual = world.stream(name)?.inbox.clone();
    let finding = Finding { actual: Some(actual), ..Finding::new(Symptom::Early).on(name) };
    let finding = finding.with("pieces", pieces).with("count", sent).with("limit", whole.len());
    Err(world.ended_or(finding, false).into())
}

/// Sends several writes so that one read gets them all.
pub fn coalesce(world: &mut World, coalesce: &Coalesce) -> Outcome {
    let name = world.name(&coalesce.to)?;
    let writes = coalesce.writes.iter().map(|data| world.bytes(data)).collect::<Outcome<Vec<_>>>()?;
    let was_frozen = is_frozen(world);
    if !was_frozen {
        freeze(world)?;
    }
    for bytes in &writes {
        world.note("send", Some(&name), Some(bytes), "while the program is stopped");
        write_all(world, &name, bytes)?;
    }
    world.stream(&name)?.last_sent = writes.concat();
    delivered(world, &name)?;
    if was_frozen { Ok(()) } else { thaw(world) }
}

/// Waits until everything sent lies in the program's socket.
fn delivered(world: &mut World, name: &str) -> Outcome {
    world
        .wait(Patience::UntilDeadline, |world| {
            let stream = world.stream(name)?;
            let (Some((ours, theirs)), sent) = (stream.ends, stream.sent) else { return Ok(Some(())) };
            let row = world.diag.connection(theirs, ours)?;
            Ok(row.is_none_or(|row| row.tcp.is_none_or(|tcp| tcp.received >= sent)).then_some(()))
        })
        .map(drop)
}

fn is_frozen(world: &World) -> bool {
    world.program.as_ref().is_some_and(|program| program.is_frozen())
}

/// Stops all processes of the program.
pub fn freeze(world: &mut World) -> Outcome {
    let Some(program) = &mut world.program else { return Ok(()) };
    program.freeze();
    world.note("freeze", None, None, "SIGSTOP");
    let waited = world.wait(Patience::UntilDeadline, |world| {
        Ok(world.program.as_ref().is_none_or(|program| program.has_stopped()).then_some(()))
    })?;
    match waited {
        Waited::There(()) => Ok(()),
        Waited::Never if world.is_gone() => Ok(()),
        Waited::Never | Waited::Late => Err(Stop::void(VoidKind::Starved, "the program's processes did not stop")),
    }
}

/// Lets them go on.
pub fn thaw(world: &mut World) -> Outcome {
    if let Some(program) = &mut world.program {
        program.thaw();
    }
    world.stir();
    world.note("thaw", None, None, "SIGCONT");
    Ok(())
}

/// Sends until the program takes no more.
pub fn fill(world: &mut World, fill: &Fill) -> Outcome {
    let (name, bytes) = (world.name(&fill.to)?, world.bytes(&fill.bytes)?);
    let mut total = 0;
    while total < fill.at_most && !bytes.is_empty() {
        match world.stream(&name)?.write(&bytes[total % bytes.len()..]) {
            Ok(Some(taken)) => total += taken,
            Ok(None) if stuck(world, &name)? => break,
            Ok(None) => {}
            Err(_) => break,
        }
        world.stir();
    }
    world.note("fill", Some(&name), None, format!("{total} bytes taken"));
    Ok(())
}

/// Closes a stream; one that is closed already stays so.
pub fn close(world: &mut World, close: &Close) -> Outcome {
    let name = world.name(&close.of)?;
    let Some(stream) = world.streams.get_mut(&name) else { return Ok(()) };
    match (&mut stream.carrier, close.how) {
        (Carrier::Input(pipe), _) => *pipe = None,
        (Carrier::Tcp(socket), Closing::Half) => {
            // ENOTCONN: the program has reset the connection; the next step will see it.
            let _ = socket.shutdown(std::net::Shutdown::Write);
            stream.half_closed = true;
        }
        (Carrier::Unix(socket), Closing::Half) => {
            let _ = socket.shutdown(std::net::Shutdown::Write);
            stream.half_closed = true;
        }
        (Carrier::Tcp(socket), how) => {
            if how == Closing::Rst {
                setsockopt(socket, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 })?;
            }
            let sent = stream.sent;
            let ends = stream.ends.filter(|_| how == Closing::Fin);
            world.streams.remove(&name);
            world.closed.extend(ends.map(|(ours, theirs)| (ours, theirs, sent)));
        }
        _ => {
            world.streams.remove(&name);
        }
    }
    let note = match close.how {
        Closing::Fin => "close",
        Closing::Rst => "close with RST",
        Closing::Half => "shutdown(WR)",
    };
    world.note("close", Some(&name), None, note);
    world.stir();
    world.pump(Duration::ZERO).map(drop)
}
