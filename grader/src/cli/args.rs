//! What can be typed. Only the form stands here; what follows from it is decided by the command.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::exit::Exit;
use crate::course::words::Lang;
use crate::event::Tier;

/// Grades network programs over real sockets and says what is wrong with them.
///
/// Without a command: where you are in the course, and what to do next.
#[derive(Debug, Parser)]
#[command(name = "grader", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The course: its course.yaml or the folder that holds it [default: here or above]
    #[arg(long, global = true, value_name = "PATH")]
    pub course: Option<PathBuf>,
    /// The language of messages and hints [default: from LC_ALL, LC_MESSAGES or LANG]
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    pub color: When,
}

/// When something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show all exercises, and how far you are
    List,
    /// Grade programs
    ///
    /// Without an exercise: from the first one on, up to the first that does not pass.
    #[command(after_help = Exit::HELP)]
    Check(CheckArgs),
    /// Start a program by hand, exactly as it is started for a check
    Run(RunArgs),
    /// Show the next hint for what failed the last time
    Hint(HintArgs),
    /// Say what a check does, and why
    Explain(ExplainArgs),
    /// Show where the reference solution of an exercise is
    Solution(SolutionArgs),
    /// Prove that the course's checks are right: references pass, mutants fall, each for its cause
    Selfcheck(SelfcheckArgs),
    /// Say how well programs can be isolated here, and how to make it better
    Doctor,
    /// Print the JSON schema of a course file or of the JSON report
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page of the grader or of one command
    Man(ManArgs),
}

/// `grader check`
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The exercises to grade
    pub exercises: Vec<String>,
    /// Grade every exercise, whatever fails
    #[arg(long, conflicts_with = "exercises")]
    pub all: bool,
    /// Grade the reference programs
    #[arg(long, conflicts_with_all = ["exec", "submission"])]
    pub reference: bool,
    /// Grade this command, in any language; the contract's arguments are appended
    #[arg(long, value_name = "CMD", conflicts_with = "submission")]
    pub exec: Option<String>,
    /// Grade the programs in this folder: with a submission.yaml, or packages like those in exercises/
    #[arg(long, value_name = "DIR")]
    pub submission: Option<PathBuf>,
    /// Only this check and those that it needs (repeatable)
    #[arg(long, value_name = "CHECK")]
    pub only: Vec<String>,
    /// The seed of all random payloads, to repeat a run [default: a new one]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Do it N times, each time with the next seed, and say where verdicts differ
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// How many checks run at once [default: two for each processor, at most 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// How strongly programs are confined
    #[arg(long, value_enum, default_value_t = Isolation::Auto)]
    pub isolation: Isolation,
    /// What is written to standard output
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Also keep a report in a file, up to date after every check (repeatable); kinds: json, jsonl
    #[arg(long, value_name = "KIND=PATH")]
    pub report: Vec<ReportArg>,
}

/// How strongly programs are to be confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Isolation {
    /// As strongly as this system allows
    Auto,
    /// Namespaces, a root of its own, Landlock and seccomp
    Sealed,
    /// Landlock and seccomp
    Guarded,
    /// Limits and a process group; shares the machine's network
    Basic,
}

impl Isolation {
    /// The tier that is asked for, if one is.
    pub fn tier(self) -> Option<Tier> {
        match self {
            Isolation::Auto => None,
            Isolation::Sealed => Some(Tier::Sealed),
            Isolation::Guarded => Some(Tier::Guarded),
            Isolation::Basic => Some(Tier::Basic),
        }
    }
}

/// What is written to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    Human,
    /// One object, when the run is over
    Json,
    /// One object a line for everything that happens, as it happens
    Jsonl,
    /// Annotations for GitHub Actions
    Github,
}

/// The kinds of report that can be kept in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportKind {
    /// One object
    Json,
    /// One object a line for everything that happened
    Jsonl,
}

/// `KIND=PATH`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportArg {
    /// What is written.
    pub kind: ReportKind,
    /// Where to.
    pub path: PathBuf,
}

impl FromStr for ReportArg {
    type Err = String;

    fn from_str(text: &str) -> Result<ReportArg, String> {
        let (kind, path) = text.split_once('=').ok_or("write KIND=PATH, for example json=report.json")?;
        let kind =
            ReportKind::from_str(kind, false).map_err(|_| format!("no report `{kind}`; the kinds are json, jsonl"))?;
        if path.is_empty() || path == "-" {
            return Err("a path is missing; for standard output use --format".to_owned());
        }
        Ok(ReportArg { kind, path: path.into() })
    }
}

/// `grader run`
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The exercise whose program is started
    pub exercise: String,
    /// Start the reference program
    #[arg(long, conflicts_with = "exec")]
    pub reference: bool,
    /// Start this command; the arguments are appended
    #[arg(long, value_name = "CMD")]
    pub exec: Option<String>,
    /// Arguments in place of those of the contract
    #[arg(last = true)]
    pub args: Vec<String>,
}

/// `grader hint`
#[derive(Args, Debug)]
pub struct HintArgs {
    /// The exercise, or EXERCISE/CHECK [default: the one where you are]
    pub exercise: Option<String>,
    /// The check that failed [default: the first one]
    pub check: Option<String>,
    /// Show only this hint: 1 (a nudge) to 3 (nearly the answer)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub tier: Option<u8>,
}

/// `grader explain`
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The check: EXERCISE/CHECK, EXERCISE CHECK, or CHECK alone if only one exercise has it
    #[arg(required = true, num_args = 1..=2, value_name = "CHECK")]
    pub check: Vec<String>,
}

/// `grader solution`
#[derive(Args, Debug)]
pub struct SolutionArgs {
    /// The exercise
    pub exercise: String,
    /// Show it even if the exercise has not passed
    #[arg(long)]
    pub yes: bool,
}

/// `grader selfcheck`
#[derive(Args, Debug)]
pub struct SelfcheckArgs {
    /// The exercises [default: all]
    pub exercises: Vec<String>,
    /// The seed of all random payloads [default: a new one]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many checks run at once [default: two for each processor, at most 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// How strongly programs are confined
    #[arg(long, value_enum, default_value_t = Isolation::Auto)]
    pub isolation: Isolation,
}

/// `grader schema`
#[derive(Args, Debug)]
pub struct SchemaArgs {
    /// Of what
    pub kind: SchemaArg,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaArg {
    /// course.yaml
    Course,
    /// exercises/EXERCISE/checks.yaml
    Checks,
    /// exercises/causes.yaml
    Causes,
    /// What `grader check --format json` writes
    Report,
}

/// `grader completions`
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `grader man`
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The command [default: the grader as a whole]
    pub command: Option<String>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_report_is_a_kind_and_a_path() {
        let report: ReportArg = "json=a=b.json".parse().unwrap();
        assert_eq!(report, ReportArg { kind: ReportKind::Json, path: "a=b.json".into() });
        let refused = |text: &str| ReportArg::from_str(text).unwrap_err();
        assert_eq!(refused("xml=x"), "no report `xml`; the kinds are json, jsonl");
        assert!(refused("json").contains("KIND=PATH") && refused("json=-").contains("--format"));
    }

    #[test]
    fn programs_come_from_one_place() {
        let parse = |words: &[&str]| Cli::try_parse_from([&["grader", "check"], words].concat());
        assert!(parse(&["a", "--exec", "x", "--reference"]).is_err());
        assert!(parse(&["--exec", "x", "--submission", "d"]).is_err());
        assert!(parse(&["a", "--all"]).is_err());
        assert!(parse(&["a", "--repeat", "0"]).is_err());
        assert!(parse(&["a", "--only", "x", "--only", "y", "--lang", "zh"]).is_ok());
    }
}
