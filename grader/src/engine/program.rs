//! The program under test: its processes, and how it ended.

use std::collections::HashMap;

use nix::sys::signal::Signal;

use super::clock::Spent;
use crate::cell::running::Running;
use crate::judge::record::ProcessEnd;
use crate::kernel::tasks::{self, Call, Task};

/// A started program.
#[derive(Debug)]
pub struct Program {
    running: Running,
    end: Option<ProcessEnd>,
    /// The calls that its threads were in when they were stopped, by thread.
    interrupted: HashMap<i32, Call>,
    frozen: bool,
}

impl Program {
    /// A program that has just been executed.
    pub fn new(running: Running) -> Program {
        Program { running, end: None, interrupted: HashMap::new(), frozen: false }
    }

    /// The process that runs it.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Ends everything that it started; what is left is for the kernel to tidy up, when this is dropped.
    pub fn end_all(mut self) -> Program {
        self.running.end_all();
        self
    }

    /// Asks whether its first process has ended; true if it just has.
    pub fn notice_end(&mut self) -> bool {
        match self.end {
            Some(_) => false,
            None => {
                self.end = self.running.end();
                self.end.is_some()
            }
        }
    }

    /// How its first process ended, as far as noticed.
    pub fn end(&self) -> Option<&ProcessEnd> {
        self.end.as_ref()
    }

    /// All its processes.
    pub fn processes(&self) -> Vec<i32> {
        tasks::tree(self.running.init())
    }

    /// All its threads. A call that went on after a stop shows as what it was before (restart_syscall(2)).
    pub fn tasks(&self) -> Vec<Task> {
        let mut tasks = tasks::snapshot(&self.processes());
        for task in &mut tasks {
            if let (Some(call), Some(before)) = (&mut task.call, self.interrupted.get(&task.tid))
                && call.number == libc::SYS_restart_syscall
                && call.args == before.args
            {
                *call = *before;
            }
        }
        tasks
    }

    /// What its threads have had of the processors, those that have ended included.
    pub fn spent(&self) -> Spent {
        let processes = self.processes();
        let tasks = tasks::with_ended(&processes);
        let waited = processes.iter().copied().chain([self.running.init()]).map(tasks::waited_ns);
        Spent {
            delayed: tasks.iter().map(|task| task.delayed).max().unwrap_or(0),
            ran: tasks.iter().map(|task| task.ran.0).chain(waited).sum(),
        }
    }

    /// True between [`Program::freeze`] and [`Program::thaw`].
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Tells all its processes to stop.
    pub fn freeze(&mut self) {
        self.frozen = true;
        self.interrupted = self.tasks().into_iter().filter_map(|task| Some((task.tid, task.call?))).collect();
        self.running.signal_all(Signal::SIGSTOP);
    }

    /// True once all of them have stopped. New ones are told as well.
    pub fn has_stopped(&self) -> bool {
        // A parent in vfork(2) stops only after its child, and does nothing until then.
        let stopped = self.tasks().iter().all(|task| matches!(task.state, 'T' | 't') || is_in_vfork(task));
        if !stopped {
            self.running.signal_all(Signal::SIGSTOP);
        }
        stopped
    }

    /// Lets all its processes go on.
    pub fn thaw(&mut self) {
        self.frozen = false;
        self.running.signal_all(Signal::SIGCONT);
    }
}

fn is_in_vfork(task: &Task) -> bool {
    task.state == 'D'
        && task.call.is_some_and(|call| {
            let flagged = call.number == libc::SYS_clone && call.args[0] & libc::CLONE_VFORK as u64 != 0;
            flagged || is_vfork(call.number)
        })
}

#[cfg(target_arch = "x86_64")]
fn is_vfork(number: i64) -> bool {
    number == libc::SYS_vfork
}

/// Newer architectures have only clone(2).
#[cfg(not(target_arch = "x86_64"))]
fn is_vfork(_number: i64) -> bool {
    false
}
