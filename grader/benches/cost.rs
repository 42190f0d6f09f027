//! What a check costs over the bare thing, and how time grows with checks and with `--jobs`.
//!
//! `cargo bench -p grader`. The figures are ratios within one run: `bare` starts the reference of tcp-echo, exchanges a
//! line and ends it; `sealed` and `basic` are whole checks around the same exchange.
#![expect(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a bench may stop at once")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Instant;

use criterion::{BenchmarkId, Criterion};
use grader::build::{self, Built, Program, Source};
use grader::cell::fork_server::ForkServer;
use grader::course::load::{Course, load};
use grader::event::Tier;
use grader::interrupt::Interrupt;
use grader::judge::record::Verdict;
use grader::run::grade::{Subject, Terms, Told, grade};
use grader::run::plan::Planned;

const EXERCISE: &str = "tcp-echo";
const BASE: &str = "one-line";
/// Pairs of a bare run and a sealed check.
const PAIRS: usize = 300;

/// What every bench needs.
struct Bed {
    course: Course,
    program: Program,
    sealed: ForkServer,
    basic: ForkServer,
}

fn main() -> ExitCode {
    // The checks' processes come from this program, started anew.
    let hidden = std::env::args().nth(1).and_then(|word| grader::engine::main::hidden(&word));
    if let Some(code) = hidden {
        return code;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let course = load(&root.join("course.yaml")).unwrap();
    let program = reference(&course);
    let [sealed, basic] = [Tier::Sealed, Tier::Basic].map(|tier| ForkServer::start(tier).unwrap());
    let bed = Bed { course, program, sealed, basic };
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    cost_of_one(&mut criterion, &bed);
    growth(&mut criterion, &bed);
    criterion.final_summary();
    pairs(&bed);
    ExitCode::SUCCESS
}

fn reference(course: &Course) -> Program {
    let exercise = course.exercise(EXERCISE).unwrap();
    let cache = course.root.join("target/grader");
    let interrupt = Interrupt::default();
    let terms = build::Terms::new(&course.root, &cache, Tier::Sealed, &interrupt);
    let mut built = build::build(&terms, &Source::Reference, &[exercise], &mut |_| {}).unwrap();
    match built.remove(EXERCISE).unwrap() {
        Built::Ready { program, .. } => program,
        Built::Failed(output) => panic!("{output}"),
    }
}

fn cost_of_one(criterion: &mut Criterion, bed: &Bed) {
    let mut group = criterion.benchmark_group("cost");
    group.bench_function("bare", |bencher| bencher.iter(|| bare(&bed.program)));
    for server in [&bed.sealed, &bed.basic] {
        group.bench_function(server.tier().name(), |bencher| bencher.iter(|| checks(bed, server, 1, 1)));
    }
    group.finish();
}

/// What a sealed check costs more than the bare thing: both in turn, so that what else the machine does hits both.
fn pairs(bed: &Bed) {
    let time = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let (mut bare_all, mut sealed_all, mut more) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let (bare, sealed) = (time(&|| bare(&bed.program)), time(&|| checks(bed, &bed.sealed, 1, 1)));
        bare_all.push(bare);
        sealed_all.push(sealed);
        more.push(sealed.saturating_sub(bare));
    }
    let [bare, sealed, more] = [bare_all, sealed_all, more].map(|mut all| {
        all.sort_unstable();
        all[PAIRS / 2]
    });
    println!("{PAIRS} pairs, medians: bare {bare:.2?}, sealed {sealed:.2?}, more by {more:.2?}");
}

/// Start, connect as soon as somebody listens, exchange a line, end.
fn bare(program: &Program) {
    static PORT: AtomicU16 = AtomicU16::new(0);
    let port = 20_000 + PORT.fetch_add(1, Ordering::Relaxed) % 10_000;
    let mut child: Child = Command::new(&program.argv[0]).args(["127.0.0.1", &port.to_string()]).spawn().unwrap();
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => break stream,
            Err(_) => std::thread::yield_now(),
        }
    };
    stream.write_all(b"hello\n").unwrap();
    let mut answer = String::new();
    BufReader::new(&stream).read_line(&mut answer).unwrap();
    assert_eq!(answer, "HELLOok\n");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn growth(criterion: &mut Criterion, bed: &Bed) {
    let mut group = criterion.benchmark_group("growth");
    for count in [1, 5, 10, 20] {
        let id = BenchmarkId::new("checks", count);
        group.bench_with_input(id, &count, |bencher, count| bencher.iter(|| checks(bed, &bed.sealed, *count, 2)));
    }
    for jobs in [1, 2, 4] {
        let id = BenchmarkId::new("jobs", jobs);
        group.bench_with_input(id, &jobs, |bencher, jobs| bencher.iter(|| checks(bed, &bed.sealed, 20, *jobs)));
    }
    group.finish();
}

/// Runs the basic check `count` times.
fn checks(bed: &Bed, server: &ForkServer, count: usize, jobs: usize) {
    let exercise = bed.course.exercise(EXERCISE).unwrap();
    let base = exercise.check(BASE).unwrap();
    let planned = Planned { exercise, checks: vec![base] };
    let subjects = vec![Subject { planned, program: bed.program.clone() }; count];
    let interrupt = Interrupt::default();
    let terms = Terms { course: &bed.course, seed: 1, jobs, server, interrupt: &interrupt };
    let mut passed = 0;
    grade(&terms, &subjects, &mut |told| {
        if let Told::Over(_, _, record) = told {
            assert_eq!(record.verdict, Verdict::Passed, "{:?} {:?}", record.failure, record.void);
            passed += 1;
        }
    })
    .unwrap();
    assert_eq!(passed, count);
}
