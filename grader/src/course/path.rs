//! The way from a course file's root to one of its values, by keys and indices.

use std::fmt;

/// The keys and indices that lead from a file's root to a value. Shown as `checks[0].steps[1].send`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Part>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// A key of a map.
    Key(String),
    /// The number of an item of a list, from 0.
    Index(usize),
}

impl Path {
    /// The file itself.
    pub fn root() -> Path {
        Path::default()
    }

    /// The value behind `key`.
    pub fn key(&self, key: &str) -> Path {
        self.with(Part::Key(key.to_owned()))
    }

    /// The item number `index` of a list, from 0.
    pub fn index(&self, index: usize) -> Path {
        self.with(Part::Index(index))
    }

    /// This path, then the one above it, and so on up to the root.
    pub fn upwards(&self) -> impl Iterator<Item = Path> {
        (0..=self.0.len()).rev().map(|length| Path(self.0.iter().take(length).cloned().collect()))
    }

    /// The steps, the first one from the root.
    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    fn with(&self, part: Part) -> Path {
        let mut parts = self.0.clone();
        parts.push(part);
        Path(parts)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (nth, part) in self.0.iter().enumerate() {
            match part {
                Part::Key(key) if nth == 0 => write!(f, "{key}")?,
                Part::Key(key) => write!(f, ".{key}")?,
                Part::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_a_person_would_write_it() {
        let path = Path::root().key("modules").index(0).key("points").key("one-line");
        assert_eq!(path.to_string(), "modules[0].points.one-line");
    }
}
