//! udp-time: answers each datagram with the time, written in the format that it holds.
//!
//! The idea: a datagram is a whole message, and 0 bytes long is a length like any other. What a
//! stranger sends is a request to be checked, never a reason to stop.

use std::env;
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
    match UdpSocket::bind(address) {
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
    // One byte more than is allowed is enough to see that a format is too long.
    let mut buffer = [0; MAX_FORMAT + 1];
    loop {
        // An error here concerns one datagram, not the server.
        let Ok((length, client)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let reply = expand(&buffer[..length], now()).unwrap_or_else(|| "ERR".to_owned());
        if let Err(error) = socket.send_to(reply.as_bytes(), client) {
            eprintln!("udp-time: {client}: {error}");
        }
    }
}

/// Unix seconds; `FAKE_NOW` stops the clock for tests.
fn now() -> u64 {
    let fake = env::var("FAKE_NOW").ok().and_then(|text| text.parse().ok());
    fake.unwrap_or_else(|| {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        since_1970.map_or(0, |duration| duration.as_secs())
    })
}

/// The request with its directives replaced, or `None` if it is not a format.
fn expand(request: &[u8], now: u64) -> Option<String> {
    if request.len() > MAX_FORMAT {
        return None;
    }
    let format = match str::from_utf8(request).ok()? {
        "" => DEFAULT_FORMAT,
        text => text,
    };
    let mut reply = String::new();
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        match character {
            '\0' => return None,
            '%' => reply += &directive(rest.next()?, now)?,
            _ => reply.push(character),
        }
    }
    Some(reply)
}

fn directive(letter: char, now: u64) -> Option<String> {
    let (year, month, day) = date(now / 86_400);
    let (hour, minute, second) = (now / 3600 % 24, now / 60 % 60, now % 60);
    Some(match letter {
        'Y' => format!("{year:04}"),
        'm' => format!("{month:02}"),
        'd' => format!("{day:02}"),
        'H' => format!("{hour:02}"),
        'M' => format!("{minute:02}"),
        'S' => format!("{second:02}"),
        'X' => format!("{hour:02}:{minute:02}:{second:02}"),
        '%' => "%".to_owned(),
        _ => return None,
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
