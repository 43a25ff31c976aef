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

    /// All notes with their marks.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.texts.iter().enumerate().map(|(place, text)| format!("[{}] {text}", place + 1))
    }
}
