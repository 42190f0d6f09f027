//! udp-time: answers each datagram with the time, written in the format that it holds.
//!
//! Arguments, clock and calendar are ready. What is missing is the socket and the reading of the
//! format: the places marked `todo!`. The lesson beside this file has every rule for them.

use std::env;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

const DEFAULT_FORMAT: &str = "%Y-%m-%d %X";
const MAX_FORMAT: usize = 64;

fn main() -> ExitCode {
    let Some(address) = arguments() else {
        eprintln!("usage: udp-time <ip> <port>");
        return ExitCode::from(2);
    };
    match open(address) {
        Ok(socket) => serve(&socket),
        Err(error) => {
            eprintln!("udp-time: cannot bind {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Option<SocketAddr> {
    let mut words = env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let ip = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}

fn serve(socket: &UdpSocket) -> ! {
    loop {
        let (request, client) = receive(socket);
        let reply = expand(&request, now()).unwrap_or_else(|| "ERR".to_owned());
        answer(socket, client, &reply);
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    // A UDP server needs neither listen nor accept.
    // UDP 服务器只需要绑定（bind），没有 listen 和 accept。
    todo!("bind a UDP socket to {address}")
}

/// The next datagram and its sender.
fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    // How large must the buffer be, so that you can tell a format of MAX_FORMAT bytes from a
    // longer one? An empty datagram is a request. An error must not end the server.
    // 缓冲区要多大才能看出格式串超过 MAX_FORMAT？空数据报也是请求；出错不能让服务器退出。
    todo!("receive from {socket:?} a format of at most {MAX_FORMAT} bytes")
}

fn answer(socket: &UdpSocket, client: SocketAddr, reply: &str) {
    // If this client cannot be reached, the next one still can.
    // 这个客户端发不到，不能影响下一个。
    todo!("send {reply:?} from {socket:?} to {client}")
}

/// The request with its directives replaced, or `None` if it must be answered `ERR`.
fn expand(request: &[u8], now: u64) -> Option<String> {
    // Empty: DEFAULT_FORMAT. Too long, not UTF-8, a NUL byte, a directive that the lesson does
    // not name, a `%` at the end: None. Hours, minutes and seconds are yours to work out of `now`.
    // 空请求用 DEFAULT_FORMAT；过长、非 UTF-8、含 NUL、未知指令、末尾单独的 % 都返回 None。
    todo!("replace the directives in {request:?}, or in {DEFAULT_FORMAT:?}; today is {:?}", date(now / 86_400))
}

/// Unix seconds; `FAKE_NOW` stops the clock for tests.
fn now() -> u64 {
    let fake = env::var("FAKE_NOW").ok().and_then(|text| text.parse().ok());
    fake.unwrap_or_else(|| {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        since_1970.map_or(0, |duration| duration.as_secs())
    })
}

/// Year, month and day of the Gregorian calendar. The year is counted from 1 March, because then
/// the leap day comes last and disturbs no other date; 719,468 days lie between 0000-03-01 and
/// 1970-01-01.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    let months_after_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_after_march + 2) / 5 + 1;
    let month = (months_after_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}
