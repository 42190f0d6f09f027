//! What a check costs over the bare thing, and how time grows with checks and with `--jobs`.
//!
//! `cargo bench -p grader`. The figures are ratios within one run: `bare` starts the reference of tcp-echo, exchanges a
//! line and ends it; `sealed` and `basic` are whole checks around the same exchange.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a bench may stop at once")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitCode};

use criterion::{BenchmarkId, Criterion};
use grader::build::{self, Built, Program, Source};
use grader::course::load::{Course, load};
use grader::event::Tier;
use grader::interrupt::Interrupt;
use grader::judge::record::Verdict;
use grader::run::grade::{Subject, Terms, Told, grade};
use grader::run::plan::Planned;

const EXERCISE: &str = "tcp-echo";
const BASE: &str = "one-line";

fn main() -> ExitCode {
    // The checks' processes are this program, started anew.
    let hidden = std::env::args().nth(1).and_then(|word| grader::engine::main::hidden(&word));
    if let Some(code) = hidden {
        return code;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let course = load(&root.join("course.yaml")).unwrap();
    let program = reference(&course);
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    cost_of_one(&mut criterion, &course, &program);
    growth(&mut criterion, &course, &program);
    criterion.final_summary();
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

fn cost_of_one(criterion: &mut Criterion, course: &Course, program: &Program) {
    let mut group = criterion.benchmark_group("cost");
    let mut port = 20_000;
    group.bench_function("bare", |bencher| {
        bencher.iter(|| {
            port = if port == 29_999 { 20_000 } else { port + 1 };
            bare(program, port);
        });
    });
    for (name, tier) in [("sealed", Tier::Sealed), ("basic", Tier::Basic)] {
        group.bench_function(name, |bencher| bencher.iter(|| checks(course, program, tier, 1, 1)));
    }
    group.finish();
}

/// Start, connect as soon as somebody listens, exchange a line, end.
fn bare(program: &Program, port: u16) {
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

fn growth(criterion: &mut Criterion, course: &Course, program: &Program) {
    let mut group = criterion.benchmark_group("growth");
    for count in [1, 5, 10, 20] {
        let id = BenchmarkId::new("checks", count);
        group.bench_with_input(id, &count, |bencher, count| {
            bencher.iter(|| checks(course, program, Tier::Sealed, *count, 2))
        });
    }
    for jobs in [1, 2, 4] {
        let id = BenchmarkId::new("jobs", jobs);
        group.bench_with_input(id, &jobs, |bencher, jobs| {
            bencher.iter(|| checks(course, program, Tier::Sealed, 20, *jobs))
        });
    }
    group.finish();
}

/// Runs the basic check `count` times.
fn checks(course: &Course, program: &Program, tier: Tier, count: usize, jobs: usize) {
    let exercise = course.exercise(EXERCISE).unwrap();
    let base = exercise.check(BASE).unwrap();
    let planned = Planned { exercise, checks: vec![base] };
    let subjects = vec![Subject { planned, program: program.clone() }; count];
    let interrupt = Interrupt::default();
    let terms = Terms { course, tier, seed: 1, jobs, interrupt: &interrupt };
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
