//! Text of others on its way to a terminal. What may enter: what such text must not do there.

use std::{borrow::Cow, fmt::Write as _};

/// Text with every character written out that a terminal acts on instead of showing it: control characters but line feeds, and those
/// that turn the direction of writing or take no room.
pub fn terminal(text: &str) -> Cow<'_, str> {
    written_out(text, |sign| sign != '\n' && acts(sign))
}

/// As [`terminal`], for what must stay one line: a name, a path, a sentence about a file.
pub fn line(text: &str) -> Cow<'_, str> {
    written_out(text, acts)
}

fn acts(sign: char) -> bool {
    let shapes = ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{206f}', '\u{feff}'..='\u{feff}'];
    sign.is_control() || shapes.iter().any(|range| range.contains(&sign))
}

fn written_out(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for sign in text.chars() {
        if acts(sign) {
            let _ = write!(out, "{}", sign.escape_default());
        } else {
            out.push(sign);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_acts_on() {
        assert_eq!(terminal("a\u{1b}[2Jb\r\u{7}\u{9b}c\nd"), "a\\u{1b}[2Jb\\r\\u{7}\\u{9b}c\nd");
        assert_eq!(line("0 errors\n\u{202e}x\u{200b}"), "0 errors\\n\\u{202e}x\\u{200b}");
        assert!(matches!(terminal("± 5 %, naïve, 日本\n"), Cow::Borrowed(_)));
    }
}
