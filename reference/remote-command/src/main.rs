//! remote-command: runs seven harmless commands for whoever asks, and answers with their output.
//!
//! The idea: a request is data. It is checked against a list and started as a program with
//! arguments, never given to a shell; and a child process gets no input, a deadline, and a reader
//! for each of its two outputs.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

const ALLOWED: [&str; 7] = ["echo", "printf", "seq", "date", "true", "ls", "sleep"];
const MAX: usize = 1_048_576;
const LINGER: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let Some((address, timeout)) = arguments() else {
        eprintln!("usage: remote-command <ip> <port> <timeout_ms 1-60000>");
        return ExitCode::from(2);
    };
    match TcpListener::bind(address) {
        Ok(listener) => accept(&listener, timeout),
        Err(error) => {
            eprintln!("remote-command: cannot bind {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Option<(SocketAddr, Duration)> {
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let ip = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    let milliseconds = words.next()?.parse().ok()?;
    if !(1..=60_000).contains(&milliseconds) {
        return None;
    }
    let timeout = Duration::from_millis(milliseconds);
    Some((SocketAddr::new(ip, port), timeout))
}

fn accept(listener: &TcpListener, timeout: Duration) -> ! {
    loop {
        if let Ok((stream, _)) = listener.accept() {
            serve(stream, timeout);
        }
    }
}

/// Whatever ends the requests (end of file, a reset, a length over MAX) ends this client only.
fn serve(mut stream: TcpStream, timeout: Duration) {
    while let Ok(request) = read_frame(&mut stream) {
        if write_frame(&mut stream, &answer(&request, timeout)).is_err() {
            return;
        }
    }
    close(stream);
}

fn read_frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    stream.read_exact(&mut header)?;
    let length = u32::from_be_bytes(header) as usize;
    // Checked first: four bytes from a stranger must not make us ask for 4 GiB.
    if length > MAX {
        return Err(io::Error::other("the frame is too long"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn write_frame(stream: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    let header = (body.len() as u32).to_be_bytes();
    stream.write_all(&[&header, body].concat())
}

fn answer(request: &[u8], timeout: Duration) -> Vec<u8> {
    match start(request) {
        Some(child) => finish(child, timeout).unwrap_or_else(|| b"timeout\n".to_vec()),
        None => b"denied\n".to_vec(),
    }
}

fn start(request: &[u8]) -> Option<Child> {
    let mut words = str::from_utf8(request).ok()?.split_ascii_whitespace();
    let program = words.next().filter(|word| ALLOWED.contains(word))?;
    Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()
}

/// What the child wrote, or `None` if it had to be killed.
fn finish(mut child: Child, timeout: Duration) -> Option<Vec<u8>> {
    let deadline = Instant::now() + timeout;
    let stderr = read_aside(child.stderr.take());
    let stdout = read_aside(child.stdout.take());
    let output = receive(&stderr, deadline).zip(receive(&stdout, deadline));
    if output.is_none() {
        // It may have ended just now; then there is nothing to kill.
        let _ = child.kill();
    }
    // A child nobody waits for stays in the process table as a zombie.
    let _ = child.wait();
    let mut output = output.map(|(stderr, stdout)| [stderr, stdout].concat())?;
    output.truncate(MAX);
    Some(output)
}

/// A reader for each pipe: who reads one to its end and then the other stands still for ever when
/// the child first fills the other.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = Vec::new();
        // The limit keeps `seq 1 999999999` out of our memory: dropping the pipe then ends the
        // child, by SIGPIPE.
        let _ = pipe.map(|pipe| pipe.take(MAX as u64).read_to_end(&mut output));
        // Nobody receives any more if the time was up.
        let _ = sender.send(output);
    });
    receiver
}

fn receive(output: &Receiver<Vec<u8>>, deadline: Instant) -> Option<Vec<u8>> {
    let left = deadline.saturating_duration_since(Instant::now());
    output.recv_timeout(left).ok()
}

/// The client reads all answers and then our end, whatever it still sends: closing with unread
/// bytes would make the kernel send a reset, which destroys answers on their way.
fn close(mut stream: TcpStream) {
    let deadline = Instant::now() + LINGER;
    let mut scrap = [0; 4096];
    if stream.shutdown(Shutdown::Write).is_ok() && stream.set_read_timeout(Some(LINGER)).is_ok() {
        while Instant::now() < deadline && matches!(stream.read(&mut scrap), Ok(1..)) {}
    }
}
