//! A step in one line, with its bytes worked out: `recv c "HELLOok\n"`.

use super::world::World;
use crate::course::data::Data;
use crate::course::step::Step;
use crate::text::bytes::quote;

/// Bytes that are shown of each value.
const SHOWN: usize = 60;

/// The step in one line.
pub fn step(world: &World, step: &Step) -> String {
    let data = |data: &Data| world.bytes(data).map_or_else(|_| "…".to_owned(), |bytes| shown(&bytes));
    let name = |name: &str| world.name(name).unwrap_or_else(|_| name.to_owned());
    match step {
        Step::Start(_) => "start".to_owned(),
        Step::Occupy(_) => "occupy the address".to_owned(),
        Step::Listen(step) => format!("listen {}", name(&step.name)),
        Step::Connect(step) => format!("connect {}", name(&step.name)),
        Step::Accept(step) => format!("accept {}", name(&step.name)),
        Step::Send(step) => format!("send {} {}", name(&step.to), data(&step.bytes)),
        Step::Fragment(step) => format!("send {} {} in pieces", name(&step.to), data(&step.bytes)),
        Step::Coalesce(step) => format!("send {} {} writes at once", name(&step.to), step.writes.len()),
        Step::Fill(step) => format!("fill {}", name(&step.to)),
        Step::Close(step) => format!("close {}", name(&step.of)),
        Step::Recv(step) => {
            let wanted: Vec<String> = step.bytes.iter().chain(&step.one_of).map(data).collect();
            let like = step.like.iter().map(|like| format!("/{like}/"));
            format!("recv {} {}", name(&step.from), wanted.into_iter().chain(like).collect::<Vec<_>>().join(" or "))
        }
        Step::Silent(step) => format!("silent {}", name(&step.on)),
        Step::End(step) => format!("end of {}", name(&step.of)),
        Step::Exit(step) => {
            format!("exit {}", step.status.iter().map(i32::to_string).collect::<Vec<_>>().join(" or "))
        }
        Step::Alive(_) => "alive".to_owned(),
        Step::Mark(_) => "mark".to_owned(),
        Step::Steady(_) => "steady".to_owned(),
        Step::Calm(_) => "calm".to_owned(),
        Step::Freeze => "freeze".to_owned(),
        Step::Thaw => "thaw".to_owned(),
        Step::Settle => "settle".to_owned(),
        Step::Http(step) => {
            let status = step.status.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ");
            format!("http {} status {status}", name(&step.from))
        }
        Step::Json(step) => format!("json {}", name(&step.from)),
        Step::File(step) => format!("file {}", data(&step.path)),
        Step::Link(step) => format!("link {}", data(&step.path)),
        Step::Fifo(step) => format!("fifo {}", data(&step.path)),
        Step::FileIs(step) => format!("file {} holds {}", data(&step.path), data(&step.bytes)),
        Step::Files(step) => format!("files in {}", data(&step.folder)),
        Step::Queue(_) | Step::Memory(_) | Step::Descriptors => step.name().to_owned(),
        Step::Repeat(step) => match step.for_ms {
            0 => format!("repeat {} times", step.times),
            time => format!("repeat for {time} ms"),
        },
    }
}

fn shown(bytes: &[u8]) -> String {
    match bytes.len() > SHOWN {
        true => format!("{}… ({} bytes)", quote(&bytes[..SHOWN]), bytes.len()),
        false => quote(bytes),
    }
}
