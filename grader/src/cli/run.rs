//! `grader run`: starts a program in the foreground, at an address of its own, and says how to try it by hand.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::build::process::{signal_name, spawn_unblocked};
use crate::build::{self, BuildError, Built, Program, Source};
use crate::cell::tier;
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::signals;
use crate::course::load::Exercise;
use crate::course::step::{Ready, Step, Transport};
use crate::course::template::{Values, bytes};
use crate::course::words::Lang;
use crate::interrupt::Interrupt;
use crate::report::block::quote;
use crate::run::error::RunError;
use crate::text::bytes::one_line;
use crate::wording::messages as say;

/// The first port that is tried; no port from here up to 32767 is given to outgoing connections (ip_local_port_range).
const FIRST_PORT: u16 = 8000;

/// Which part a program plays, as seen from the one who tries it by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Server(Transport),
    Client(Transport),
    Other,
}

/// Starts the program of an exercise. What the grader says goes to stderr: stdout is the program's.
pub fn run(context: &Context, args: &RunArgs, _: &mut dyn Write) -> Result<Exit, CliError> {
    let exercise = context.exercise(&args.exercise)?;
    let child = Arc::new(AtomicI32::new(0));
    let interrupt = pass_signals_on(&child)?;
    let program = build(context, args, exercise, &interrupt)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    // What `{dir}` stands for lives as long as the program.
    let folder = tempfile::tempdir()?;
    let arguments = arguments(context, args, exercise, address, folder.path())?;
    let mut err = io::stderr();
    if args.args.is_empty() {
        introduce(role(exercise), address, context.lang, &mut err)?;
    }
    let words = program.argv.iter().map(OsString::from).chain(arguments).collect::<Vec<_>>();
    writeln!(err, "{}", say::RUN_STARTS.with(context.lang, &[("command", &shown(&words))]))?;
    writeln!(err, "{}\n", say::RUN_STOP.get(context.lang))?;
    if interrupt.is_set() {
        return Err(BuildError::Interrupted.into());
    }
    let status = foreground(&words, &child)?;
    writeln!(err, "\n{}", say::RUN_ENDED.with(context.lang, &[("how", &how(status))]))?;
    Ok(exit(status))
}

fn build(context: &Context, args: &RunArgs, exercise: &Exercise, interrupt: &Interrupt) -> Result<Program, CliError> {
    let source = match (&args.exec, args.reference) {
        (Some(command), _) => Source::Exec(command.clone()),
        (None, true) => Source::Reference,
        (None, false) => Source::Exercises,
    };
    let cache = context.course.root.join("target/grader");
    let (tier, _) = tier::choose(None).map_err(RunError::from)?;
    let terms = build::Terms::new(&context.course.root, &cache, tier, interrupt);
    match build::build(&terms, &source, &[exercise], &mut |_| {})?.remove(&exercise.id) {
        Some(Built::Ready { program, .. }) => Ok(program),
        Some(Built::Failed(output)) => {
            let title = say::RUN_UNBUILT.with(context.lang, &[("exercise", &exercise.id)]);
            let message = [vec![title], quote(&output)].concat().join("\n");
            Err(CliError::Said { exit: Exit::Failed, message })
        }
        None => Err(CliError::usage(format!("nothing was built for {}", exercise.id))),
    }
}

/// The arguments that were typed, or else those of the contract at `address`.
fn arguments(
    context: &Context,
    args: &RunArgs,
    exercise: &Exercise,
    address: SocketAddr,
    folder: &Path,
) -> Result<Vec<OsString>, CliError> {
    if !args.args.is_empty() {
        return Ok(args.args.iter().map(OsString::from).collect());
    }
    let mut values = Values::new(0, &exercise.id, "run", exercise.file.values.clone());
    values.set_address(address);
    values.set("dir", folder.as_os_str().as_bytes());
    let worked_out = exercise.file.program.args.iter().map(|argument| bytes(argument, &values));
    match worked_out.collect::<Result<Vec<_>, _>>() {
        Ok(arguments) => Ok(arguments.into_iter().map(OsString::from_vec).collect()),
        Err(_) => Err(CliError::usage(say::RUN_ARGUMENTS.with(context.lang, &[("exercise", &exercise.id)]))),
    }
}

/// The lowest port that nobody uses, for either transport. Nothing has been connected here, so nothing stays behind.
fn free_port() -> Result<u16, CliError> {
    let is_free = |port: &u16| {
        let address = (Ipv4Addr::LOCALHOST, *port);
        TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
    };
    (FIRST_PORT..32_768).find(is_free).ok_or_else(|| CliError::Io(io::ErrorKind::AddrInUse.into()))
}

/// A program that is waited for at its address is a server; one for which checks play a server is a client.
fn role(exercise: &Exercise) -> Role {
    let played = exercise.file.checks.iter().flat_map(|check| &check.steps).find_map(|step| match step {
        Step::Listen(listen) => Some(listen.over),
        _ => None,
    });
    match (exercise.file.program.ready, played) {
        (Ready::Tcp, _) => Role::Server(Transport::Tcp),
        (Ready::Udp, _) => Role::Server(Transport::Udp),
        (Ready::Unix, _) => Role::Server(Transport::Unix),
        (Ready::Started, Some(over)) => Role::Client(over),
        (Ready::Started, None) => Role::Other,
    }
}

/// Says how to try the program; for a client, waits until its server has been started.
fn introduce(role: Role, address: SocketAddr, lang: Lang, err: &mut dyn Write) -> io::Result<()> {
    let title = match role {
        Role::Server(_) => say::RUN_TRY,
        Role::Client(_) => say::RUN_FIRST,
        Role::Other => return Ok(()),
    };
    writeln!(err, "{}", title.get(lang))?;
    commands(role, address).iter().try_for_each(|command| writeln!(err, "  {command}"))?;
    if matches!(role, Role::Client(_)) && io::stdin().is_terminal() {
        writeln!(err, "{}", say::RUN_ENTER.get(lang))?;
        io::stdin().lock().read_line(&mut String::new())?;
    }
    Ok(())
}

fn commands(role: Role, address: SocketAddr) -> Vec<String> {
    let (ip, port) = (address.ip(), address.port());
    let python = |code: &str| format!("python3 -c 'import socket; {code}'");
    match role {
        Role::Server(Transport::Tcp) => vec![
            format!("nc {ip} {port}"),
            python(&format!(
                r#"c = socket.create_connection(("{ip}", {port})); c.sendall(b"hello\n"); print(c.recv(4096))"#
            )),
        ],
        Role::Server(Transport::Udp) => vec![
            format!("nc -u {ip} {port}"),
            python(&format!(
                r#"s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b"hello", ("{ip}", {port})); print(s.recvfrom(65535))"#
            )),
        ],
        Role::Client(Transport::Tcp) => vec![
            format!("nc -l {ip} {port}"),
            python(&format!(
                r#"c, _ = socket.create_server(("{ip}", {port})).accept(); print(c.recv(4096)); c.sendall(b"hello\n"); input()"#
            )),
        ],
        Role::Client(Transport::Udp) => vec![
            format!("nc -u -l {ip} {port}"),
            python(&format!(
                r#"s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("{ip}", {port})); d, a = s.recvfrom(65535); print(d); s.sendto(d.upper(), a)"#
            )),
        ],
        // Where a Unix socket is, the command below says.
        Role::Server(Transport::Unix) | Role::Client(Transport::Unix) | Role::Other => Vec::new(),
    }
}

/// The command as one could type it.
fn shown(words: &[OsString]) -> String {
    let word = |word: &OsString| {
        let text = one_line(&word.to_string_lossy());
        shlex::try_quote(&text).map_or_else(|_| text.clone(), |quoted| quoted.into_owned())
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// From here on signals that ask to stop are passed on to the program `child`, and we outlive all of them to say how it
/// ended. A Ctrl-C reaches it by itself, for it is in our process group. Before there is one, its build is to stop.
fn pass_signals_on(child: &Arc<AtomicI32>) -> io::Result<Interrupt> {
    let interrupt = Interrupt::default();
    let (to, stop) = (Arc::clone(child), interrupt.clone());
    let from_terminal = io::stdin().is_terminal();
    signals::on_signals(move |signal, _| match to.load(Ordering::SeqCst) {
        0 => stop.set(),
        _ if signal == Signal::SIGINT && from_terminal => {}
        // It may have ended by itself.
        pid => drop(kill(Pid::from_raw(pid), signal)),
    })?;
    Ok(interrupt)
}

/// Runs a command to its end.
fn foreground(words: &[OsString], child: &AtomicI32) -> Result<ExitStatus, CliError> {
    let Some((first, rest)) = words.split_first() else { return Err(CliError::usage("the command is empty")) };
    let mut running = spawn_unblocked(Command::new(first).args(rest))?;
    child.store(i32::try_from(running.id()).unwrap_or(0), Ordering::SeqCst);
    let status = running.wait()?;
    child.store(0, Ordering::SeqCst);
    Ok(status)
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => signal_name(signal),
        (None, None) => status.to_string(),
    }
}

/// A program that is stopped by its user has not failed.
fn exit(status: ExitStatus) -> Exit {
    let stopped = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].map(|signal| Some(signal as i32));
    if status.success() || stopped.contains(&status.signal()) { Exit::Passed } else { Exit::Failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_could_type_it() {
        let words = ["./a b", "127.0.0.1", "\u{1b}x"].map(OsString::from);
        assert_eq!(shown(&words), r#"'./a b' 127.0.0.1 "\\x1bx""#);
    }

    #[test]
    fn a_port_that_is_taken_is_not_given_away() {
        let Ok(first) = free_port() else { return assert_eq!(1, 2, "a port is free") };
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first));
        assert!(free_port().is_ok_and(|second| second != first && second < 32_768));
    }

    #[test]
    fn being_stopped_is_no_failure() {
        assert_eq!(exit(ExitStatus::from_raw(Signal::SIGINT as i32)), Exit::Passed);
        assert_eq!(exit(ExitStatus::from_raw(Signal::SIGSEGV as i32)), Exit::Failed);
        assert_eq!(exit(ExitStatus::from_raw(1 << 8)), Exit::Failed);
        assert_eq!(how(ExitStatus::from_raw(Signal::SIGINT as i32)), "SIGINT");
    }

    #[test]
    fn every_role_can_be_tried_by_two_commands() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 8000));
        for over in [Transport::Tcp, Transport::Udp] {
            assert_eq!(commands(Role::Server(over), address).len(), 2);
            assert!(commands(Role::Client(over), address).iter().all(|command| command.contains("8000")));
        }
    }
}
