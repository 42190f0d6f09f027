//! Names that need one another: an order in which every name comes after all that it needs, and the circles that make
//! one impossible. No recursion: a file may hold long chains.

use std::collections::{BTreeMap, BTreeSet};

/// What each name needs. Names that are needed and not listed are left out of account.
pub type Needs<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// What came of ordering names.
#[derive(Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// The names that stand in no circle and need none, each after all that it needs.
    pub sorted: Vec<&'a str>,
    /// Circles, each one from a name on to the one that needs that name again.
    pub circles: Vec<Vec<&'a str>>,
}

/// Orders names by what they need.
pub fn order<'a>(needs: &Needs<'a>) -> Order<'a> {
    let sorted = sort(needs);
    let done: BTreeSet<&str> = sorted.iter().copied().collect();
    let left = needs.keys().copied().filter(|name| !done.contains(name)).collect();
    Order { sorted, circles: circles(needs, left) }
}

/// Takes away names whose needs are all taken away, until there is none.
fn sort<'a>(needs: &Needs<'a>) -> Vec<&'a str> {
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    let mut needed_by: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    for (name, all) in needs {
        let known: BTreeSet<&str> = all.iter().copied().filter(|need| needs.contains_key(need)).collect();
        open.insert(name, known.len());
        known.into_iter().for_each(|need| needed_by.entry(need).or_default().push(name));
    }
    let mut sorted: Vec<&'a str> = needs.keys().copied().filter(|name| open.get(name) == Some(&0)).collect();
    let mut next = 0;
    while let Some(done) = sorted.get(next).copied() {
        next += 1;
        for name in needed_by.get(done).into_iter().flatten() {
            if let Some(left) = open.get_mut(name) {
                *left -= 1;
                if *left == 0 {
                    sorted.push(name);
                }
            }
        }
    }
    sorted
}

/// Every name in `left` needs another one there, so a walk from any of them ends in a circle.
fn circles<'a>(needs: &Needs<'a>, left: BTreeSet<&'a str>) -> Vec<Vec<&'a str>> {
    let mut circles = Vec::new();
    let mut walked = BTreeSet::new();
    for start in &left {
        let mut way: Vec<&str> = Vec::new();
        let mut at = *start;
        while walked.insert(at) {
            way.push(at);
            let next = needs.get(at).into_iter().flatten().find(|need| left.contains(*need));
            at = next.copied().unwrap_or(at);
        }
        if let Some(first) = way.iter().position(|name| *name == at) {
            circles.push(way.split_off(first));
        }
    }
    circles
}

/// A circle as a person would say it: `a -> b -> a`.
pub fn said(circle: &[&str]) -> String {
    circle.iter().chain(circle.first()).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs<'a>(lines: &[(&'a str, &[&'a str])]) -> Needs<'a> {
        lines.iter().map(|(name, needs)| (*name, needs.to_vec())).collect()
    }

    #[test]
    fn a_name_comes_after_all_that_it_needs() {
        let order = order(&needs(&[("a", &["c", "b", "c"]), ("b", &["c"]), ("c", &["unknown"])]));
        assert_eq!(order, Order { sorted: vec!["c", "b", "a"], circles: vec![] });
    }

    #[test]
    fn every_circle_is_named_once_and_whole() {
        let needs = needs(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["d"]), ("e", &[])]);
        assert_eq!(order(&needs), Order { sorted: vec!["e"], circles: vec![vec!["b", "c"], vec!["d"]] });
        assert_eq!(said(&["b", "c"]), "`b` -> `c` -> `b`");
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let names: Vec<String> = (0..100_000).map(|n| format!("{n:06}")).collect();
        let needs: Needs = names.windows(2).map(|pair| (pair[0].as_str(), vec![pair[1].as_str()])).collect();
        assert_eq!(order(&needs).sorted.len(), 99_999);
    }
}
