//! Numbered notes below a table, each once.

/// The notes of a table.
#[derive(Default)]
pub struct Footnotes {
    texts: Vec<String>,
}

impl Footnotes {
    /// The mark of a note: `[1]`, the same for the same words.
    pub fn mark(&mut self, text: &str) -> String {
        let place = self.texts.iter().position(|known| known == text).unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        format!("[{}]", place + 1)
    }

    /// All notes with their marks, each a sentence.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let end = |text: &str| if text.ends_with('.') { "" } else { "." };
        self.texts.iter().enumerate().map(move |(place, text)| format!("[{}] {text}{}", place + 1, end(text)))
    }
}
