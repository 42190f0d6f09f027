//! Steps that name a place: where a program is ready, where to connect, where a file is.

use super::data::{Context, in_step};
use super::finding::Finding;
use crate::course::data::Data;
use crate::course::path::Path;
use crate::course::step::{Connect, FileIs, Files, Listen, MakeFile, MakeLink, Occupy, Ready, Start, Transport};

/// How a program is started.
pub fn start(start: &Start, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    args(start.args.as_deref().unwrap_or_default(), &path.key("args"), context, findings);
    for (name, value) in &start.env {
        let path = path.key("env").key(name);
        if name.is_empty() || name.contains(['=', '\0']) {
            findings
                .push(Finding::at_key(&path, format!("`{name}` cannot name a variable")).help("use A-Z, 0-9 and `_`"));
        }
        in_step(value, &path, context, findings);
    }
    if let Some(at) = &start.at {
        in_step(at, &path.key("at"), context, findings);
    }
    match (start.ready.or(context.ready), &start.at) {
        (Some(Ready::Unix), None) => {
            let finding = Finding::at_key(path, "`ready: unix` does not say where");
            findings.push(finding.help("add the path of the socket, as in `at: \"{dir}/socket\"`"));
        }
        (Some(Ready::Tcp | Ready::Udp | Ready::Started), Some(_)) => {
            let finding = Finding::at_key(&path.key("at"), "nothing is waited for at a path");
            findings.push(finding.help("`at` goes with `ready: unix`"));
        }
        (Some(Ready::Unix) | None, _) | (_, None) => {}
    }
}

/// The arguments of a program.
pub fn args(args: &[Data], path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    for (nth, arg) in args.iter().enumerate() {
        in_step(arg, &path.index(nth), context, findings);
    }
}

/// Where a client connects to.
pub fn connect(connect: &Connect, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    if connect.unread == Some(0) {
        let finding = Finding::at(&path.key("unread"), "a receive buffer of no bytes");
        findings.push(finding.help("say how large it is, as in `unread: 4096`"));
    }
    if connect.unread.is_some() && connect.over != Transport::Tcp {
        findings.push(Finding::at_key(&path.key("unread"), "only TCP connections go unread").help("drop it"));
    }
    if connect.waits && connect.over != Transport::Tcp {
        let finding = Finding::at_key(&path.key("waits"), "only a TCP handshake can be kept waiting");
        findings.push(finding.help("drop it, or connect over tcp"));
    }
    match &connect.to {
        Some(to) => drop(in_step(to, &path.key("to"), context, findings)),
        None if connect.over == Transport::Unix => {
            let finding = Finding::at_key(path, "a Unix socket is connected to by its path");
            findings.push(finding.help("add it, as in `to: \"{dir}/socket\"`"));
        }
        None => {}
    }
}

/// Which server is played.
pub fn listen(listen: &Listen, path: &Path, findings: &mut Vec<Finding>) {
    if listen.shared && listen.over != Transport::Udp {
        let finding = Finding::at_key(&path.key("shared"), "only a UDP port is shared");
        findings.push(finding.help("add `over: udp`"));
    }
    no_unix(listen.over, path, findings);
}

/// Which address is taken.
pub fn occupy(occupy: &Occupy, path: &Path, findings: &mut Vec<Finding>) {
    no_unix(occupy.over, path, findings);
}

fn no_unix(over: Transport, path: &Path, findings: &mut Vec<Finding>) {
    if over == Transport::Unix {
        let finding = Finding::at(&path.key("over"), "only `connect` goes over Unix sockets");
        findings.push(finding.help("write `tcp` or `udp`"));
    }
}

/// A file that is made.
pub fn make_file(file: &MakeFile, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    below(&file.path, &path.key("path"), context, findings);
    in_step(&file.bytes, &path.key("bytes"), context, findings);
}

/// A link that is made; it may point anywhere.
pub fn make_link(link: &MakeLink, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    below(&link.path, &path.key("path"), context, findings);
    in_step(&link.to, &path.key("to"), context, findings);
}

/// A file that is looked at.
pub fn file_is(file: &FileIs, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    below(&file.path, &path.key("path"), context, findings);
    in_step(&file.bytes, &path.key("bytes"), context, findings);
}

/// A folder that is looked at.
pub fn files(files: &Files, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    below(&files.folder, &path.key("in"), context, findings);
    for (nth, name) in files.names.iter().enumerate() {
        let path = path.key("names").index(nth);
        in_step(name, &path, context, findings);
        if matches!(name, Data::Text(text) if text.is_empty() || text.starts_with('.') || text.contains('/')) {
            let finding = Finding::at(&path, "this cannot be the name of a file that counts");
            findings
                .push(finding.help("a plain name that does not begin with a dot; folders are looked at one by one"));
        }
    }
}

/// A path of a file: it does not leave `{dir}`.
pub fn below(data: &Data, path: &Path, context: &Context, findings: &mut Vec<Finding>) {
    in_step(data, path, context, findings);
    let text = beginning(data);
    let below = text.strip_prefix("{dir}").map(|rest| rest.strip_prefix('/').unwrap_or(rest)).unwrap_or(text);
    if below.starts_with('/') || below.split('/').any(|part| part == "..") {
        let finding = Finding::at(path, "this is not below `{dir}`");
        findings.push(finding.help("write a relative path, or begin with `{dir}/`"));
    }
}

/// The text that data begin with.
fn beginning(data: &Data) -> &str {
    match data {
        Data::Text(text) => text,
        Data::Parts(parts) => parts.first().map_or("", beginning),
        Data::Form(_) => "",
    }
}
