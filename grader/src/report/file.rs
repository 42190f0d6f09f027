//! Reports that are read as a whole. In a file they are written anew after every check, so that a crash loses nothing
//! and nobody ever reads half a report.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::event::Event;
use crate::report::Reporter;

/// A report that can be written out at any time.
pub trait Document: Reporter {
    /// The report as far as it is known.
    fn render(&self) -> io::Result<Vec<u8>>;
}

/// Keeps a file that holds a document.
pub struct InFile<D> {
    document: D,
    path: PathBuf,
}

impl<D: Document> InFile<D> {
    /// Keeps `document` in the file at `path`.
    pub fn new(document: D, path: PathBuf) -> InFile<D> {
        InFile { document, path }
    }
}

impl<D: Document> Reporter for InFile<D> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.document.event(event)?;
        match event {
            Event::BuildStarted { .. } | Event::CheckStarted { .. } => Ok(()),
            _ => replace(&self.path, &self.document.render()?),
        }
    }
}

/// Puts `bytes` into the file at `path`: whoever reads it sees either the old bytes or the new ones.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let told = |error: io::Error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()));
    // Said here, because the error of the temporary file would name that one.
    std::fs::read_dir(folder).map_err(told)?;
    let file = tempfile::Builder::new().prefix(".grader-").tempfile_in(folder);
    let file = file.map_err(|error| told(error.kind().into()))?;
    file.as_file().write_all(bytes).map_err(told)?;
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(readable).map_err(told)?;
    file.persist(path).map_err(|error| told(error.error))?;
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::course::words::Lang;
    use crate::report::json::Json;
    use crate::report::testing::{passed, run_started, tell, wording};

    #[test]
    fn a_file_holds_a_whole_report_after_every_check() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let mut report = InFile::new(Json::new(wording(Lang::En)), path.clone());
        tell(&mut report, &[run_started(&[("tcp-echo", &["line", "split"])]), passed("tcp-echo", "line")]);
        let half: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(half["points"], 2);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays behind");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = replace(Path::new("/no/such/folder/report.json"), b"x").unwrap_err();
        assert!(error.to_string().starts_with("cannot write /no/such/folder/report.json: "), "{error}");
    }
}
