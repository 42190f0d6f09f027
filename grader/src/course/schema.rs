//! JSON schemas of the course's files, for editors and for whoever writes a course by a program.

use schemars::{Schema, schema_for};

use super::cause::CausesFile;
use super::check::ChecksFile;
use super::model::CourseFile;

/// The kinds of course file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SchemaKind {
    /// course.yaml
    Course,
    /// exercises/<id>/checks.yaml
    Checks,
    /// exercises/causes.yaml
    Causes,
}

/// The schema of one kind of file.
pub fn schema(kind: SchemaKind) -> Schema {
    match kind {
        SchemaKind::Course => schema_for!(CourseFile),
        SchemaKind::Checks => schema_for!(ChecksFile),
        SchemaKind::Causes => schema_for!(CausesFile),
    }
}
