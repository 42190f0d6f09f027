//! Every word that the grader itself says, in English and in 简体中文, side by side. What the course says (titles,
//! causes, hints) stands in the course's files; the sentences for symptoms stand in `symptoms`, those for steps in
//! `steps`.
//!
//! Longer than other files because it is a table: one place to read, to correct, and to translate.

use std::fmt::Display;

use crate::course::words::Lang;
use crate::judge::record::{Verdict, VoidKind};
use crate::judge::score::ExerciseStatus;
use crate::text::fill::fill;

/// Something the grader says; `{name}` stands for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// In English.
    pub en: &'static str,
    /// In Simplified Chinese.
    pub zh: &'static str,
}

/// A phrase.
pub const fn phrase(en: &'static str, zh: &'static str) -> Phrase {
    Phrase { en, zh }
}

impl Phrase {
    /// The phrase in `lang`.
    pub fn get(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }

    /// The phrase in `lang` with its values; a placeholder without a value stays as it is.
    pub fn with(self, lang: Lang, values: &[(&str, &dyn Display)]) -> String {
        let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        fill(self.get(lang), |name| Some(value(name).unwrap_or_else(|| format!("{{{name}}}")))).unwrap_or_default()
    }
}

macro_rules! phrases {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        $(
            #[doc = concat!("“", $en, "”")]
            pub const $name: Phrase = phrase($en, $zh);
        )*
        #[cfg(test)]
        const ALL: &[Phrase] = &[$($name),*];
    };
}

phrases! {
    // A run.
    RUN_HEADER: "{course} · seed {seed} · isolation {isolation}", "{course} · 种子 {seed} · 隔离级别 {isolation}";
    ISOLATION_NOTE: "no stronger isolation: {why}", "没有使用更强的隔离：{why}";
    BUILDING: "building {what} …", "正在构建 {what} …";
    CHECKING: "{done}/{all} checks · {what}", "已完成 {done}/{all} 项检查 · {what}";
    POINTS: "{points}/{max} points", "{points}/{max} 分";
    INTERRUPTED: "interrupted: what is missing here was not run", "已中断：此处没有列出的检查都没有运行";
    STOPPING: "stopping … (once more to quit at once)", "正在停止 …（再按一次立即退出）";
    NOT_RUN: "not run", "没有运行";

    // How a check or an exercise ended.
    PASS: "PASS", "通过";
    FAIL: "FAIL", "失败";
    BLOCKED: "BLOCKED", "受阻";
    VOID: "VOID", "未判";
    STATUS_PASSED: "passed", "已通过";
    STATUS_FAILED: "not passed yet", "尚未通过";
    STATUS_BUILD_FAILED: "does not build", "无法构建";
    STATUS_NOT_STARTED: "not started", "尚未开始";
    STATUS_VOID: "could not be judged", "未能评判";
    STATUS_NEW: "new", "新";
    BLOCKED_BY: "not run: it needs {check}, which did not pass", "没有运行：它依赖的 {check} 没有通过";
    NEEDS_SHORT: "(needs {check})", "（依赖 {check}）";
    BLOCKED_BY_BUILD: "not run: the program does not build", "没有运行：程序无法构建";
    BUILD_FAILED: "the program does not build, so none of its checks was run; the compiler says:",
        "程序无法构建，所以没有运行任何检查；编译器的输出是：";

    // Why a check is void.
    VOID_STARVED: "the machine was too busy to judge this fairly, so it costs nothing; try again when it is calmer",
        "机器过于繁忙，无法公平评判，因此不扣分；请稍后重试";
    VOID_CELL: "the grader could not set up the place where the program runs, so this costs nothing; `grader doctor` tells more",
        "评分器未能搭建程序的运行环境，因此不扣分；`grader doctor` 会说明原因";
    VOID_UNSUPPORTED: "this system lacks something that the check needs, so it costs nothing",
        "本系统缺少这项检查所需的功能，因此不扣分";
    VOID_NO_PORT: "the grader found no free port on this machine, so this costs nothing; other programs hold too many",
        "评分器在本机上找不到空闲端口，因此不扣分；其他程序占用的端口太多";
    VOID_LOST: "the grader lost track of this check, so it costs nothing; that is a fault of the grader",
        "评分器丢失了这项检查的结果，因此不扣分；这是评分器的问题";
    VOID_INTERRUPTED: "interrupted before it was over", "尚未结束就被中断";

    // A failure.
    STEP: "step {number}: {text}", "第 {number} 步：{text}";
    SEEN: "seen: {text}", "现象：{text}";
    EXPECTED: "expected", "应为";
    ACTUAL: "actual", "实为";
    CARET_WRONG: "byte {at}: expected {expected}, got {actual}", "第 {at} 字节：应为 {expected}，实为 {actual}";
    CARET_NOTHING: "byte {at}: expected {expected}, nothing came", "第 {at} 字节：应为 {expected}，却没有收到";
    CARET_EXTRA: "byte {at}: nothing was due, got {actual}", "第 {at} 字节：不应再有内容，却收到 {actual}";
    TRANSCRIPT: "what happened (milliseconds):", "经过（毫秒）：";
    LEFT_OUT: "… {count} more lines …", "…… 省略 {count} 行 ……";
    STATE: "the program then:", "当时的程序：";
    STDERR: "the end of its stderr:", "stderr 的末尾：";
    HINT_LABEL: "hint", "提示";
    AGAIN_LABEL: "again", "重试";

    // The program at the moment of a failure.
    ENDED_STATUS: "it has ended with exit status {status}", "已结束，退出状态为 {status}";
    ENDED_SIGNAL: "it was ended by {signal}", "已被 {signal} 终止";
    TASK_RUNNING: "running", "正在运行";
    TASK_STOPPED: "stopped", "已暂停";
    TASK_WAITING: "waiting in {at}", "停在 {at}";
    SOCKET_QUEUE: "{name} ({state}): connections not accepted yet: {unread}", "{name}（{state}）：尚未 accept 的连接：{unread} 个";
    SOCKET_UDP: "{name} ({state}): bytes queued and not read yet: {unread}", "{name}（{state}）：排队未读的字节：{unread}";
    SOCKET_READ: "{name} ({state}): everything is read", "{name}（{state}）：已全部读取";
    SOCKET_UNREAD: "{name} ({state}): bytes not read yet: {unread}", "{name}（{state}）：未读字节：{unread}";
    SOCKET_WAITS: "{name} ({state}): not accepted yet; bytes not read yet: {unread}",
        "{name}（{state}）：尚未 accept；未读字节：{unread}";
    DEADLINE: "the deadline struck", "已到截止时间";

    // What to do next.
    COURSE_PASSED: "You have passed every exercise of the course.", "你已经通过了本课程的全部练习。";
    NEXT: "next: {title}", "下一题：{title}";
    NEXT_LESSON: "  read    {path}", "  阅读    {path}";
    NEXT_SOURCE: "  write   {path}", "  编写    {path}";
    NEXT_CHECK: "  check   grader check {exercise}", "  检查    grader check {exercise}";
    NEXT_HINT: "  hint    grader hint {exercise}", "  提示    grader hint {exercise}";
    STAY: "Mend {exercise}, then run `grader check` again.", "修改 {exercise} 之后，再次运行 `grader check`。";
    WHERE: "{passed} of {all} exercises passed · {points}/{max} points", "已通过 {passed}/{all} 题 · {points}/{max} 分";
    DIFFERS: "{exercise}/{check}: the verdict differs between repetitions: {verdicts}",
        "{exercise}/{check}：各次重复的结论不同：{verdicts}";
    SAME: "{times} repetitions, the same verdicts every time", "重复 {times} 次，每次结论都相同";
    REPETITION: "repetition {number} of {times} · seed {seed}", "第 {number}/{times} 次重复 · 种子 {seed}";

    // Hints, explanations, solutions.
    HINT_NEVER: "{exercise} has not been checked yet; `grader check {exercise}` says what is wrong first",
        "{exercise} 还没有检查过；请先运行 `grader check {exercise}`";
    HINT_PASSED: "{exercise} passed the last time; there is nothing to hint at", "{exercise} 上次已通过，没有什么可提示的";
    HINT_BUILD: "{exercise} does not build; `grader check {exercise}` shows what the compiler says",
        "{exercise} 无法构建；`grader check {exercise}` 会显示编译器的输出";
    HINT_SKELETON: "{exercise} is still the skeleton; its lesson is {path}", "{exercise} 仍是骨架；课文在 {path}";
    HINT_NO_CAUSE: "{check} did not fail the last time", "{check} 上次没有失败";
    HINT_FOR: "{exercise}/{check} · {cause}", "{exercise}/{check} · {cause}";
    HINT_TIER: "hint {tier} of {tiers}: {text}", "提示 {tier}/{tiers}：{text}";
    HINT_MORE: "The same command once more shows the next hint.", "再次运行同一命令会显示下一条提示。";
    HINT_OTHERS: "failed too: {checks}", "同样失败的检查：{checks}";
    WORTH: "worth {points} points", "分值 {points}";
    NEEDS: "needs: {checks}", "依赖：{checks}";
    VALUES: "where", "其中";
    VALUE: "{name} is {value}", "{name} 为 {value}";
    STEPS: "what is done and expected:", "步骤与期望：";
    CAUSES: "causes that it can name:", "可能指出的原因：";
    SOLUTION_KEPT: "You have not passed {exercise} yet, and the solution is worth most after that. `grader hint {exercise}` \
helps on the way; `grader solution {exercise} --yes` shows it all the same.",
        "你还没有通过 {exercise}，通过之后再看参考答案收获最大。`grader hint {exercise}` 会一路帮助你；\
确实想看，请用 `grader solution {exercise} --yes`。";

    // Running a program by hand.
    RUN_STARTS: "starting: {command}", "启动：{command}";
    RUN_STOP: "Ctrl-C stops it.", "按 Ctrl-C 停止。";
    RUN_TRY: "try it from another terminal:", "在另一个终端中试一试：";
    RUN_FIRST: "this is a client; first start a server in another terminal, for example:",
        "这是客户端；请先在另一个终端中启动服务器，例如：";
    RUN_ENTER: "Press Enter when it runs.", "启动之后请按回车键。";
    RUN_ENDED: "the program ended: {how}", "程序已结束：{how}";
    RUN_ARGUMENTS: "the arguments of {exercise} cannot be made up here; give them yourself: grader run {exercise} -- 127.0.0.1 8000 …",
        "无法在这里自动生成 {exercise} 的参数；请自行给出：grader run {exercise} -- 127.0.0.1 8000 …";
    RUN_UNBUILT: "{exercise} does not build:", "{exercise} 无法构建：";

    // The course's own gate.
    SELFCHECK_SKIPPED: "skipped: {what}", "跳过：{what}";
    SELFCHECK_DONE: "{programs} programs ({mutants} mutants), {checks} checks, {problems} problems · seed {seed}",
        "程序 {programs} 个（变异体 {mutants} 个），检查 {checks} 项，问题 {problems} 个 · 种子 {seed}";

    // The doctor.
    DOCTOR_WORKS: "works", "可用";
    DOCTOR_FAILS: "does not work: {error}", "不可用：{error}";
    DOCTOR_CURE: "cure: {cure}", "解决办法：{cure}";
}

/// The word for a verdict.
pub fn verdict(verdict: Verdict) -> Phrase {
    match verdict {
        Verdict::Passed => PASS,
        Verdict::Failed => FAIL,
        Verdict::Blocked => BLOCKED,
        Verdict::Void => VOID,
    }
}

/// The words for what became of an exercise.
pub fn status(status: ExerciseStatus) -> Phrase {
    match status {
        ExerciseStatus::Passed => STATUS_PASSED,
        ExerciseStatus::Failed => STATUS_FAILED,
        ExerciseStatus::BuildFailed => STATUS_BUILD_FAILED,
        ExerciseStatus::NotStarted => STATUS_NOT_STARTED,
        ExerciseStatus::Void => STATUS_VOID,
    }
}

/// The sentence for why a check could not be judged.
pub fn void(kind: VoidKind) -> Phrase {
    match kind {
        VoidKind::Starved => VOID_STARVED,
        VoidKind::Cell => VOID_CELL,
        VoidKind::Unsupported => VOID_UNSUPPORTED,
        VoidKind::NoPort => VOID_NO_PORT,
        VoidKind::Lost => VOID_LOST,
        VoidKind::Interrupted => VOID_INTERRUPTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fill::placeholders;

    #[test]
    fn both_languages_have_the_same_placeholders() {
        for phrase in ALL {
            let (mut en, mut zh) = (placeholders(phrase.en), placeholders(phrase.zh));
            en.sort();
            zh.sort();
            assert_eq!(en, zh, "{}", phrase.en);
        }
    }

    #[test]
    fn chinese_sentences_have_chinese_punctuation() {
        let wrong = |text: &str| {
            let chars: Vec<char> = text.chars().collect();
            chars.windows(2).any(|pair| pair[0] > '\u{2fff}' && matches!(pair[1], ',' | ';' | ':' | '(' | ')'))
        };
        assert_eq!(ALL.iter().find(|phrase| wrong(phrase.zh)), None);
    }

    #[test]
    fn values_take_their_places() {
        assert_eq!(POINTS.with(Lang::En, &[("points", &3), ("max", &10)]), "3/10 points");
        assert_eq!(POINTS.with(Lang::En, &[("points", &3)]), "3/{max} points");
    }
}
