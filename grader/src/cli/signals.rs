//! Signals that ask to stop. They are blocked, and a thread waits for them: no handler ever runs in the middle of
//! something else.

use std::io::{self, Write};
use std::process;
use std::thread;

use nix::sys::signal::{SigSet, Signal};

use crate::cli::exit::Exit;
use crate::course::words::Lang;
use crate::interrupt::Interrupt;
use crate::wording::messages as say;

/// The signals that ask to stop.
fn asking() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect()
}

/// From here on such a signal interrupts the run; a second one ends the grader at once. To be called before any other
/// thread is started: a thread inherits what is blocked.
pub fn watch(lang: Lang) -> io::Result<Interrupt> {
    let interrupt = Interrupt::default();
    let set = interrupt.clone();
    on_signals(move |_, count| match count {
        1 => {
            // Whether or not anybody reads it, the run has to stop.
            let _ = writeln!(io::stderr(), "\n{}", say::STOPPING.get(lang));
            set.set();
        }
        _ => process::exit(i32::from(u8::from(Exit::Interrupted))),
    })?;
    Ok(interrupt)
}

/// Calls `act` with every such signal and how many have come.
pub fn on_signals(act: impl Fn(Signal, usize) + Send + 'static) -> io::Result<()> {
    let signals = asking();
    signals.thread_block()?;
    let wait = move || {
        let mut count = 0;
        // Waiting fails only for a set that holds no signal.
        while let Ok(signal) = signals.wait() {
            count += 1;
            act(signal, count);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(())
}
