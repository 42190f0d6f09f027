//! The steps of a check in words, for the one who asks what a check does (`grader explain`).

use super::answers;
use crate::course::check::Launch;
use crate::course::data::Data;
use crate::course::step::{Closing, Coalesce, Connect, End, Ending, Fragment, Ready, Send, Start, Step, Transport};
use crate::course::template::describe;
use crate::course::words::Lang;
use crate::wording::messages::{Phrase, phrase};

const START: Phrase = phrase("start the program", "启动程序");
const START_ARGS: Phrase = phrase("start the program with the arguments {args}", "以参数 {args} 启动程序");
const READY_TCP: Phrase =
    phrase("{start} and wait until it listens at its address", "{start}，等到它在自己的地址上监听");
const READY_UDP: Phrase = phrase("{start} and wait until its socket is bound", "{start}，等到它的套接字绑定完成");
const READY_UNIX: Phrase =
    phrase("{start} and wait until it listens at the path {at}", "{start}，等到它在路径 {at} 上监听");
const EXACT: Phrase = phrase("{start}, at exactly that address", "{start}，而且必须正好是那个地址");
const OCCUPY: Phrase = phrase(
    "take the program's address first ({over}), so that it cannot bind",
    "先占用程序的地址（{over}），使它无法绑定",
);
const LISTEN: Phrase = phrase("play a {over} server, called {name}", "扮演一个 {over} 服务器，称为 {name}");
const LISTEN_SHARED: Phrase = phrase(
    "listen beside the program for datagrams to its port, broadcasts too; this is {name}",
    "与程序同时接收发往其端口的数据报（包括广播），称为 {name}",
);
const CONNECT: Phrase = phrase("connect to the program over {over}; this is {name}", "用 {over} 连接程序，称为 {name}");
const CONNECT_TO: Phrase = phrase("connect over {over} to {to}; this is {name}", "用 {over} 连接 {to}，称为 {name}");
const CONNECT_WAITS: Phrase =
    phrase("{connect}; it must be kept waiting, for the queue is full", "{connect}；队列已满，它必须一直等待");
const CONNECT_UNREAD: Phrase = phrase("{connect}, which never reads", "{connect}，它从不读取");
const ACCEPT: Phrase = phrase(
    "accept the connection that the program makes to {from}; this is {name}",
    "接受程序对 {from} 的连接，称为 {name}",
);
const SEND: Phrase = phrase("send {bytes} to {to}", "向 {to} 发送 {bytes}");
const SEND_TOWARD: Phrase =
    phrase("send {bytes} from {to} to whoever sent last to {toward}", "从 {to} 向最后发给 {toward} 的一方发送 {bytes}");
const FRAGMENT_EACH: Phrase = phrase(
    "send {bytes} to {to} in pieces of {each} bytes, each one read before the next comes",
    "把 {bytes} 按每片 {each} 字节发送给 {to}，前一片被读走之后才发下一片",
);
const FRAGMENT_AT: Phrase = phrase(
    "send {bytes} to {to}, cut after byte {at}, each piece read before the next comes",
    "把 {bytes} 在第 {at} 字节之后切开，逐片发送给 {to}，前一片被读走之后才发下一片",
);
const FRAGMENT_QUIET: Phrase =
    phrase("{fragment}; nothing may come back before the last one", "{fragment}；最后一片之前不应有任何应答");
const COALESCE: Phrase =
    phrase("send {writes} to {to} so that one read gets them all", "向 {to} 发送 {writes}，使一次读取就能读到全部");
const SILENT: Phrase = phrase("expect that nothing comes from {on}", "期望 {on} 上没有任何内容");
const END: Phrase = phrase("expect the end of {of} ({how})", "期望 {of} 结束（{how}）");
const END_AFTER: Phrase = phrase("{end}, whatever comes before it", "{end}，之前的内容不限");
const CLOSE_FIN: Phrase = phrase("close {of}", "关闭 {of}");
const CLOSE_RST: Phrase = phrase("reset {of} (RST)", "重置 {of}（RST）");
const CLOSE_HALF: Phrase =
    phrase("close our sending side of {of} (half-close) and go on reading", "关闭 {of} 的发送方向（半关闭），继续读取");
const FREEZE: Phrase = phrase("stop the program for a while (SIGSTOP)", "暂停程序（SIGSTOP）");
const THAW: Phrase = phrase("let the program go on (SIGCONT)", "让程序继续（SIGCONT）");
const FILL: Phrase = phrase(
    "send {bytes} to {to} again and again until the program takes no more (at most {at_most} bytes)",
    "反复向 {to} 发送 {bytes}，直到程序不再接收（最多 {at_most} 字节）",
);
const SETTLE: Phrase = phrase("wait until the program has done all that it will do", "等到程序做完它要做的一切");
const EXIT: Phrase =
    phrase("expect that the program ends with exit status {status}", "期望程序以退出状态 {status} 结束");
const ALIVE: Phrase = phrase("expect that the program still runs", "期望程序仍在运行");
const MARK: Phrase =
    phrase("remember how many descriptors and threads it has, as {name}", "记下它的描述符和线程数，称为 {name}");
const STEADY: Phrase = phrase(
    "expect that descriptors and threads have grown by no more than {allow} since {since}",
    "期望自 {since} 以来描述符和线程增加不超过 {allow} 个",
);
const CALM: Phrase = phrase("expect that the waiting program uses no processor time", "期望等待中的程序不占用处理器");
const MEMORY: Phrase = phrase(
    "expect that the program's largest use of memory has grown by less than {mib} MiB since {since}",
    "期望自 {since} 以来程序的内存峰值增长少于 {mib} MiB",
);
const DESCRIPTORS: Phrase = phrase(
    "look at the program's descriptors: {{listener_fd}}, {{listener_reuseaddr}}, {{free_fd}}",
    "查看程序的描述符：{{listener_fd}}、{{listener_reuseaddr}}、{{free_fd}}",
);
const LINK: Phrase = phrase("make the symbolic link {path} to {to}", "创建指向 {to} 的符号链接 {path}");
const FIFO: Phrase = phrase("make the FIFO {path}", "创建 FIFO {path}");
const REPEAT: Phrase = phrase("{times} times:", "重复 {times} 次：");
const REPEAT_FOR: Phrase = phrase("again and again for {time} ms:", "在 {time} 毫秒内不断重复：");
pub(super) const OR: Phrase = phrase(" or ", " 或 ");

/// `steps`, one a line; the steps inside a repetition are indented below it.
pub fn lines(steps: &[Step], launch: &Launch, lang: Lang) -> Vec<String> {
    let inner = |step: &Step| match step {
        Step::Repeat(repeat) => lines(&repeat.steps, launch, lang).iter().map(|line| format!("  {line}")).collect(),
        _ => Vec::new(),
    };
    steps.iter().flat_map(|step| [vec![line(step, launch, lang)], inner(step)].concat()).collect()
}

/// One step in one line.
fn line(step: &Step, launch: &Launch, lang: Lang) -> String {
    match step {
        Step::Start(start) => start_line(start, launch, lang),
        Step::Occupy(occupy) => OCCUPY.with(lang, &[("over", &transport(occupy.over))]),
        Step::Listen(listen) if listen.shared => LISTEN_SHARED.with(lang, &[("name", &listen.name)]),
        Step::Listen(listen) => LISTEN.with(lang, &[("over", &transport(listen.over)), ("name", &listen.name)]),
        Step::Connect(connect) => connect_line(connect, lang),
        Step::Accept(accept) => ACCEPT.with(lang, &[("from", &accept.from), ("name", &accept.name)]),
        Step::Send(send) => send_line(send, lang),
        Step::Fragment(fragment) => fragment_line(fragment, lang),
        Step::Coalesce(Coalesce { to, writes }) => COALESCE.with(lang, &[("writes", &list(writes, ", ")), ("to", to)]),
        Step::Recv(recv) => answers::recv(recv, lang),
        Step::Silent(silent) => SILENT.with(lang, &[("on", &silent.on)]),
        Step::End(end) => end_line(end, lang),
        Step::Close(close) => closing(close.how).with(lang, &[("of", &close.of)]),
        Step::Freeze => FREEZE.get(lang).to_owned(),
        Step::Thaw => THAW.get(lang).to_owned(),
        Step::Fill(fill) => {
            FILL.with(lang, &[("bytes", &describe(&fill.bytes)), ("to", &fill.to), ("at_most", &fill.at_most)])
        }
        Step::Settle => SETTLE.get(lang).to_owned(),
        Step::Exit(exit) => EXIT.with(lang, &[("status", &numbers(&exit.status, OR.get(lang)))]),
        Step::Alive(_) => ALIVE.get(lang).to_owned(),
        Step::Mark(mark) => MARK.with(lang, &[("name", &mark.name)]),
        Step::Steady(steady) => STEADY.with(lang, &[("since", &steady.since), ("allow", &steady.allow)]),
        Step::Calm(_) => CALM.get(lang).to_owned(),
        Step::Queue(queue) => answers::queue(queue, lang),
        Step::Memory(memory) => MEMORY.with(lang, &[("mib", &memory.grown_below_mib), ("since", &memory.since)]),
        Step::Descriptors => DESCRIPTORS.with(lang, &[]),
        Step::File(file) => answers::file(file, lang),
        Step::Link(link) => LINK.with(lang, &[("path", &describe(&link.path)), ("to", &describe(&link.to))]),
        Step::Fifo(fifo) => FIFO.with(lang, &[("path", &describe(&fifo.path))]),
        Step::FileIs(file) => answers::file_is(file, lang),
        Step::Files(files) => answers::files(files, lang),
        Step::Http(http) => answers::http(http, lang),
        Step::Json(json) => answers::json(json, lang),
        Step::Repeat(repeat) => match repeat.for_ms {
            0 => REPEAT.with(lang, &[("times", &repeat.times)]),
            time => REPEAT_FOR.with(lang, &[("time", &time)]),
        },
    }
}

fn start_line(start: &Start, launch: &Launch, lang: Lang) -> String {
    let started = match &start.args {
        Some(args) => START_ARGS.with(lang, &[("args", &list(args, " "))]),
        None => START.get(lang).to_owned(),
    };
    let ready = match start.ready.unwrap_or(launch.ready) {
        Ready::Tcp => READY_TCP.with(lang, &[("start", &started)]),
        Ready::Udp => READY_UDP.with(lang, &[("start", &started)]),
        Ready::Unix => {
            let at = start.at.as_ref().map(describe).unwrap_or_default();
            READY_UNIX.with(lang, &[("start", &started), ("at", &at)])
        }
        Ready::Started => started,
    };
    if start.exact { EXACT.with(lang, &[("start", &ready)]) } else { ready }
}

fn connect_line(connect: &Connect, lang: Lang) -> String {
    let over = transport(connect.over);
    let line = match &connect.to {
        Some(to) => CONNECT_TO.with(lang, &[("over", &over), ("to", &describe(to)), ("name", &connect.name)]),
        None => CONNECT.with(lang, &[("over", &over), ("name", &connect.name)]),
    };
    let line = if connect.waits { CONNECT_WAITS.with(lang, &[("connect", &line)]) } else { line };
    match connect.unread {
        Some(_) => CONNECT_UNREAD.with(lang, &[("connect", &line)]),
        None => line,
    }
}

fn send_line(send: &Send, lang: Lang) -> String {
    let bytes = describe(&send.bytes);
    match &send.toward {
        Some(toward) => SEND_TOWARD.with(lang, &[("bytes", &bytes), ("to", &send.to), ("toward", toward)]),
        None => SEND.with(lang, &[("bytes", &bytes), ("to", &send.to)]),
    }
}

fn fragment_line(fragment: &Fragment, lang: Lang) -> String {
    let bytes = describe(&fragment.bytes);
    let line = match fragment.at.as_slice() {
        [] => {
            let each = fragment.each.unwrap_or(1);
            FRAGMENT_EACH.with(lang, &[("bytes", &bytes), ("to", &fragment.to), ("each", &each)])
        }
        at => FRAGMENT_AT.with(lang, &[("bytes", &bytes), ("to", &fragment.to), ("at", &numbers(at, ", "))]),
    };
    if fragment.answers { line } else { FRAGMENT_QUIET.with(lang, &[("fragment", &line)]) }
}

fn end_line(end: &End, lang: Lang) -> String {
    let ending = |ending: &Ending| match ending {
        Ending::Fin => "FIN",
        Ending::Rst => "RST",
    };
    let how = end.how.iter().map(ending).collect::<Vec<_>>().join(OR.get(lang));
    let line = END.with(lang, &[("of", &end.of), ("how", &how)]);
    if end.after_anything { END_AFTER.with(lang, &[("end", &line)]) } else { line }
}

fn closing(how: Closing) -> Phrase {
    match how {
        Closing::Fin => CLOSE_FIN,
        Closing::Rst => CLOSE_RST,
        Closing::Half => CLOSE_HALF,
    }
}

fn transport(over: Transport) -> &'static str {
    match over {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
        Transport::Unix => "Unix",
    }
}

pub(super) fn list(parts: &[Data], between: &str) -> String {
    parts.iter().map(describe).collect::<Vec<_>>().join(between)
}

pub(super) fn numbers<T: ToString>(numbers: &[T], between: &str) -> String {
    numbers.iter().map(T::to_string).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::step::{Close, Exit, RepeatSteps};

    fn launch(ready: Ready) -> Launch {
        Launch { args: vec![], ready }
    }

    #[test]
    fn steps_inside_a_repetition_stand_below_it() {
        let close = Step::Close(Close { of: "c".into(), how: Closing::Half });
        let send = Step::Send(Send { to: "c".into(), bytes: Data::Text("x".into()), toward: None });
        let steps = [
            Step::Start(Start::default()),
            Step::Repeat(RepeatSteps { times: 3, for_ms: 0, steps: vec![send, close] }),
        ];
        let said = lines(&steps, &launch(Ready::Tcp), Lang::En);
        assert_eq!(said[0], "start the program and wait until it listens at its address");
        assert_eq!(said[1], "3 times:");
        assert!(said[2].starts_with("  send "), "{}", said[2]);
        assert_eq!(said[3], "  close our sending side of c (half-close) and go on reading");
    }

    #[test]
    fn a_start_says_what_it_waits_for() {
        let start = |ready| lines(&[Step::Start(Start::default())], &launch(ready), Lang::Zh).concat();
        assert_eq!(start(Ready::Udp), "启动程序，等到它的套接字绑定完成");
        assert_eq!(start(Ready::Started), "启动程序");
    }

    #[test]
    fn a_client_of_another_address_says_which() {
        let connect = Connect {
            name: "u".into(),
            over: Transport::Unix,
            to: Some(Data::Text("{dir}/s".into())),
            waits: false,
            unread: None,
            causes: vec![],
        };
        let said = lines(&[Step::Connect(connect)], &launch(Ready::Tcp), Lang::En);
        assert_eq!(said, ["connect over Unix to \"{dir}/s\"; this is u"]);
    }

    #[test]
    fn every_right_status_is_named() {
        let exit = Step::Exit(Exit { status: vec![1, 2], patient: false, causes: vec![] });
        let said = lines(&[exit], &launch(Ready::Tcp), Lang::En);
        assert_eq!(said, ["expect that the program ends with exit status 1 or 2"]);
    }
}
