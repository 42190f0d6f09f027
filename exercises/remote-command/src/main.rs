//! remote-command: runs seven harmless commands for whoever asks, and answers with their output.
//!
//! The arguments and the way from a request to its answer are ready. What is missing is the
//! work with sockets and with the child: the places marked `todo!`. The lesson has the rules.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ExitCode};
use std::time::Duration;

const ALLOWED: [&str; 7] = ["echo", "printf", "seq", "date", "true", "ls", "sleep"];
const MAX: usize = 1_048_576;

fn main() -> ExitCode {
    let Some((address, timeout)) = arguments() else {
        eprintln!("usage: remote-command <ip> <port> <timeout_ms 1-60000>");
        return ExitCode::from(2);
    };
    match open(address) {
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

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    // 监听给定的地址。
    todo!("listen on {address}")
}

fn accept(listener: &TcpListener, timeout: Duration) -> ! {
    loop {
        // A connection that failed before we took it is no reason to stop.
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

fn answer(request: &[u8], timeout: Duration) -> Vec<u8> {
    match start(request) {
        Some(child) => finish(child, timeout).unwrap_or_else(|| b"timeout\n".to_vec()),
        None => b"denied\n".to_vec(),
    }
}

fn read_frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    // Four bytes, big-endian, are the length; check it against MAX before you allocate; then read
    // exactly so many bytes. Any other course of things is an error.
    // 先读 4 字节大端长度，超过 MAX 就返回错误（不要先分配内存），再读满这么多字节。
    todo!("read a frame of at most {MAX} bytes from {stream:?}")
}

fn write_frame(stream: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    // 4 字节大端长度，然后是内容。
    todo!("write a frame of {} bytes to {stream:?}", body.len())
}

/// The running command, or `None` if the request must be denied.
fn start(request: &[u8]) -> Option<Child> {
    // UTF-8 words between ASCII white space; the first one must be allowed. No shell: the words
    // are the program and its arguments. stdin is empty; stdout and stderr are pipes.
    // 按 ASCII 空白切分；第一个词必须在 ALLOWED 中；不经过 shell；标准输入为空，两个输出用管道。
    todo!("run {request:?} if it begins with one of {ALLOWED:?}")
}

/// What the child wrote, stderr first, or `None` if it had to be killed.
fn finish(child: Child, timeout: Duration) -> Option<Vec<u8>> {
    // Both pipes must be read at the same time: a full one stops the child. At the deadline kill
    // it. In every case wait for it, or a zombie stays.
    // 两个管道要同时读，否则会死锁；到期就杀死子进程；无论如何都要 wait，以免留下僵尸进程。
    todo!("collect what {child:?} writes within {timeout:?}")
}

/// Ends the connection so that the client reads all answers before it.
fn close(stream: TcpStream) {
    // Closing with unread bytes makes the kernel send a reset, which can destroy answers on their
    // way: shut down the sending side, read on to the client's end, but not for ever.
    // 先半关闭发送方向，再读到对方结束（限定时间），否则 RST 可能毁掉还没送到的答复。
    todo!("close {stream:?} in good order")
}
