//! How many columns a text takes in a terminal: an ideograph takes two.

use unicode_width::UnicodeWidthStr;

/// The columns that `text` takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// `text` with blanks behind it up to `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// `text` with blanks before it up to `width` columns.
pub fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(columns(text))))
}

/// `text` cut to at most `width` columns, with `…` where it was cut.
pub fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let kept: String = text
        .chars()
        .take_while(|c| {
            used += columns(c.encode_utf8(&mut [0; 4]));
            used <= width
        })
        .collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ideograph_takes_two_columns() {
        assert_eq!(columns("来a"), 3);
        assert_eq!(pad("来a", 5), "来a  ");
        assert_eq!(pad_left("来a", 5), "  来a");
    }

    #[test]
    fn what_is_cut_fits_and_says_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("来来来", 4), "来…");
    }
}
