//! Sentences with `{placeholders}`. Nothing is dropped in silence: a sentence whose placeholder has no value is no
//! sentence, and the caller takes another one.

/// `template` with every `{name}` replaced by its value; `None` if one has no value. `{{` and `}}` are braces.
pub fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..];
        match (brace.strip_prefix("{{"), brace.strip_prefix("}}"), brace.strip_prefix('{')) {
            (Some(after), ..) => {
                text.push('{');
                rest = after;
            }
            (_, Some(after), _) => {
                text.push('}');
                rest = after;
            }
            (.., Some(inside)) => {
                let (name, after) = inside.split_once('}')?;
                text.push_str(&value(name.trim())?);
                rest = after;
            }
            (None, None, None) => {
                text.push('}');
                rest = &brace[1..];
            }
        }
    }
    text.push_str(rest);
    Some(text)
}

/// The names of the placeholders in `template`, in order.
pub fn placeholders(template: &str) -> Vec<String> {
    let names = std::cell::RefCell::new(Vec::new());
    fill(template, |name| {
        names.borrow_mut().push(name.to_owned());
        Some(String::new())
    });
    names.into_inner()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn placeholders_take_their_values() {
        let text = fill("{a} and {b}{{x}}", |name| Some(name.to_uppercase())).unwrap();
        assert_eq!(text, "A and B{x}");
    }

    #[test]
    fn a_placeholder_without_a_value_makes_no_sentence() {
        assert_eq!(fill("{a} and {b}", |name| (name == "a").then(String::new)), None);
        assert_eq!(fill("an open {brace", |_| Some(String::new())), None);
    }

    #[test]
    fn a_lone_closing_brace_stays() {
        assert_eq!(fill("a } b", |_| None).unwrap(), "a } b");
    }

    #[test]
    fn placeholders_are_listed_in_order() {
        assert_eq!(placeholders("{b} {{c}} {a}"), ["b", "a"]);
    }
}
