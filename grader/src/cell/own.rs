//! Processes of our own: the grader started anew with a hidden word. The order comes as a line of JSON on standard input,
//! which stays open as long as the answer is wanted; the answer goes to standard output as another.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Takes an order, does it by `work`, answers, and only then drops what `work` has kept: nobody waits for that.
pub fn serve<Order: DeserializeOwned, Answer: Serialize, Kept>(work: impl FnOnce(Order) -> (Answer, Kept)) -> ExitCode {
    let mut line = String::new();
    let order = match io::stdin().lock().read_line(&mut line).map(|_| serde_json::from_str(&line)) {
        Ok(Ok(order)) => order,
        Ok(Err(_)) | Err(_) => return ExitCode::from(2),
    };
    let (said, _kept) = work(order);
    answer(&said)
}

/// Writes an answer.
pub fn answer<Answer: Serialize>(answer: &Answer) -> ExitCode {
    match send(io::stdout(), answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(3),
    }
}

/// Writes an order or an answer: a line of JSON.
pub fn send(mut to: impl Write, said: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    to.write_all(&line)
}
