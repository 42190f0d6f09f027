//! Texts and names: titles and hints in both languages, ids, versions.

use super::finding::Finding;
use crate::course::path::Path;
use crate::course::words::{Hints, Words};

/// The only version of all three kinds of file.
pub const VERSION: u32 = 1;

/// A file's version must be one that this grader reads.
pub fn version(found: u32, findings: &mut Vec<Finding>) {
    if found != VERSION {
        findings.push(wrong_version(found));
    }
}

/// What is said of a version that this grader does not read.
pub fn wrong_version(found: u32) -> Finding {
    let help = if found > VERSION { "a newer grader may read it" } else { "write `format_version: 1`" };
    Finding::at(&Path::root().key("format_version"), format!("format_version {found} is not known here"))
        .label(format!("this grader reads version {VERSION}"))
        .help(help)
}

/// Ids name folders, packages and command line arguments.
pub fn id(id: &str, path: &Path, findings: &mut Vec<Finding>) {
    if !is_id(id) {
        findings.push(
            Finding::at(path, format!("`{id}` cannot be an id"))
                .help("use a-z, 0-9 and `-`, beginning with a letter or a digit"),
        );
    }
}

/// True for what can be an id.
pub fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !id.is_empty() && !id.starts_with('-') && id.bytes().all(plain)
}

/// Ids that must differ from one another: each one that repeats an earlier one is reported.
pub fn unique<'a>(ids: impl IntoIterator<Item = (&'a str, Path)>, findings: &mut Vec<Finding>) {
    let mut seen = std::collections::BTreeMap::new();
    for (id, path) in ids {
        match seen.get(id) {
            Some(first) => findings.push(
                Finding::at(&path, format!("the id `{id}` is taken"))
                    .label(format!("`{first}` has it too"))
                    .help("every id stands for one thing only"),
            ),
            None => drop(seen.insert(id, path)),
        }
    }
}

/// A text in both languages.
pub fn words(words: &Words, path: &Path, findings: &mut Vec<Finding>) {
    text(&words.en, &path.key("en"), findings);
    chinese(&words.zh, &path.key("zh"), findings);
}

/// Hints in both languages.
pub fn hints(hints: &Hints, path: &Path, findings: &mut Vec<Finding>) {
    tiers(&hints.en, &path.key("en"), findings, text);
    tiers(&hints.zh, &path.key("zh"), findings, chinese);
}

type Look = fn(&str, &Path, &mut Vec<Finding>);

fn tiers(tiers: &[String], path: &Path, findings: &mut Vec<Finding>, look: Look) {
    if tiers.len() != Hints::TIERS {
        findings.push(
            Finding::at_key(path, format!("{} hints", tiers.len()))
                .help("exactly three: a nudge, where to look, nearly the answer"),
        );
    }
    tiers.iter().enumerate().for_each(|(nth, tier)| look(tier, &path.index(nth), findings));
}

/// A text that says something.
pub fn text(text: &str, path: &Path, findings: &mut Vec<Finding>) {
    if text.trim().is_empty() {
        findings.push(Finding::at(path, "this text is empty").help("say something here"));
    }
}

fn chinese(words: &str, path: &Path, findings: &mut Vec<Finding>) {
    text(words, path, findings);
    if !words.trim().is_empty() && !words.chars().any(is_ideograph) {
        findings.push(Finding::at(path, "this text has no Chinese character").help("translate it"));
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("tcp-echo", true)]
    #[case("2nd", true)]
    #[case("", false)]
    #[case("-x", false)]
    #[case("Tcp", false)]
    #[case("a/../b", false)]
    fn ids_are_safe_names_of_folders(#[case] id: &str, #[case] good: bool) {
        assert_eq!(is_id(id), good);
    }
}
