//! Makes fixtures into programs: Rust ones of an exercise in one scratch package, C by `cc`, others as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::build::cargo::Build;
use crate::build::disk::unless_full;
use crate::build::exec;
use crate::build::resolve::Places;
use crate::build::{BuildError, Program};
use crate::interrupt::Interrupt;
use crate::text::bytes::hex;

/// Rust programs of one exercise: each one's name and the text of its `main.rs`.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// By name of the program.
    pub programs: BTreeMap<String, String>,
}

/// Programs, or what the compiler printed instead.
pub type Made = BTreeMap<String, Result<Program, String>>;

/// Builds Rust programs of one exercise with the dependencies of its reference.
pub fn rust(
    root: &Path,
    cache: &Path,
    exercise: &str,
    sources: &Sources,
    interrupt: &Interrupt,
) -> Result<Made, BuildError> {
    let package = cache.join("packages").join(exercise);
    let bins = package.join("src/bin");
    let reference = root.join("reference").join(exercise);
    let manifest_path = reference.join("Cargo.toml");
    let manifest = fs::read_to_string(&manifest_path).map_err(BuildError::io("cannot read", &manifest_path))?;
    // Nobody debugs a mutant or builds it twice: without what serves for that, hundreds of them take half the time.
    let profile = "[profile.dev]\ndebug = false\nincremental = false\n";
    write(&package.join("Cargo.toml"), &format!("{manifest}\n[workspace]\n\n{profile}"))?;
    for (name, text) in &sources.programs {
        write(&bins.join(name).join("main.rs"), text)?;
    }
    forget_others(&bins, sources);
    let target = cache.join("target");
    let manifest = &package.join("Cargo.toml");
    let build = |what: Vec<&str>| Build { manifest, cwd: cache, target: &target, what, interrupt }.run();
    let together = build(vec!["--bins", "--keep-going"])?;
    let mut made = Made::new();
    for name in sources.programs.keys() {
        let one = match &together {
            Ok(()) => Ok(()),
            Err(output) => {
                unless_full(&target, output.clone())?;
                build(vec!["--bin", name])?
            }
        };
        made.insert(name.clone(), one.map(|()| compiled(target.join("debug").join(name))));
    }
    Ok(made)
}

/// Writes a file unless it holds the same already: what has not changed is not built again.
pub fn write(path: &Path, text: &str) -> Result<(), BuildError> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(BuildError::io("cannot make", folder))?;
    }
    fs::write(path, text).map_err(BuildError::io("cannot write", path))
}

/// Removes programs that are fixtures no more, so that cargo does not build them.
fn forget_others(bins: &Path, sources: &Sources) {
    for entry in fs::read_dir(bins).into_iter().flatten().flatten() {
        if !entry.file_name().to_str().is_some_and(|name| sources.programs.contains_key(name)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn compiled(path: PathBuf) -> Program {
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    Program { argv: vec![path.to_string_lossy().into_owned()], cwd: "/".into(), visible: vec![folder] }
}

/// What can be made of a file that is not Rust.
#[derive(Debug)]
pub enum Other {
    /// A program.
    Program(Program),
    /// What it needs is not installed.
    Missing(&'static str),
    /// It does not compile.
    Broken(String),
}

/// Makes a C, Python or Node.js program.
pub fn other(cache: &Path, path: &Path) -> Result<Other, BuildError> {
    let places = Places::of_this_process();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let interpreted = |interpreter: &'static str| {
        let command = format!("{interpreter} {}", shlex::try_quote(&path.to_string_lossy()).unwrap_or_default());
        Ok(match exec::program(&command, folder, &places) {
            Ok(program) => Other::Program(program),
            Err(_) => Other::Missing(interpreter),
        })
    };
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("c") if places.find("cc", folder).is_none() => Ok(Other::Missing("cc")),
        Some("c") => c(cache, path),
        Some("js") => interpreted("node"),
        Some("py") => interpreted("python3"),
        _ => Ok(Other::Broken("not a .rs, .c, .py or .js file".to_owned())),
    }
}

fn c(cache: &Path, path: &Path) -> Result<Other, BuildError> {
    let text = fs::read(path).map_err(BuildError::io("cannot read", path))?;
    let made = cache.join("c").join(hex(&Sha256::digest(&text)[..12]));
    if !made.exists() {
        fs::create_dir_all(cache.join("c")).map_err(BuildError::io("cannot make", cache))?;
        let half = made.with_extension("half");
        let mut compiler = Command::new("cc");
        let output = compiler.args(["-O1", "-Wall", "-pthread", "-o"]).arg(&half).arg(path).output();
        let output = output.map_err(BuildError::io("cannot run cc on", path))?;
        if !output.status.success() {
            return Ok(Other::Broken(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        fs::rename(&half, &made).map_err(BuildError::io("cannot rename", &half))?;
    }
    Ok(Other::Program(compiled(made)))
}
