//! The program at the moment of a failure: how it ended or where it waits, and what it has not read.

use super::program::Program;
use super::world::World;
use crate::course::step::Transport;
use crate::judge::record::{Scene, SocketView, TaskView};
use crate::kernel::diag::{SocketRow, TcpState};
use crate::kernel::{tasks, waiting};

/// Threads and sockets that are shown, at most.
const MOST: usize = 8;

impl World {
    /// The program now.
    pub fn scene(&self, deadline: bool) -> Scene {
        let Some(program) = &self.program else { return Scene { deadline, ..Scene::default() } };
        Scene { end: program.end().cloned(), tasks: task_views(program), sockets: self.socket_views(), deadline }
    }

    fn socket_views(&self) -> Vec<SocketView> {
        let listener = [Transport::Tcp, Transport::Udp]
            .into_iter()
            .filter_map(|over| Some((over, self.diag.receiver(over, self.address).ok()??)))
            .map(|(over, row)| view(&row, over, None));
        let connections = self.streams.iter().filter_map(|(name, stream)| {
            let (ours, theirs) = stream.ends.filter(|_| !stream.is_datagrams())?;
            let row = self.diag.connection(theirs, ours).ok()??;
            Some(view(&row, Transport::Tcp, Some(name.clone())))
        });
        listener.chain(connections).take(MOST).collect()
    }
}

fn view(row: &SocketRow, over: Transport, peer: Option<String>) -> SocketView {
    let state = match over {
        Transport::Tcp => row.state.name(),
        Transport::Udp | Transport::Unix => "UDP",
    };
    SocketView {
        state: state.to_owned(),
        local: row.local.to_string(),
        peer,
        unread: row.unread,
        // A socket that the program has closed has no inode either.
        accepted: row.state != TcpState::Listen
            && (row.inode != 0 || !matches!(row.state, TcpState::Established | TcpState::CloseWait)),
    }
}

fn task_views(program: &Program) -> Vec<TaskView> {
    let view = |task: &tasks::Task| TaskView {
        pid: tasks::own_number(task.pid),
        name: tasks::name(task),
        at: waiting::describe(task),
    };
    program.tasks().iter().take(MOST).map(view).collect()
}
