//! The names of streams and marks: plain words, with the number of the round in place of `{i}`.

use super::finding::Finding;
use crate::course::path::Path;
use crate::course::pieces::{self, Piece};

/// What `name`, which stands at `path`, is in this round; or what is wrong with it.
pub fn expand(name: &str, round: Option<u32>, path: &Path) -> Result<String, Finding> {
    let mut expanded = String::new();
    for piece in pieces::pieces(name).map_err(|_| no_name(name, path))? {
        match (piece, round) {
            (Piece::Plain(plain), _) => expanded.push_str(&plain),
            (Piece::Value { name, filters }, Some(round)) if name == "i" && filters.is_empty() => {
                expanded.push_str(&round.to_string());
            }
            (Piece::Value { name, .. }, None) if name == "i" => {
                let finding = Finding::at(path, "`{i}` stands only inside `repeat`");
                return Err(finding.help("write the number of the round, as in `c1`"));
            }
            (Piece::Value { .. }, _) => {
                return Err(Finding::at(path, "a name holds no value but `{i}`").help("write the name itself"));
            }
        }
    }
    if pieces::is_name(&expanded) && !expanded.contains('.') { Ok(expanded) } else { Err(no_name(name, path)) }
}

fn no_name(name: &str, path: &Path) -> Finding {
    Finding::at(path, format!("`{name}` cannot be a name")).help("use letters, digits, `_` and `-`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(name: &str, round: Option<u32>) -> Result<String, String> {
        expand(name, round, &Path::root()).map_err(|finding| finding.message)
    }

    #[test]
    fn the_round_stands_in_place_of_i() {
        assert_eq!(expanded("c", None), Ok("c".into()));
        assert_eq!(expanded("c{i}-x", Some(12)), Ok("c12-x".into()));
    }

    #[rstest::rstest]
    #[case("c{i}", None, "`{i}` stands only inside `repeat`")]
    #[case("c{n}", Some(1), "a name holds no value but `{i}`")]
    #[case("c{i|upper}", Some(1), "a name holds no value but `{i}`")]
    #[case("c.port", None, "`c.port` cannot be a name")]
    #[case("", None, "`` cannot be a name")]
    #[case("c{", None, "`c{` cannot be a name")]
    fn what_is_no_name_is_refused(#[case] name: &str, #[case] round: Option<u32>, #[case] message: &str) {
        assert_eq!(expanded(name, round), Err(message.to_owned()));
    }
}
