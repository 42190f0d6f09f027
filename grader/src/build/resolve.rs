//! Finds what a command's first word stands for, and which folders it needs to run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Folders below the home folder that hold whole installations of languages.
const VERSION_MANAGERS: [&str; 6] = [".asdf", ".nvm", ".pyenv", ".rbenv", ".sdkman", "go"];

/// The places in which commands and runtimes lie.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The folders of PATH.
    pub path: Vec<PathBuf>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The folder that must hold whatever a command names by a path; where there is none, a path may lead anywhere.
    pub fence: Option<PathBuf>,
}

impl Places {
    /// The places that this process knows from its environment.
    pub fn of_this_process() -> Places {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        Places { path: std::env::split_paths(&path).collect(), home, fence: None }
    }

    /// The same for a command that we do not trust: besides what PATH holds it may only name what lies in `folder`.
    pub fn for_submissions(folder: &Path) -> Places {
        Places { fence: folder.canonicalize().ok(), ..Places::of_this_process() }
    }

    /// True if a command may name `path`.
    pub fn allows(&self, path: &Path) -> bool {
        self.fence.as_ref().is_none_or(|fence| path.canonicalize().is_ok_and(|path| path.starts_with(fence)))
    }

    /// The absolute path of the program that `word` names: a path if it holds a `/`, else a name to look for in PATH.
    pub fn find(&self, word: &str, cwd: &Path) -> Option<PathBuf> {
        if word.contains('/') {
            return Some(cwd.join(word)).filter(|path| is_program(path) && self.allows(path));
        }
        self.path.iter().map(|folder| cwd.join(folder).join(word)).find(|path| is_program(path))
    }

    /// True if `path` is a program that a name alone stands for.
    pub fn is_installed(&self, path: &Path) -> bool {
        path.parent().is_some_and(|folder| self.path.iter().any(|other| other == folder))
    }

    /// The folders that the program at `path` needs: where it lies, where the links to it lead, and for what is
    /// installed below the home folder (pyenv, nvm, …) the whole of that installation.
    pub fn folders_of(&self, path: &Path) -> Vec<PathBuf> {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let installed = [path, &real].into_iter().filter_map(|path| self.below_home(path));
        let managers = installed.filter(|top| VERSION_MANAGERS.iter().any(|name| top.ends_with(name)));
        [path, &real]
            .into_iter()
            .filter_map(|path| self.prefix(path))
            .chain(managers)
            .filter(|folder| !self.is_too_much(folder))
            .collect()
    }

    /// What a folder of PATH needs to be of use: nothing more if it is a folder of programs, the whole of a version
    /// manager. Of cargo's own home nothing is shown: it may hold passwords.
    pub fn tools(&self, folder: &Path) -> Option<PathBuf> {
        match self.below_home(&folder.join("program")) {
            None => None,
            Some(top) if top.ends_with(".cargo") => None,
            Some(top) if VERSION_MANAGERS.iter().any(|name| top.ends_with(name)) => Some(top),
            Some(_) => Some(folder.to_owned()),
        }
    }

    /// The folder directly below the home folder that holds `path`.
    fn below_home(&self, path: &Path) -> Option<PathBuf> {
        let home = self.home.as_deref()?;
        let inside =
            path.strip_prefix(home).or_else(|_| path.strip_prefix(home.canonicalize().unwrap_or_default())).ok()?;
        let mut parts = inside.components();
        let first = parts.next()?;
        parts.next().map(|_| home.join(first))
    }

    /// The folder that a program was installed in: of `venv/bin/python`, that is `venv`. Of a hidden folder in the home
    /// folder (`.local`, `.cargo`), which holds much else, only the programs, unless it is an environment of Python's.
    fn prefix(&self, path: &Path) -> Option<PathBuf> {
        let folder = path.parent()?;
        let above = folder.parent().filter(|above| folder.ends_with("bin") && *above != Path::new("/"));
        let is_hidden = |above: &&Path| {
            let name = above.file_name().unwrap_or_default().to_string_lossy();
            above.parent() == self.home.as_deref() && name.starts_with('.') && !above.join("pyvenv.cfg").exists()
        };
        Some(above.filter(|above| !is_hidden(above)).unwrap_or(folder).to_owned())
    }

    /// Nobody's program needs all of `/` or of the home folder.
    fn is_too_much(&self, folder: &Path) -> bool {
        folder == Path::new("/") || self.home.as_deref() == Some(folder)
    }
}

/// A plain file that may be executed.
fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// What a script says of its interpreter: the words behind `#!`.
pub fn shebang(path: &Path) -> Option<Vec<String>> {
    use std::io::Read;
    let mut head = Vec::new();
    fs::File::open(path).ok()?.take(256).read_to_end(&mut head).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let words: Vec<String> = std::str::from_utf8(line).ok()?.split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
pub mod tests {
    //! Also makes programs for the tests of `exec`.

    use super::*;

    /// Makes an executable file.
    pub fn make_program(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_name_is_looked_for_in_path_and_a_path_is_taken_from_here() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        make_program(&here.join("second/tool"), "");
        fs::create_dir_all(here.join("first/tool")).unwrap();
        fs::write(here.join("plain"), "").unwrap();
        let places = Places { path: vec![here.join("first"), here.join("second")], home: None, fence: None };
        assert_eq!(places.find("tool", here), Some(here.join("second/tool")));
        assert_eq!(places.find("second/tool", here), Some(here.join("second/tool")));
        assert_eq!(places.find("./plain", here), None, "it may not be executed");
        assert_eq!(places.find("nothing", here), None);
    }

    #[test]
    fn an_installation_below_home_is_needed_as_a_whole() {
        let home = tempfile::tempdir().unwrap();
        let python = home.path().join(".pyenv/versions/3.11/bin/python");
        make_program(&python, "");
        let venv = home.path().join("work/venv/bin/python");
        fs::create_dir_all(venv.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&python, &venv).unwrap();
        let places = Places { path: vec![], home: Some(home.path().to_owned()), fence: None };
        let folders = places.folders_of(&venv);
        assert!(folders.contains(&home.path().join("work/venv")), "{folders:?}");
        assert!(folders.contains(&home.path().join(".pyenv")), "{folders:?}");
        assert!(!folders.contains(&home.path().to_owned()), "{folders:?}");
    }

    #[test]
    fn of_a_hidden_folder_at_home_only_the_programs_are_shown() {
        let home = tempfile::tempdir().unwrap();
        let tool = home.path().join(".local/bin/tool");
        let python = home.path().join(".venv/bin/python");
        make_program(&tool, "");
        make_program(&python, "");
        fs::write(home.path().join(".venv/pyvenv.cfg"), "").unwrap();
        let places = Places { path: vec![], home: Some(home.path().to_owned()), fence: None };
        assert!(places.folders_of(&tool).iter().all(|folder| folder.ends_with(".local/bin")));
        assert!(places.folders_of(&python).contains(&home.path().join(".venv")));
    }

    #[test]
    fn a_script_names_its_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        fs::write(&script, "#! /usr/bin/env python3 -u\nprint()").unwrap();
        assert_eq!(shebang(&script).unwrap(), ["/usr/bin/env", "python3", "-u"]);
        fs::write(&script, "\x7fELF").unwrap();
        assert_eq!(shebang(&script), None);
    }
}
