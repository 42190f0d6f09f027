//! What the fixtures say of themselves: mutants and dummies, and what must become of each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::course::yaml;

/// A program that is wrong in one way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// A short name, unique in the exercise.
    pub id: String,
    /// What is wrong with it.
    pub why: String,
    /// Text that stands exactly once in the reference's `src/main.rs`, or in `program`.
    #[serde(default)]
    pub replace: Option<String>,
    /// What stands there instead.
    #[serde(default)]
    pub with: Option<String>,
    /// Several changes, in place of `replace` and `with`.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// Another program in place of the reference, as a path from the course's folder: changed where there are changes,
    /// or wrong as it is.
    #[serde(default)]
    pub program: Option<PathBuf>,
    /// The checks that fall, each with the cause that is named. No other may fall.
    pub fells: BTreeMap<String, String>,
}

/// One change of a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Text that stands exactly once.
    pub replace: String,
    /// What stands there instead.
    pub with: String,
}

/// A program that understands nothing: it earns only what it truly does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dummy {
    /// Its file in `fixtures/dummies`.
    pub program: PathBuf,
    /// What it does.
    pub why: String,
    /// The checks that it passes all the same, by exercise.
    #[serde(default)]
    pub earns: BTreeMap<String, Vec<String>>,
}

impl Mutant {
    /// All changes, one form for both ways to write them.
    pub fn all_edits(&self) -> Vec<Edit> {
        let one = self.replace.clone().zip(self.with.clone()).map(|(replace, with)| Edit { replace, with });
        one.into_iter().chain(self.edits.iter().cloned()).collect()
    }

    /// The source with this mutant's changes.
    pub fn apply(&self, source: &str) -> Result<String, String> {
        let edits = self.all_edits();
        if edits.is_empty() {
            return Err(
                "it changes nothing: it has neither `replace` and `with`, nor `edits`, nor `program`".to_owned()
            );
        }
        edits.iter().try_fold(source.to_owned(), |text, edit| match text.matches(&edit.replace).count() {
            1 => Ok(text.replacen(&edit.replace, &edit.with, 1)),
            count => {
                Err(format!("the text to replace stands {count} times in the source, not once: {:?}", edit.replace))
            }
        })
    }
}

/// Reads a list of fixtures; a file that does not exist is an empty list.
pub fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, String> {
    match fs::read_to_string(path) {
        Ok(text) => yaml::parse(&text).map_err(|error| format!("{}: {error}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn mutant(replace: &str) -> Mutant {
        Mutant {
            id: "m".into(),
            why: "w".into(),
            replace: Some(replace.into()),
            with: Some("X".into()),
            edits: Vec::new(),
            program: None,
            fells: BTreeMap::new(),
        }
    }

    #[test]
    fn a_change_is_made_where_its_text_stands() {
        assert_eq!(mutant("b").apply("abc").unwrap(), "aXc");
    }

    #[test]
    fn a_text_that_stands_twice_or_never_is_refused() {
        assert!(mutant("a").apply("aa").unwrap_err().contains("2 times"));
        assert!(mutant("z").apply("aa").unwrap_err().contains("0 times"));
    }
}
