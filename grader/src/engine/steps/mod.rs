//! The steps: one function for each kind, in files by what they are about.

mod expect;
mod finish;
mod moves;
mod open;
mod resources;
mod start;

use super::finding::Outcome;
use super::world::World;
use crate::course::cause::Rule;
use crate::course::step::Step;

/// Does one step.
pub fn run(world: &mut World, step: &Step) -> Outcome {
    match step {
        Step::Start(start) => start::start(world, start),
        Step::Occupy(occupy) => open::occupy(world, occupy),
        Step::Listen(listen) => open::listen(world, listen),
        Step::Connect(connect) => open::connect(world, connect),
        Step::Accept(accept) => open::accept(world, accept),
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
        Step::Repeat(repeat) => {
            let outer = world.round;
            for round in 1..=repeat.times {
                world.set_round(Some(round));
                repeat.steps.iter().try_for_each(|step| run(world, step))?;
            }
            world.set_round(outer);
            Ok(())
        }
    }
}

/// The rules that a step brings for naming the cause of its own failure.
pub fn rules(step: &Step) -> &[Rule] {
    match step {
        Step::Start(step) => &step.causes,
        Step::Connect(step) => &step.causes,
        Step::Accept(step) => &step.causes,
        Step::Fragment(step) => &step.causes,
        Step::Recv(step) => &step.causes,
        Step::Silent(step) => &step.causes,
        Step::End(step) => &step.causes,
        Step::Exit(step) => &step.causes,
        Step::Alive(step) => &step.causes,
        Step::Steady(step) => &step.causes,
        Step::Calm(step) => &step.causes,
        _ => &[],
    }
}
