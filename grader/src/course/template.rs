//! What a course's bytes come to: names become values, forms become bytes. Pure: a seed stands in for chance.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::data::{Alphabet, Data, Form};
use super::evaluate::Work;
use super::pieces::BadText;
use super::random::Source;
use crate::text::bytes::quote;

/// The most bytes that one value may have.
pub const MOST_BYTES: usize = 128 << 20;

/// The names that every step may use: the check's address (`ip`, `port`, and both together as `address`, with brackets
/// around an IPv6 one), inside `repeat` the round, counted from 1, the folder for files, and what `descriptors` has seen.
pub const BUILTINS: [&str; 8] = ["ip", "port", "address", "i", "dir", "listener_fd", "listener_reuseaddr", "free_fd"];

/// What may be asked of a connection, a connected UDP socket or a played server `c`, as `{c.port}`: the address of the
/// end that connected, so ours for `connect` and the program's for `accept`; of a server, its own.
pub const FACTS: [&str; 3] = ["ip", "port", "address"];

/// Why bytes could not be worked out. A loaded course gives none of these but `Unknown`, for a stream that does not
/// exist yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum TemplateError {
    #[error("in \"{text}\": {}", .bad.fault)]
    Text { text: String, bad: BadText },
    #[error("there is no value `{0}`")]
    Unknown(String),
    #[error("the value `{0}` stands in itself")]
    Circle(String),
    #[error("random bytes have no name; give them one in `let`")]
    Nameless,
    #[error("\"{0}\" is not pairs of hexadecimal digits")]
    Hex(String),
    #[error("more than {} MiB", MOST_BYTES >> 20)]
    TooLong,
    #[error("too many values stand in one another")]
    TooMuch,
}

/// What the names of one check stand for.
#[derive(Clone, Debug)]
pub struct Values {
    seed: u64,
    exercise: String,
    check: String,
    defined: BTreeMap<String, Data>,
    set: BTreeMap<String, Vec<u8>>,
}

impl Values {
    /// The values that `let` defines for a check ([`super::load::Exercise::values`]); no address is known yet.
    pub fn new(seed: u64, exercise: &str, check: &str, defined: BTreeMap<String, Data>) -> Values {
        Values { seed, exercise: exercise.to_owned(), check: check.to_owned(), defined, set: BTreeMap::new() }
    }

    /// From here on `name` stands for `bytes`, whatever `let` says.
    pub fn set(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.set.insert(name.to_owned(), bytes.into());
    }

    /// From here on `{ip}`, `{port}` and `{address}` stand for this address.
    pub fn set_address(&mut self, address: SocketAddr) {
        for (fact, text) in facts(address) {
            self.set(fact, text);
        }
    }

    /// From here on `{stream.ip}`, `{stream.port}` and `{stream.address}` stand for this address.
    pub fn set_stream(&mut self, stream: &str, address: SocketAddr) {
        for (fact, text) in facts(address) {
            self.set(&format!("{stream}.{fact}"), text);
        }
    }

    /// From here on `{i}` stands for this round of a `repeat`; outside of one it stands for nothing.
    pub fn set_round(&mut self, round: Option<u32>) {
        match round {
            Some(round) => self.set("i", round.to_string()),
            None => {
                self.set.remove("i");
            }
        }
    }

    /// What `name` was set to.
    pub(super) fn given(&self, name: &str) -> Option<&[u8]> {
        self.set.get(name).map(Vec::as_slice)
    }

    /// What `let` says that `name` is, with the name as it stands there.
    pub(super) fn defined(&self, name: &str) -> Option<(&str, &Data)> {
        self.defined.get_key_value(name).map(|(name, data)| (name.as_str(), data))
    }

    /// Where the random bytes of the value `name` come from.
    pub(super) fn source(&self, name: &str) -> Source {
        Source::of(self.seed, &self.exercise, &self.check, name)
    }
}

/// An address in the course's form, under the names in [`FACTS`].
fn facts(address: SocketAddr) -> [(&'static str, String); 3] {
    [("ip", address.ip().to_string()), ("port", address.port().to_string()), ("address", address.to_string())]
}

/// What `data` comes to.
pub fn bytes(data: &Data, values: &Values) -> Result<Vec<u8>, TemplateError> {
    Work::new(values).data(data)
}

/// What the text `text` comes to, as a [`Data::Text`] would: for the names of streams and the like.
pub fn text(text: &str, values: &Values) -> Result<Vec<u8>, TemplateError> {
    Work::new(values).text(text)
}

/// `data` in one line, for people: names stay names, and nothing is drawn or repeated.
pub fn describe(data: &Data) -> String {
    match data {
        Data::Text(text) => quote(text.as_bytes()),
        Data::Parts(parts) => parts.iter().map(describe).collect::<Vec<_>>().join(" + "),
        Data::Form(form) => describe_form(form),
    }
}

fn describe_form(form: &Form) -> String {
    match form {
        Form::Hex(digits) => format!("hex {digits}"),
        Form::Random(random) => format!("{} random {}", random.length, alphabet(random.of)),
        Form::Repeat(repeat) => format!("{} times ({})", repeat.times, describe(&repeat.bytes)),
        Form::U32(number) => format!("u32 {number}"),
        Form::Frame(data) => format!("frame ({})", describe(data)),
        Form::ClockMs(ms) => format!("{ms} ms"),
    }
}

fn alphabet(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Lower => "lower-case letters",
        Alphabet::Letters => "letters and digits",
        Alphabet::Digits => "digits",
        Alphabet::Line => "bytes without a line end",
        Alphabet::Bytes => "bytes",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;
    use crate::course::data::{Random, Repeat};

    fn text_of(text: &str) -> Data {
        Data::Text(text.into())
    }

    fn values(defined: &[(&str, Data)]) -> Values {
        let defined = defined.iter().map(|(name, data)| (name.to_string(), data.clone())).collect();
        Values::new(1, "echo", "basic", defined)
    }

    fn random(length: usize) -> Data {
        Data::Form(Box::new(Form::Random(Random { length, of: Alphabet::Lower })))
    }

    fn repeat(bytes: Data, times: usize) -> Data {
        Data::Form(Box::new(Form::Repeat(Repeat { bytes, times })))
    }

    #[rstest::rstest]
    #[case("{word|upper}", "A\u{e9}B".as_bytes())]
    #[case("{word|unicode_upper}", "A\u{c9}B".as_bytes())]
    #[case("{word|length}", b"4")]
    #[case("{word|length|md5}", b"a87ff679a2f3e71d9181a67b7542122c")]
    #[case("{word|length|frame}", b"\0\0\0\x014")]
    #[case("{bad}{bad|lossy}{bad|unicode_upper}", b"a\xffa\xef\xbf\xbdA\xff")]
    #[case("{{{word|length}}}", b"{4}")]
    fn filters_work_on_values(#[case] text: &str, #[case] expected: &[u8]) {
        let bad = Data::Parts(vec![text_of("a"), Data::Form(Box::new(Form::Hex("ff".into())))]);
        let values = values(&[("word", text_of("a\u{e9}b")), ("bad", bad)]);
        assert_eq!(bytes(&text_of(text), &values).unwrap(), expected);
    }

    #[test]
    fn forms_become_bytes() {
        let form = |form| Data::Form(Box::new(form));
        let all = Data::Parts(vec![
            form(Form::U32(258)),
            form(Form::Frame(text_of("ab"))),
            repeat(text_of("xy"), 2),
            form(Form::Hex("0a 0D".into())),
        ]);
        assert_eq!(bytes(&all, &values(&[])).unwrap(), b"\0\0\x01\x02\0\0\0\x02abxyxy\n\r");
    }

    #[test]
    fn a_name_is_the_same_bytes_wherever_it_stands() {
        let values = values(&[("a", random(8)), ("b", random(8)), ("line", text_of("{a} {b}\n"))]);
        let line = bytes(&text_of("{line}"), &values).unwrap();
        let parts = bytes(&Data::Parts(vec![text_of("{a}"), text_of(" {b}\n")]), &values).unwrap();
        assert_eq!(line, parts);
        assert_ne!(bytes(&text_of("{a}"), &values), bytes(&text_of("{b}"), &values));
    }

    #[test]
    fn an_address_is_known_under_three_names() {
        let mut values = values(&[]);
        values.set_address("[::1]:80".parse().unwrap());
        values.set_stream("c", "127.0.0.1:9".parse().unwrap());
        values.set_round(Some(3));
        let all = bytes(&text_of("{ip} {port} {address} {c.ip} {c.port} {c.address} {i}"), &values).unwrap();
        assert_eq!(String::from_utf8(all).unwrap(), "::1 80 [::1]:80 127.0.0.1 9 127.0.0.1:9 3");
        values.set_round(None);
        assert_eq!(bytes(&text_of("{i}"), &values), Err(TemplateError::Unknown("i".into())));
    }

    #[test]
    fn what_cannot_be_worked_out_is_an_error() {
        let values = values(&[("a", text_of("{b}")), ("b", text_of("x{a}"))]);
        assert_eq!(bytes(&text_of("{a}"), &values), Err(TemplateError::Circle("a".into())));
        assert_eq!(bytes(&text_of("{c}"), &values), Err(TemplateError::Unknown("c".into())));
        assert_eq!(bytes(&random(4), &values), Err(TemplateError::Nameless));
        assert_eq!(bytes(&repeat(text_of("abc"), usize::MAX / 2), &values), Err(TemplateError::TooLong));
        assert_eq!(bytes(&repeat(repeat(text_of("x"), 1 << 20), 129), &values), Err(TemplateError::TooLong));
    }

    #[test]
    fn empty_values_that_double_one_another_end_soon() {
        let names: Vec<String> = (0..40).map(|n| format!("v{n}")).collect();
        let doubled = |n: usize| text_of(&format!("{{v{}}}{{v{}}}", n + 1, n + 1));
        let mut defined: Vec<(&str, Data)> =
            names.iter().enumerate().map(|(n, name)| (&name[..], doubled(n))).collect();
        defined.push(("v40", text_of("")));
        assert_eq!(bytes(&text_of("{v0}"), &values(&defined)), Err(TemplateError::TooMuch));
    }

    #[test]
    fn a_description_is_one_line() {
        let data = Data::Parts(vec![text_of("GET {path}\r\n"), repeat(text_of("x"), 3), random(5)]);
        assert_eq!(describe(&data), r#""GET {path}\r\n" + 3 times ("x") + 5 random lower-case letters"#);
    }
}
