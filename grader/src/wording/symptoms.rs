//! What was seen, as one sentence: for every symptom a few templates, from the one that says most to the one that
//! needs nothing to be known.

use crate::course::cause::Symptom;
use crate::wording::messages::{Phrase, phrase};

/// The sentences for `symptom`. The first one whose placeholders all have a value is said; the last one has none.
pub fn sentences(symptom: Symptom) -> &'static [Phrase] {
    match symptom {
        Symptom::Silent => SILENT,
        Symptom::Short => SHORT,
        Symptom::Wrong => WRONG,
        Symptom::Extra => EXTRA,
        Symptom::Early => EARLY,
        Symptom::Eof => EOF,
        Symptom::Reset => RESET,
        Symptom::Flood => FLOOD,
        Symptom::Open => OPEN,
        Symptom::Exited => EXITED,
        Symptom::Panicked => PANICKED,
        Symptom::Signalled => SIGNALLED,
        Symptom::Running => RUNNING,
        Symptom::Status => STATUS,
        Symptom::Busy => BUSY,
        Symptom::Grows => GROWS,
        Symptom::Deaf => DEAF,
        Symptom::Elsewhere => ELSEWHERE,
        Symptom::Refused => REFUSED,
        Symptom::NoConnection => NO_CONNECTION,
        Symptom::File => FILE,
        Symptom::Timeout => TIMEOUT,
        Symptom::Limit => LIMIT,
    }
}

const SILENT: &[Phrase] = &[
    phrase(
        "{expected} was due; nothing came, and the program waits in {waiting}: it will say nothing more",
        "应收到 {expected}，却什么也没有收到；程序正停在 {waiting}，不会再发送任何内容",
    ),
    phrase("{expected} was due, and nothing came", "应收到 {expected}，却什么也没有收到"),
    phrase("nothing came, and the program waits", "什么也没有收到，而程序在等待"),
];

const SHORT: &[Phrase] = &[
    phrase(
        "{expected} was due; {actual} came, then nothing more, and the program waits in {waiting}",
        "应收到 {expected}；收到 {actual} 之后就没有了，程序正停在 {waiting}",
    ),
    phrase("{expected} was due; {actual} came, then nothing more", "应收到 {expected}；收到 {actual} 之后就没有了"),
    phrase("the beginning was right, then nothing more came", "开头正确，但后面的内容没有来"),
];

const WRONG: &[Phrase] = &[
    phrase("what came is wrong ({about}): {detail}", "收到的内容有误（{about}）：{detail}"),
    phrase("{expected} was due, and {actual} came", "应收到 {expected}，却收到 {actual}"),
    phrase("{actual} came, which is not what was due", "收到 {actual}，与应收到的内容不符"),
    phrase("what came is not what was due", "收到的内容与应收到的不符"),
];

const EXTRA: &[Phrase] = &[
    phrase("there is more than was due: {detail}", "出现了不应有的情况：{detail}"),
    phrase("{actual} came although nothing was due", "不应有任何内容，却收到 {actual}"),
    phrase("bytes came although nothing was due", "不应有任何内容，却收到了字节"),
];

const EARLY: &[Phrase] = &[
    phrase("{actual} came before all of {sent} had been sent", "{sent} 尚未全部发出，就收到了 {actual}"),
    phrase("{actual} came before the message was whole", "消息尚未发送完整，就收到了 {actual}"),
    phrase("an answer came before the message was whole", "消息尚未发送完整，就收到了应答"),
];

const EOF: &[Phrase] = &[
    phrase(
        "{expected} was due; {actual} came, and then the end of the stream (FIN)",
        "应收到 {expected}；收到 {actual} 之后流就结束了（FIN）",
    ),
    phrase("{expected} was due, and the stream ended (FIN)", "应收到 {expected}，流却结束了（FIN）"),
    phrase("the stream ended (FIN) too early", "流过早结束（FIN）"),
];

const RESET: &[Phrase] = &[
    phrase("the connection was reset (RST) where {expected} was due", "应收到 {expected}，连接却被重置（RST）"),
    phrase("the connection was reset (RST) where an orderly end was due", "连接应当正常结束，却被重置（RST）"),
];

const FLOOD: &[Phrase] = &[
    phrase("the program sends and does not stop; it begins with {actual}", "程序不停地发送，开头是 {actual}"),
    phrase("the program sends and does not stop", "程序不停地发送"),
];

const OPEN: &[Phrase] = &[
    phrase(
        "the end was due, but the stream is still open; the program waits in {waiting}",
        "流应当结束，却仍然打开着；程序正停在 {waiting}",
    ),
    phrase("the end was due, but the stream is still open", "流应当结束，却仍然打开着"),
];

const EXITED: &[Phrase] = &[
    phrase(
        "the program ended with exit status {status} where it should go on",
        "程序应当继续运行，却以退出状态 {status} 结束了",
    ),
    phrase("the program ended where it should go on", "程序应当继续运行，却结束了"),
];

const PANICKED: &[Phrase] = &[
    phrase("the program panicked: {stderr}", "程序发生了 panic：{stderr}"),
    phrase("the program panicked (exit status 101)", "程序发生了 panic（退出状态 101）"),
];

const SIGNALLED: &[Phrase] = &[
    phrase("the signal {signal} ended the program", "信号 {signal} 终止了程序"),
    phrase("a signal ended the program", "程序被信号终止"),
];

const RUNNING: &[Phrase] = &[
    phrase(
        "the program should have ended; it still runs and waits in {waiting}",
        "程序应当结束，却仍在运行，正停在 {waiting}",
    ),
    phrase("the program should have ended and still runs", "程序应当结束，却仍在运行"),
];

const STATUS: &[Phrase] = &[
    phrase(
        "the program ended with exit status {status}, and {wanted_status} was due",
        "程序以退出状态 {status} 结束，应为 {wanted_status}",
    ),
    phrase(
        "the program ended with exit status {status}, which is not the one that was due",
        "程序以退出状态 {status} 结束，与应有的不符",
    ),
    phrase("the program ended with another exit status than was due", "程序的退出状态与应有的不符"),
];

const BUSY: &[Phrase] = &[phrase(
    "nobody asks for anything, and the program uses the processor all the time",
    "没有任何请求，程序却一直占用处理器",
)];

const GROWS: &[Phrase] = &[
    phrase(
        "what the program uses grows ({what}): {limit} before, {count} now",
        "程序占用的资源在增长（{what}）：之前 {limit}，现在 {count}",
    ),
    phrase("what the program uses grows with every client", "程序占用的资源随每个客户端增长"),
];

const DEAF: &[Phrase] = &[
    phrase(
        "no socket of the program is bound to {wanted_address}; it waits in {waiting}",
        "程序没有套接字绑定到 {wanted_address}，正停在 {waiting}",
    ),
    phrase("no socket of the program is bound to {wanted_address}", "程序没有套接字绑定到 {wanted_address}"),
    phrase("the program has no socket at the address that it was given", "程序没有在给定的地址上打开套接字"),
];

const ELSEWHERE: &[Phrase] = &[
    phrase(
        "the program was given {wanted_address} and is at {actual_address}",
        "给程序的地址是 {wanted_address}，它却在 {actual_address}",
    ),
    phrase("the program is at another address than the one that it was given", "程序使用的地址与给定的不同"),
];

const REFUSED: &[Phrase] = &[
    phrase("{wanted_address} refused the connection", "{wanted_address} 拒绝了连接"),
    phrase("the connection was refused", "连接被拒绝"),
];

const NO_CONNECTION: &[Phrase] = &[
    phrase("the program did not connect; it waits in {waiting}", "程序没有发起连接，正停在 {waiting}"),
    phrase("the program did not connect", "程序没有发起连接"),
];

const FILE: &[Phrase] = &[
    phrase("the file {path} is not as it should be: {detail}", "文件 {path} 与应有的不符：{detail}"),
    phrase("the file {path} is not as it should be", "文件 {path} 与应有的不符"),
    phrase("a file is not as it should be", "文件与应有的不符"),
];

const TIMEOUT: &[Phrase] = &[
    phrase(
        "time was up while the program was still at work; {expected} was due",
        "时间已到，程序仍在忙；应收到 {expected}",
    ),
    phrase("time was up while the program was still at work", "时间已到，程序仍在忙"),
];

const LIMIT: &[Phrase] = &[
    phrase("the program went over a limit ({limit}) and was ended", "程序超出限制（{limit}），已被终止"),
    phrase("the program went over a limit and was ended", "程序超出限制，已被终止"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fill::placeholders;

    #[test]
    fn every_symptom_has_a_sentence_that_needs_nothing_to_be_known() {
        for symptom in Symptom::ALL {
            let last = sentences(symptom).last().map(|phrase| placeholders(phrase.en));
            assert_eq!(last, Some(vec![]), "{symptom:?}");
        }
    }

    #[test]
    fn both_languages_say_the_same_things() {
        for phrase in Symptom::ALL.into_iter().flat_map(sentences) {
            let (mut en, mut zh) = (placeholders(phrase.en), placeholders(phrase.zh));
            en.sort();
            zh.sort();
            assert_eq!(en, zh, "{}", phrase.en);
        }
    }
}
