//! What the grader says about itself for other programs: schemas, completions, manual pages.

use std::io::Write;

use clap::CommandFactory;

use crate::cli::args::{Cli, SchemaArg};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::course::schema::{SchemaKind, schema as course_schema};
use crate::report::json::Run;
use crate::text::similar::nearest;

/// Writes a JSON schema.
pub fn schema(kind: SchemaArg, out: &mut dyn Write) -> Result<Exit, CliError> {
    let schema = match kind {
        SchemaArg::Course => course_schema(SchemaKind::Course),
        SchemaArg::Checks => course_schema(SchemaKind::Checks),
        SchemaArg::Causes => course_schema(SchemaKind::Causes),
        SchemaArg::Report => schemars::schema_for!(Run),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(std::io::Error::from)?;
    writeln!(out, "{text}")?;
    Ok(Exit::Passed)
}

/// Writes a completion script.
pub fn completions(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "grader", &mut script);
    out.write_all(&script)?;
    Ok(Exit::Passed)
}

/// Writes a manual page.
pub fn man(command: Option<&str>, out: &mut dyn Write) -> Result<Exit, CliError> {
    let mut grader = Cli::command();
    // Gives every command the options that all of them have.
    grader.build();
    let page = match command {
        None => grader,
        Some(name) => find(&grader, name)?,
    };
    clap_mangen::Man::new(page).render(&mut &mut *out)?;
    Ok(Exit::Passed)
}

fn find(grader: &clap::Command, name: &str) -> Result<clap::Command, CliError> {
    let names = || grader.get_subcommands().map(clap::Command::get_name);
    let meant = || nearest(name, names()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let found = grader.find_subcommand(name).cloned();
    found.ok_or_else(|| CliError::usage(format!("there is no command `{name}`{}", meant())))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::course::words::Lang;
    use crate::report::file::Document;
    use crate::report::json::Json;
    use crate::report::testing::{build_failed, one_failure, tell, wording};

    #[test]
    fn a_report_obeys_its_schema() {
        let mut text = Vec::new();
        schema(SchemaArg::Report, &mut text).unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&text).unwrap();
        for events in [one_failure(), [one_failure(), vec![build_failed("tcp-echo")]].concat()] {
            let mut json = Json::new(wording(Lang::En));
            tell(&mut json, &events);
            let report: serde_json::Value = serde_json::from_slice(&json.render().unwrap()).unwrap();
            assert!(jsonschema::validate(&schema, &report).is_ok());
        }
    }

    #[test]
    fn every_command_has_a_page() {
        for command in Cli::command().get_subcommands().map(clap::Command::get_name) {
            let mut page = Vec::new();
            man(Some(command), &mut page).unwrap();
            assert!(String::from_utf8(page).unwrap().contains(command));
        }
        assert!(man(Some("chek"), &mut Vec::new()).is_err());
    }
}
