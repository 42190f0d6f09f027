//! Calls of cargo for sources that are trusted, shielded from settings that are not the course's.
//!
//! Cargo is called as it is: it may ask the network for packages that are not there yet, as it does for everybody. What
//! is not trusted is built by `confined`.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::build::BuildError;
use crate::build::process::tool;
use crate::interrupt::Interrupt;

/// Variables of cargo that say where things are and how the network is reached. All others that begin with `CARGO`
/// or `RUSTC` change what is built, or where to, or were set by the `cargo run` that started us.
const KEPT: [&str; 5] = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_"];

/// One call of `cargo build`.
pub struct Build<'a> {
    /// The manifest of the package or of its workspace.
    pub manifest: &'a Path,
    /// Where cargo is started: its configuration (`.cargo/config.toml`) is looked for here and above, and so never in
    /// a student's folder.
    pub cwd: &'a Path,
    /// Where everything goes that cargo makes.
    pub target: &'a Path,
    /// What to build.
    pub what: Vec<&'a str>,
    /// The wish to stop.
    pub interrupt: &'a Interrupt,
}

impl Build<'_> {
    /// Builds; `Err` holds what cargo printed if that failed.
    pub fn run(&self) -> Result<Result<(), String>, BuildError> {
        Ok(tool(&mut self.command(), self.interrupt)?.map(drop))
    }

    fn command(&self) -> Command {
        let mut command = Command::new("cargo");
        command.arg("build").arg("--quiet").arg("--manifest-path").arg(self.manifest).args(&self.what);
        command.current_dir(self.cwd);
        own_settings_only(&mut command);
        command.env("CARGO_TARGET_DIR", self.target);
        command
    }
}

/// Keeps from a call of cargo what would change its result.
pub fn own_settings_only(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| !is_kept(name)) {
        command.env_remove(name);
    }
    // Empty: also what a configuration file says of wrappers does not count.
    command.env("RUSTC_WRAPPER", "").env("RUSTC_WORKSPACE_WRAPPER", "").env("CARGO_TERM_COLOR", "never")
}

fn is_kept(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    let changes = name.starts_with("CARGO") || name.starts_with("RUSTC") || name == "RUSTFLAGS";
    !changes || KEPT.iter().any(|kept| name.starts_with(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_change_a_build_is_kept() {
        let kept = |name: &str| is_kept(&OsString::from(name));
        assert!(["PATH", "HOME", "RUSTUP_TOOLCHAIN", "CARGO_HOME", "CARGO_HTTP_PROXY"].into_iter().all(kept));
        assert!(!["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"].into_iter().any(kept));
    }
}
