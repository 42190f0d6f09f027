//! Steps that say much about what they expect, in words: answers, queues, files.

use super::steps::{OR, list, numbers};
use crate::course::data::Data;
use crate::course::step::{FileIs, Files, Http, Json, MakeFile, Member, Queue, Recv};
use crate::course::template::describe;
use crate::course::words::Lang;
use crate::wording::messages::{Phrase, phrase};

const RECV: Phrase = phrase("expect {bytes} from {from}", "期望从 {from} 收到 {bytes}");
const RECV_ONE_OF: Phrase = phrase("expect from {from} one of {bytes}", "期望从 {from} 收到以下之一：{bytes}");
const RECV_LIKE: Phrase = phrase("expect from {from} what matches {bytes}", "期望从 {from} 收到与 {bytes} 匹配的内容");
const RECV_LOSSY: Phrase = phrase("{recv}, compared as text", "{recv}，按文本比较");
const RECV_CAPTURE: Phrase =
    phrase("{recv}; {value} is what its group matches", "{recv}；{value} 是其中分组匹配的内容");
const HTTP: Phrase = phrase(
    "expect from {from} an HTTP response to {method} with the status {status}",
    "期望从 {from} 收到对 {method} 的 HTTP 响应，状态码为 {status}",
);
const HTTP_HEADERS: Phrase = phrase("{http}, with {headers}", "{http}，带有 {headers}");
const HTTP_ABSENT: Phrase = phrase("{http}, without {headers}", "{http}，不带 {headers}");
const HTTP_BODY: Phrase = phrase("{http}, with the body {body}", "{http}，正文为 {body}");
const JSON: Phrase = phrase("expect from {from} a frame with a JSON object", "期望从 {from} 收到一个 JSON 对象帧");
const JSON_MEMBERS: Phrase = phrase("{json}, with {members}", "{json}，带有 {members}");
const JSON_ABSENT: Phrase = phrase("{json}, without {members}", "{json}，不带 {members}");
const JSON_LINE: Phrase = phrase("{name}: any line", "{name}：任意一行");
const QUEUE_LIMIT: Phrase =
    phrase("expect that the program listens with a backlog of {limit}", "期望程序监听时的 backlog 为 {limit}");
const QUEUE_WAITING: Phrase =
    phrase("expect {waiting} connections that wait to be accepted", "期望有 {waiting} 个连接等待 accept");
const QUEUE_BOTH: Phrase = phrase("{limit}, and {waiting}", "{limit}，{waiting}");
const FILE: Phrase = phrase("make the file {path} with {bytes}", "创建文件 {path}，内容为 {bytes}");
const FOLDER: Phrase = phrase("make the folder {path}", "创建文件夹 {path}");
const FILE_IS: Phrase = phrase("expect that the file {path} holds {bytes}", "期望文件 {path} 的内容为 {bytes}");
const FILES: Phrase = phrase(
    "expect that the folder {path} holds these files and no other: {names}",
    "期望文件夹 {path} 中正好有：{names}",
);
const NOTHING: Phrase = phrase("none", "无");

/// `recv` in one line.
pub fn recv(recv: &Recv, lang: Lang) -> String {
    let line = match (&recv.bytes, &recv.like) {
        (Some(bytes), _) => RECV.with(lang, &[("bytes", &describe(bytes)), ("from", &recv.from)]),
        (None, Some(like)) => RECV_LIKE.with(lang, &[("bytes", &format!("/{like}/")), ("from", &recv.from)]),
        (None, None) => RECV_ONE_OF.with(lang, &[("bytes", &list(&recv.one_of, OR.get(lang))), ("from", &recv.from)]),
    };
    let line = if recv.lossy { RECV_LOSSY.with(lang, &[("recv", &line)]) } else { line };
    match &recv.capture {
        Some(name) => RECV_CAPTURE.with(lang, &[("recv", &line), ("value", &format!("{{{name}}}"))]),
        None => line,
    }
}

/// `http` in one line.
pub fn http(http: &Http, lang: Lang) -> String {
    let status = numbers(&http.status, OR.get(lang));
    let mut line = HTTP.with(lang, &[("from", &http.from), ("method", &http.method), ("status", &status)]);
    if !http.headers.is_empty() {
        let fields = http.headers.iter().map(|(name, like)| format!("{name}: /{like}/")).collect::<Vec<_>>();
        line = HTTP_HEADERS.with(lang, &[("http", &line), ("headers", &fields.join(", "))]);
    }
    if !http.absent.is_empty() {
        line = HTTP_ABSENT.with(lang, &[("http", &line), ("headers", &http.absent.join(", "))]);
    }
    match &http.body {
        Some(body) => HTTP_BODY.with(lang, &[("http", &line), ("body", &describe(body))]),
        None => line,
    }
}

/// `json` in one line.
pub fn json(json: &Json, lang: Lang) -> String {
    let member = |(name, member): (&String, &Member)| match member {
        Member::Text(data) | Member::Number(data) => format!("{name}: {}", describe(data)),
        Member::Line => JSON_LINE.with(lang, &[("name", name)]),
    };
    let mut line = JSON.with(lang, &[("from", &json.from)]);
    if !json.members.is_empty() {
        let members = json.members.iter().map(member).collect::<Vec<_>>().join(", ");
        line = JSON_MEMBERS.with(lang, &[("json", &line), ("members", &members)]);
    }
    match json.absent.as_slice() {
        [] => line,
        absent => JSON_ABSENT.with(lang, &[("json", &line), ("members", &absent.join(", "))]),
    }
}

/// `queue` in one line.
pub fn queue(queue: &Queue, lang: Lang) -> String {
    let limit = queue.limit.map(|limit| QUEUE_LIMIT.with(lang, &[("limit", &limit)]));
    let waiting = queue.waiting.map(|waiting| QUEUE_WAITING.with(lang, &[("waiting", &waiting)]));
    match (limit, waiting) {
        (Some(limit), Some(waiting)) => QUEUE_BOTH.with(lang, &[("limit", &limit), ("waiting", &waiting)]),
        (limit, waiting) => limit.or(waiting).unwrap_or_default(),
    }
}

/// `file` in one line.
pub fn file(file: &MakeFile, lang: Lang) -> String {
    let path = describe(&file.path);
    match &file.path {
        Data::Text(text) if text.ends_with('/') => FOLDER.with(lang, &[("path", &path)]),
        _ => FILE.with(lang, &[("path", &path), ("bytes", &describe(&file.bytes))]),
    }
}

/// `files` in one line.
pub fn files(files: &Files, lang: Lang) -> String {
    let names = if files.names.is_empty() { NOTHING.get(lang).to_owned() } else { list(&files.names, ", ") };
    FILES.with(lang, &[("path", &describe(&files.folder)), ("names", &names)])
}

/// `file_is` in one line.
pub fn file_is(file: &FileIs, lang: Lang) -> String {
    FILE_IS.with(lang, &[("path", &describe(&file.path)), ("bytes", &describe(&file.bytes))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Data {
        Data::Text(text.into())
    }

    #[test]
    fn a_response_is_told_with_all_that_it_must_have() {
        let response = Http {
            from: "c".into(),
            method: "GET".into(),
            status: vec![200, 206],
            headers: [("etag".to_owned(), ".+".to_owned())].into(),
            absent: vec!["trailer".into()],
            body: Some(text("{page}")),
            causes: vec![],
        };
        assert_eq!(
            http(&response, Lang::En),
            "expect from c an HTTP response to GET with the status 200 or 206, with etag: /.+/, without trailer, with the \
             body \"{page}\""
        );
    }

    #[test]
    fn members_are_told_by_what_they_hold() {
        let members = [("size".to_owned(), Member::Number(text("5"))), ("why".to_owned(), Member::Line)].into();
        let frame = Json { from: "c".into(), members, absent: vec![], causes: vec![] };
        assert_eq!(json(&frame, Lang::Zh), "期望从 c 收到一个 JSON 对象帧，带有 size: \"5\", why：任意一行");
    }

    #[test]
    fn a_queue_is_told_by_its_numbers() {
        let both = Queue { limit: Some(5), waiting: Some(0), causes: vec![] };
        assert_eq!(
            queue(&both, Lang::En),
            "expect that the program listens with a backlog of 5, and expect 0 connections that wait to be accepted"
        );
    }

    #[test]
    fn a_path_that_ends_in_a_slash_is_a_folder() {
        assert_eq!(file(&MakeFile { path: text("a/"), bytes: text("") }, Lang::En), "make the folder \"a/\"");
        assert_eq!(
            files(&Files { folder: text("a"), names: vec![], hidden: false, causes: vec![] }, Lang::En),
            "expect that the folder \"a\" holds these files and no other: none"
        );
    }
}
