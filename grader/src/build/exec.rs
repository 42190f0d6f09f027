//! A command that somebody typed, as something that can be started in a cell: its program found, scripts given to
//! their interpreters, and everything named that it must be able to read.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::Program;
use crate::build::process::{Ended, run};
use crate::build::resolve::{Places, shebang};
use crate::cell::spawn::without_ways_up;
use crate::interrupt::Interrupt;
use crate::text::bytes::one_line;

/// Why a command cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It has no words.
    #[error("the command is empty")]
    Empty,
    /// Its quotes do not match.
    #[error("the quotes do not match in: {0}")]
    Quotes(String),
    /// There is no such program.
    #[error("no program `{word}` {}", place(.word))]
    NotFound {
        /// What was looked for.
        word: String,
    },
    /// A script asks for an interpreter that is not there.
    #[error("{}: its first line asks for `{word}`, which is not in PATH", .script.display())]
    NoInterpreter {
        /// The script.
        script: PathBuf,
        /// What it asks for.
        word: String,
    },
    /// pyenv knows no Python of that name.
    #[error("pyenv cannot say which `{word}` is meant: {why}")]
    Pyenv {
        /// The name.
        word: String,
        /// What pyenv says.
        why: String,
    },
}

fn place(word: &str) -> &'static str {
    match word.contains('/') {
        true => "that may be executed; `chmod +x` it, or name its interpreter: 'python3 server.py'",
        false => "in PATH; for a program in this folder write ./ before its name",
    }
}

/// The program that `command` stands for when it is typed in the folder `cwd`.
pub fn program(command: &str, cwd: &Path, places: &Places) -> Result<Program, CommandError> {
    let words = shlex::split(command).ok_or_else(|| CommandError::Quotes(command.to_owned()))?;
    let (first, rest) = words.split_first().ok_or(CommandError::Empty)?;
    let path = find(first, cwd, places)?;
    let mut argv = interpreter(&path, cwd, places)?;
    // Only the interpreter and the script are programs; what the script gives the interpreter are arguments.
    let programs: Vec<PathBuf> = argv.first().map(PathBuf::from).into_iter().chain([path.clone()]).collect();
    let arguments: Vec<String> = argv.iter().skip(1).chain(rest).cloned().collect();
    let visible = visible(&programs, &arguments, cwd, places);
    argv.push(path.to_string_lossy().into_owned());
    argv.extend(rest.iter().cloned());
    Ok(Program { argv, cwd: cwd.to_owned(), visible })
}

/// The program named `word`. Where that is one of pyenv's shims, the Python behind it: a shim is a shell script that
/// starts other programs and looks at the user's settings, all of which a cell lacks.
fn find(word: &str, cwd: &Path, places: &Places) -> Result<PathBuf, CommandError> {
    let path = places.find(word, cwd).ok_or_else(|| CommandError::NotFound { word: word.to_owned() })?;
    // What is handed in is what it is, whatever it is called.
    let is_own = places.fence.as_ref().is_some_and(|fence| path.starts_with(fence));
    let is_shim = !is_own
        && path.parent().is_some_and(|folder| folder.ends_with("shims"))
        && path.components().any(|part| part.as_os_str().to_string_lossy().contains("pyenv"));
    if !is_shim {
        return Ok(path);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // pyenv reads `.python-version` where it is called; what is not trusted has no say in that.
    let from = if places.fence.is_some() { Path::new("/") } else { cwd };
    // It looks a name up and ends; nobody needs to stop that.
    let found = match run(Command::new("pyenv").arg("which").arg(&name).current_dir(from), &Interrupt::default()) {
        Ok(Ended::Well(found)) => Ok(PathBuf::from(found.trim())),
        Ok(Ended::Badly(why) | Ended::Killed(why)) => Err(why),
        Err(error) => Err(error.to_string()),
    };
    found.map_err(|why| CommandError::Pyenv { word: name, why: one_line(&why) })
}

/// The words that stand before a script when its interpreter must be found first (`#!/usr/bin/env python3`): in a
/// cell, PATH does not hold what is installed below the home folder.
fn interpreter(path: &Path, cwd: &Path, places: &Places) -> Result<Vec<String>, CommandError> {
    let Some(words) = shebang(path) else { return Ok(Vec::new()) };
    let named: Vec<&String> = words.iter().skip(1).filter(|word| *word != "-S").collect();
    let (true, Some((name, arguments))) = (words[0].ends_with("/env"), named.split_first()) else {
        return Ok(Vec::new());
    };
    let missing = || CommandError::NoInterpreter { script: path.to_owned(), word: (*name).clone() };
    let found = match find(name, cwd, places) {
        Err(CommandError::NotFound { .. }) => return Err(missing()),
        found => found?,
    };
    let arguments = arguments.iter().map(|argument| (*argument).clone());
    Ok([found.to_string_lossy().into_owned()].into_iter().chain(arguments).collect())
}

/// What the command must be able to read: here, where its programs are installed, and where the files lie that it is
/// given as arguments.
fn visible(programs: &[PathBuf], arguments: &[String], cwd: &Path, places: &Places) -> Vec<PathBuf> {
    let programs = programs.iter().map(PathBuf::as_path).filter(|path| path.is_absolute());
    let shebangs = programs.clone().filter_map(shebang).map(|words| PathBuf::from(&words[0]));
    let shebangs = shebangs.filter(|path| places.allows(path) || places.is_installed(path));
    // By what is there, not by name: a name may lead elsewhere.
    let here = cwd.canonicalize().ok().filter(|here| here != Path::new("/"));
    let is_here =
        |path: &PathBuf| here.as_ref().is_some_and(|here| path.canonicalize().is_ok_and(|path| path.starts_with(here)));
    let needed: Vec<PathBuf> = programs.map(Path::to_owned).chain(shebangs).filter(|path| !is_here(path)).collect();
    let mut folders: Vec<PathBuf> = needed.iter().flat_map(|path| places.folders_of(path)).collect();
    folders.extend(arguments.iter().flat_map(|argument| named(argument, cwd, places)));
    folders.extend(here.is_some().then(|| cwd.to_owned()));
    folders.sort();
    folders.dedup();
    let all = folders.clone();
    folders.retain(|folder| !all.iter().any(|other| folder != other && folder.starts_with(other)));
    folders
}

/// What is to be seen for an argument that names a file: its folder, and the name, which may be another.
fn named(argument: &str, cwd: &Path, places: &Places) -> Vec<PathBuf> {
    let name = without_ways_up(&cwd.join(argument));
    folder_of(argument, cwd, places).map_or_else(Vec::new, |folder| vec![folder, name])
}

/// The folder of a file that is given as an argument, unless everybody's files lie in it: then the file alone.
fn folder_of(argument: &str, cwd: &Path, places: &Places) -> Option<PathBuf> {
    let path = cwd.join(argument).canonicalize().ok().filter(|path| places.allows(path))?;
    if path.is_dir() {
        return Some(path);
    }
    let shared = [Some(Path::new("/")), places.home.as_deref(), Some(Path::new("/tmp"))];
    let folder = path.parent()?;
    Some(if shared.contains(&Some(folder)) { path.clone() } else { folder.to_owned() })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::build::resolve::tests::make_program;

    fn places(bin: &Path) -> Places {
        Places { path: vec![bin.to_owned()], home: None, fence: None }
    }

    #[test]
    fn the_first_word_becomes_an_absolute_path_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (here, bin) = (folder.path().join("here"), folder.path().join("lib/bin"));
        make_program(&bin.join("tool"), "");
        std::fs::create_dir(&here).unwrap();
        let program = program("tool 'my server.py' -v", &here, &places(&bin)).unwrap();
        assert_eq!(program.argv, [&*bin.join("tool").to_string_lossy(), "my server.py", "-v"]);
        assert_eq!(program.cwd, here);
        assert_eq!(program.visible, [here, folder.path().join("lib")]);
    }

    #[test]
    fn a_script_is_given_to_the_interpreter_that_env_would_find() {
        let folder = tempfile::tempdir().unwrap();
        let (here, bin) = (folder.path().join("here"), folder.path().join("bin"));
        make_program(&bin.join("python9"), "");
        make_program(&here.join("server.py"), "#!/usr/bin/env -S python9 -u\n");
        let program = program("./server.py", &here, &places(&bin)).unwrap();
        assert_eq!(program.argv.len(), 3);
        assert_eq!(
            (program.argv[0].as_str(), program.argv[1].as_str()),
            (&*bin.join("python9").to_string_lossy(), "-u")
        );
        assert!(program.argv[2].ends_with("here/./server.py"), "{program:?}");
    }

    #[test]
    fn a_file_that_lies_elsewhere_brings_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (here, bin) = (folder.path().join("here"), folder.path().join("lib/bin"));
        make_program(&bin.join("tool"), "");
        std::fs::create_dir(&here).unwrap();
        make_program(&folder.path().join("there/server.py"), "");
        let visible = program("tool ../there/server.py", &here, &places(&bin)).unwrap().visible;
        assert!(visible.contains(&folder.path().canonicalize().unwrap().join("there")), "{visible:?}");
    }

    #[test]
    fn what_is_wrong_with_a_command_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        make_program(&here.join("script"), "#!/usr/bin/env nothing9\n");
        let said = |command: &str| program(command, here, &places(here)).unwrap_err().to_string();
        assert_eq!(said(" "), "the command is empty");
        assert_eq!(said("a 'b"), "the quotes do not match in: a 'b");
        assert_eq!(
            said("server"),
            "no program `server` in PATH; for a program in this folder write ./ before its name"
        );
        assert!(said("./server.py").starts_with("no program `./server.py` that may be executed; `chmod +x` it"));
        assert!(said("./script").ends_with("its first line asks for `nothing9`, which is not in PATH"));
    }
}
