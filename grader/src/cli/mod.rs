//! The command line: what was typed becomes calls of the library, and what comes of them an exit status.

pub mod args;
pub mod check;
pub mod context;
pub mod doctor;
pub mod error;
pub mod exit;
pub mod explain;
pub mod hint;
pub mod list;
pub mod outcome;
pub mod pages;
pub mod reports;
pub mod run;
pub mod selfcheck;
pub mod signals;
pub mod solution;
pub mod status;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Command};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version come as errors too; a reader that has gone away is no reason to fail.
        Err(message) => {
            let _ = message.print();
            return ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2));
        }
    };
    let result = dispatch(&cli, &mut io::stdout().lock());
    ExitCode::from(result.unwrap_or_else(|error| error.tell(&mut io::stderr().lock(), context::styles(cli.color))))
}

fn dispatch(cli: &Cli, out: &mut dyn Write) -> Result<Exit, CliError> {
    // These need no course.
    match &cli.command {
        Some(Command::Doctor) => return doctor::doctor(context::lang(cli), out),
        Some(Command::Schema(args)) => return pages::schema(args.kind, out),
        Some(Command::Completions(args)) => return pages::completions(args.shell, out),
        Some(Command::Man(args)) => return pages::man(args.command.as_deref(), out),
        _ => {}
    }
    let context = Context::open(cli)?;
    match &cli.command {
        None => status::status(&context, out),
        Some(Command::List) => list::list(&context, out),
        Some(Command::Check(args)) => check::check(&context, args),
        Some(Command::Run(args)) => run::run(&context, args, out),
        Some(Command::Hint(args)) => hint::hint(&context, args, out),
        Some(Command::Explain(args)) => explain::explain(&context, &args.check.join("/"), out),
        Some(Command::Solution(args)) => solution::solution(&context, args, out),
        Some(Command::Selfcheck(args)) => selfcheck::selfcheck(&context, args, out),
        Some(Command::Doctor | Command::Schema(_) | Command::Completions(_) | Command::Man(_)) => Ok(Exit::Passed),
    }
}
