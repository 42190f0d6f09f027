//! The steps: one function for each kind, in files by what they are about.

mod expect;
mod files;
mod finish;
mod http;
mod json;
mod message;
mod moves;
mod open;
mod resources;
mod serve;
mod start;

use super::finding::Outcome;
use super::world::World;
use crate::course::step::{RepeatSteps, Step};

/// Does one step.
pub fn run(world: &mut World, step: &Step) -> Outcome {
    match step {
        Step::Start(start) => start::start(world, start),
        Step::Occupy(occupy) => serve::occupy(world, occupy),
        Step::Listen(listen) => serve::listen(world, listen),
        Step::Connect(connect) => open::connect(world, connect),
        Step::Accept(accept) => serve::accept(world, accept),
        Step::Send(send) => moves::send(world, send),
        Step::Fragment(fragment) => moves::fragment(world, fragment),
        Step::Coalesce(coalesce) => moves::coalesce(world, coalesce),
        Step::Fill(fill) => moves::fill(world, fill),
        Step::Close(close) => moves::close(world, close),
        Step::Freeze => moves::freeze(world),
        Step::Thaw => moves::thaw(world),
        Step::Settle => world.settle().map(drop),
        Step::Recv(recv) => expect::recv(world, recv),
        Step::Silent(silent) => expect::silent(world, silent),
        Step::End(end) => finish::end(world, end),
        Step::Exit(exit) => finish::exit(world, exit),
        Step::Alive(_) => finish::alive(world),
        Step::Mark(mark) => resources::mark(world, mark),
        Step::Steady(steady) => resources::steady(world, steady),
        Step::Calm(_) => resources::calm(world),
        Step::Queue(queue) => resources::queue(world, queue),
        Step::Memory(memory) => resources::memory(world, memory),
        Step::Descriptors => resources::descriptors(world),
        Step::File(file) => files::make_file(world, file),
        Step::Link(link) => files::make_link(world, link),
        Step::Fifo(fifo) => files::make_fifo(world, fifo),
        Step::FileIs(file) => files::file_is(world, file),
        Step::Files(files) => files::files(world, files),
        Step::Http(http) => http::http(world, http),
        Step::Json(json) => json::json(world, json),
        Step::Repeat(step) => repeat(world, step),
    }
}

fn repeat(world: &mut World, repeat: &RepeatSteps) -> Outcome {
    let outer = world.round;
    let until = world.clock.now_us() + u64::from(repeat.for_ms) * 1000;
    let mut round = 0;
    while round < repeat.times || world.clock.now_us() < until {
        round += 1;
        world.set_round(Some(round));
        repeat.steps.iter().try_for_each(|step| run(world, step))?;
    }
    world.set_round(outer);
    Ok(())
}
