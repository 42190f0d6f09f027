//! The program at the moment of a failure, in words: where it waits, what it has not read, how it ended.
//!
//! A program can choose the names of its threads: they are escaped like its bytes.

use crate::course::words::Lang;
use crate::judge::record::{Failure, ProcessEnd, Scene, SocketView};
use crate::text::bytes::one_line;
use crate::wording::messages as say;

/// Where the threads of the program wait, each place once: `accept(fd 3), read(fd 0)`.
pub fn waiting(scene: &Scene) -> Option<String> {
    let mut places: Vec<&str> = Vec::new();
    for task in scene.tasks.iter().filter(|task| task.at != "running" && task.at != "stopped") {
        if !places.contains(&task.at.as_str()) {
            places.push(&task.at);
        }
    }
    (!places.is_empty()).then(|| one_line(&places.join(", ")))
}

/// How many bytes the program has not read: on the failure's stream, or else wherever most are.
pub fn unread(failure: &Failure) -> Option<u32> {
    let connected = || failure.scene.sockets.iter().filter(|socket| socket.state != "LISTEN");
    let ours = connected().find(|socket| socket.peer.is_some() && socket.peer == failure.stream);
    ours.or_else(|| connected().max_by_key(|socket| socket.unread)).map(|socket| socket.unread)
}

/// The state of the program, one fact a line.
pub fn describe(scene: &Scene, lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    match &scene.end {
        Some(ProcessEnd::Status(status)) => lines.push(say::ENDED_STATUS.with(lang, &[("status", status)])),
        Some(ProcessEnd::Signal(signal)) => lines.push(say::ENDED_SIGNAL.with(lang, &[("signal", &one_line(signal))])),
        None => lines.extend(tasks(scene, lang)),
    }
    lines.extend(scene.sockets.iter().filter_map(|socket| describe_socket(socket, lang)));
    if scene.deadline {
        lines.push(say::DEADLINE.get(lang).to_owned());
    }
    lines
}

fn tasks(scene: &Scene, lang: Lang) -> Vec<String> {
    let place = |at: &str| match at {
        "running" => say::TASK_RUNNING.get(lang).to_owned(),
        "stopped" => say::TASK_STOPPED.get(lang).to_owned(),
        at => say::TASK_WAITING.with(lang, &[("at", &one_line(at))]),
    };
    match scene.tasks.as_slice() {
        [only] => vec![place(&only.at)],
        many => many.iter().map(|task| format!("{}: {}", one_line(&task.name), place(&task.at))).collect(),
    }
}

fn describe_socket(socket: &SocketView, lang: Lang) -> Option<String> {
    let name = one_line(socket.peer.as_deref().unwrap_or(&socket.local));
    let sentence = match (socket.state.as_str(), socket.unread, socket.accepted) {
        ("LISTEN", 0, _) => return None,
        ("LISTEN", ..) => say::SOCKET_QUEUE,
        ("UDP", 0, _) => return None,
        ("UDP", ..) => say::SOCKET_UDP,
        (.., false) => say::SOCKET_WAITS,
        (_, 0, true) => say::SOCKET_READ,
        (.., true) => say::SOCKET_UNREAD,
    };
    Some(sentence.with(lang, &[("name", &name), ("unread", &socket.unread), ("state", &one_line(&socket.state))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::record::TaskView;

    fn task(name: &str, at: &str) -> TaskView {
        TaskView { pid: 2, name: name.into(), at: at.into() }
    }

    fn socket(state: &str, peer: Option<&str>, unread: u32, accepted: bool) -> SocketView {
        let peer = peer.map(str::to_owned);
        SocketView { state: state.into(), local: "127.0.0.1:80".into(), peer, unread, accepted }
    }

    #[test]
    fn one_thread_is_told_without_its_name() {
        let scene = Scene { tasks: vec![task("echo", "accept(fd 3)")], ..Scene::default() };
        assert_eq!(describe(&scene, Lang::En), ["waiting in accept(fd 3)"]);
        assert_eq!(describe(&scene, Lang::Zh), ["停在 accept(fd 3)"]);
    }

    #[test]
    fn several_threads_are_told_by_name_and_escaped() {
        let tasks = vec![task("a\x1b[2J", "running"), task("b", "futex")];
        let scene = Scene { tasks, ..Scene::default() };
        assert_eq!(describe(&scene, Lang::En), ["a\\x1b[2J: running", "b: waiting in futex"]);
        assert_eq!(waiting(&scene).as_deref(), Some("futex"));
    }

    #[test]
    fn unread_bytes_and_waiting_connections_are_told() {
        let sockets = vec![
            socket("LISTEN", None, 2, false),
            socket("ESTABLISHED", Some("c"), 7, true),
            socket("CLOSE_WAIT", Some("d"), 3, false),
            socket("UDP", None, 0, false),
        ];
        let scene = Scene { end: Some(ProcessEnd::Status(101)), sockets, deadline: true, ..Scene::default() };
        assert_eq!(
            describe(&scene, Lang::En),
            [
                "it has ended with exit status 101",
                "127.0.0.1:80 (LISTEN): connections not accepted yet: 2",
                "c (ESTABLISHED): bytes not read yet: 7",
                "d (CLOSE_WAIT): not accepted yet; bytes not read yet: 3",
                "the deadline struck",
            ]
        );
    }
}
