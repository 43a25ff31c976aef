//! What stands around every page: title, navigation, origin.

/// What all pages were made from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// How many records.
    pub records: usize,
    /// BLAKE3 of their hashes, in the order of the board.
    pub digest: String,
}

/// The rooms of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Leaderboard,
    Methods,
    Subsets,
    Tables,
    Plots,
    Regimes,
    About,
    /// A page that the navigation does not name.
    Elsewhere,
}

/// An entry of the navigation.
pub(super) struct Door {
    pub name: &'static str,
    pub href: &'static str,
    pub current: bool,
}

/// The frame of one page.
pub(super) struct Frame {
    pub title: String,
    /// From the page to the site's root: empty, `../` or `../../`.
    pub root: &'static str,
    pub room: Room,
    pub records: usize,
    pub digest: String,
    pub version: &'static str,
}

impl Frame {
    pub fn new(title: impl Into<String>, root: &'static str, room: Room, origin: &Origin) -> Self {
        let (records, digest) = (origin.records, compdd_core::record::hash::short(&origin.digest).to_owned());
        Self { title: title.into(), root, room, records, digest, version: env!("CARGO_PKG_VERSION") }
    }

    pub fn rooms(&self) -> [Door; 7] {
        [
            (Room::Leaderboard, "Leaderboard", "index.html"),
            (Room::Methods, "Methods", "methods/index.html"),
            (Room::Subsets, "Subsets", "subsets/index.html"),
            (Room::Tables, "Tables", "tables/index.html"),
            (Room::Plots, "Plots", "plots.html"),
            (Room::Regimes, "Regimes", "regimes.html"),
            (Room::About, "How to read", "about.html"),
        ]
        .map(|(room, name, href)| Door { name, href, current: room == self.room })
    }
}
