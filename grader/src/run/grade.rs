//! Gives programs to worker threads, check by check, and collects what comes of them.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::{RawValue, to_raw_value};

use super::plan::Planned;
use super::schedule::{Next, Schedule};
use super::worker;
use crate::build::Program;
use crate::cell::fork_server::ForkServer;
use crate::course::check::Check;
use crate::course::load::Course;
use crate::engine::job::Job;
use crate::interrupt::Interrupt;
use crate::judge::record::{Record, Verdict, Void, VoidKind};

/// A program and the checks that it is to go through.
#[derive(Clone, Debug)]
pub struct Subject<'s> {
    /// The exercise and its checks.
    pub planned: Planned<'s>,
    /// The program.
    pub program: Program,
}

/// How all subjects are graded.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'t> {
    /// The course: its rules name causes.
    pub course: &'t Course,
    /// The seed of all random values.
    pub seed: u64,
    /// How many checks run at once.
    pub jobs: usize,
    /// Where the checks' processes come from.
    pub server: &'t ForkServer,
    /// The wish to stop.
    pub interrupt: &'t Interrupt,
}

/// What happens while subjects are graded; subjects by their place.
#[derive(Debug)]
pub enum Told<'t> {
    /// A check has begun.
    Begun(usize, &'t Check),
    /// A check is over.
    Over(usize, &'t Check, Box<Record>),
    /// A check was not run: the needed one with this name did not pass.
    Blocked(usize, &'t Check, &'t str),
}

/// What the threads say to the one that collects.
enum Said {
    Begun(usize),
    Over(usize, Box<Record>),
}

/// A check of a subject.
struct Item<'s> {
    subject: usize,
    of: &'s Subject<'s>,
    check: &'s Check,
    rules: Arc<RawValue>,
}

/// Grades all subjects. Returns early, with checks left out, once the wish to stop comes.
pub fn grade(terms: &Terms, subjects: &[Subject], tell: &mut dyn FnMut(Told)) -> std::io::Result<()> {
    let (items, schedule) = items(terms.course, subjects)?;
    let (said, hear) = mpsc::channel();
    let (order, orders) = mpsc::channel();
    let orders = Mutex::new(orders);
    std::thread::scope(|scope| {
        for number in 0..terms.jobs.max(1) {
            let (items, orders, said) = (&items, &orders, said.clone());
            let work = move || work(terms, items, orders, &said);
            std::thread::Builder::new().name(format!("checks {number}")).spawn_scoped(scope, work)?;
        }
        Collector {
            jobs: terms.jobs.max(1),
            running: 0,
            items: &items,
            schedule,
            order,
            hear,
            interrupt: terms.interrupt,
            tell,
        }
        .run();
        Ok(())
    })
}

fn items<'s>(course: &Course, subjects: &'s [Subject<'s>]) -> serde_json::Result<(Vec<Item<'s>>, Schedule)> {
    let mut schedule = Schedule::default();
    let mut items = Vec::new();
    for (subject, of) in subjects.iter().enumerate() {
        let checks = &of.planned.checks;
        let first = items.len();
        let rules: Vec<_> = of.planned.exercise.file.causes.iter().chain(&course.causes.rules).collect();
        let rules: Arc<RawValue> = to_raw_value(&rules)?.into();
        for check in checks {
            let number = |need: &String| checks.iter().position(|other| &other.id == need);
            schedule.add(check.needs.iter().filter_map(number).map(|number| first + number).collect());
            items.push(Item { subject, of, check, rules: Arc::clone(&rules) });
        }
    }
    Ok((items, schedule))
}

fn work(terms: &Terms, items: &[Item], orders: &Mutex<Receiver<usize>>, said: &Sender<Said>) {
    loop {
        let order = orders.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(number) = order else { return };
        // Nobody hears any more once the run is over; then the next order does not come either.
        let _ = said.send(Said::Begun(number));
        let record = worker::run(&job(terms, &items[number]), terms.server, terms.interrupt);
        let _ = said.send(Said::Over(number, Box::new(record)));
    }
}

fn job(terms: &Terms, item: &Item) -> Job {
    let exercise = item.of.planned.exercise;
    Job {
        exercise: exercise.id.clone(),
        check: item.check.clone(),
        launch: exercise.file.program.clone(),
        values: exercise.values(item.check),
        rules: item.rules.as_ref().to_owned(),
        program: item.of.program.clone(),
        limits: exercise.limits.clone(),
        tier: terms.server.tier(),
        seed: terms.seed,
    }
}

/// The one thread that knows where all stands.
struct Collector<'c> {
    /// Checks that may run at once.
    jobs: usize,
    running: usize,
    items: &'c [Item<'c>],
    schedule: Schedule,
    order: Sender<usize>,
    hear: Receiver<Said>,
    interrupt: &'c Interrupt,
    tell: &'c mut dyn FnMut(Told),
}

impl Collector<'_> {
    fn run(mut self) {
        loop {
            if !self.interrupt.is_set() {
                self.give_orders();
            }
            if self.running == 0 {
                return;
            }
            match self.hear.recv() {
                Ok(Said::Begun(number)) => {
                    let item = &self.items[number];
                    (self.tell)(Told::Begun(item.subject, item.check));
                }
                Ok(Said::Over(number, record)) => {
                    self.running -= 1;
                    self.schedule.end(number, record.verdict);
                    self.over(number, record);
                }
                Err(_) => return,
            }
        }
    }

    /// Orders what may run now, in the course's order, as much as there are threads for.
    fn give_orders(&mut self) {
        while self.running < self.jobs {
            match self.schedule.next() {
                Next::Run(number) => {
                    self.running += 1;
                    // The threads live as long as the collector.
                    let _ = self.order.send(number);
                }
                Next::Blocked(number, by) => {
                    let (item, by) = (&self.items[number], &self.items[by]);
                    (self.tell)(Told::Blocked(item.subject, item.check, &by.check.id));
                }
                Next::Void(number, by) => {
                    let detail = format!("it needs `{}`, which could not be judged", self.items[by].check.id);
                    self.over(number, Box::new(void(VoidKind::Lost, detail)));
                }
                Next::Wait | Next::Done => return,
            }
        }
    }

    fn over(&mut self, number: usize, record: Box<Record>) {
        let item = &self.items[number];
        (self.tell)(Told::Over(item.subject, item.check, record));
    }
}

/// The record of a check that could not be judged.
pub fn void(kind: VoidKind, detail: String) -> Record {
    Record {
        verdict: Verdict::Void,
        failure: None,
        void: Some(Void { kind, detail }),
        transcript: Vec::new(),
        duration_us: 0,
    }
}
