//! Which reports a command line asks for, each put together with what it needs before it.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::cli::args::{CheckArgs, Format, ReportKind};
use crate::cli::context::Context;
use crate::event::Event;
use crate::report::Reporter;
use crate::report::file::{Document, InFile};
use crate::report::github::Github;
use crate::report::human::Human;
use crate::report::json::Json;
use crate::report::jsonl::JsonLines;
use crate::report::order::InOrder;
use crate::report::progress_line::ProgressLine;
use crate::wording::course::Wording;

/// The reports of one run.
pub struct Reports {
    /// What is shown as things happen.
    live: Box<dyn Reporter>,
    /// What goes to standard output when all is over.
    object: Option<Json>,
    /// What is kept in files.
    files: Vec<(PathBuf, Box<dyn Reporter>)>,
}

/// Why a report could not be written.
#[derive(Debug)]
pub struct ReportError {
    /// The file, or nothing for standard output.
    pub path: Option<PathBuf>,
    /// What the system said.
    pub error: io::Error,
}

impl Reports {
    /// The reports that `args` ask for; those in files only `with_files`.
    pub fn new(context: &Context, args: &CheckArgs, with_files: bool) -> Reports {
        let wording = Wording::new(&context.course, context.lang);
        let kept = |kind: ReportKind, path: &Path| -> Box<dyn Reporter> {
            match kind {
                ReportKind::Json => Box::new(InFile::new(Json::new(wording.clone()), path.to_owned())),
                ReportKind::Jsonl => Box::new(InFile::new(JsonLines::new(Vec::new()), path.to_owned())),
            }
        };
        let files = args
            .report
            .iter()
            .filter(|_| with_files)
            .map(|report| (report.path.clone(), kept(report.kind, &report.path)))
            .collect();
        let object = (args.format == Format::Json).then(|| Json::new(wording.clone()));
        Reports { live: with_progress(live(context, args, wording.clone()), context), object, files }
    }

    /// What is to be written to standard output now that the run is over.
    pub fn object(&self) -> io::Result<Vec<u8>> {
        self.object.as_ref().map_or(Ok(Vec::new()), Document::render)
    }

    /// Tells all reports.
    pub fn tell(&mut self, event: &Event) -> Result<(), ReportError> {
        let shown = self.live.event(event).and_then(|()| self.object.as_mut().map_or(Ok(()), |json| json.event(event)));
        shown.map_err(|error| ReportError { path: None, error })?;
        for (path, report) in &mut self.files {
            report.event(event).map_err(|error| ReportError { path: Some(path.clone()), error })?;
        }
        Ok(())
    }
}

fn live(context: &Context, args: &CheckArgs, wording: Wording) -> Box<dyn Reporter> {
    let out = io::stdout();
    match args.format {
        Format::Human => Box::new(InOrder::new(Human::new(out, wording, context.styles))),
        Format::Json => Box::new(Nothing),
        Format::Jsonl => Box::new(JsonLines::new(out)),
        Format::Github => Box::new(InOrder::new(Github::new(out, wording, sources(context, args)))),
    }
}

/// Shows nothing as things happen.
struct Nothing;

impl Reporter for Nothing {
    fn event(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }
}

/// On a terminal, what is being done now is shown between the lines of the report.
fn with_progress(live: Box<dyn Reporter>, context: &Context) -> Box<dyn Reporter> {
    if !io::stderr().is_terminal() {
        return live;
    }
    let began = Instant::now();
    Box::new(ProgressLine::new(live, io::stderr(), move || began.elapsed(), context.lang))
}

/// The sources of the exercises as the repository knows them; those of other people's programs are not known.
fn sources(context: &Context, args: &CheckArgs) -> BTreeMap<String, String> {
    if args.reference || args.exec.is_some() || args.submission.is_some() {
        return BTreeMap::new();
    }
    let repository = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
    let inside = |path: PathBuf| {
        let short = repository.as_ref().and_then(|root| path.strip_prefix(root).ok());
        short.map_or_else(|| context.shown(&path), |short| short.display().to_string())
    };
    let source = |folder: &Path| inside(folder.join("src/main.rs"));
    context.course.exercises.iter().map(|exercise| (exercise.id.clone(), source(&exercise.folder))).collect()
}

/// Writes one line of text for people, where people read standard output.
pub fn say(args: &CheckArgs, text: &str) -> io::Result<()> {
    match args.format {
        Format::Human => writeln!(io::stdout(), "{text}"),
        Format::Json | Format::Jsonl | Format::Github => writeln!(io::stderr(), "{text}"),
    }
}
