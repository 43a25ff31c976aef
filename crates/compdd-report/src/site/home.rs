//! The leaderboard's page.

use askama::Template;

use super::frame::{Frame, Origin, Room};
use crate::{board::Board, report::grid::html};

/// So many results stand in the page itself, for browsers without JavaScript.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "home.html")]
pub(super) struct Home {
    frame: Frame,
    /// What the rows can be narrowed by; `assets/board.js` fills in what there is.
    filters: [&'static str; 7],
    /// HTML.
    first: String,
    /// Whether the page itself has not all results.
    more: bool,
}

impl Home {
    pub fn new(board: &Board, origin: &Origin) -> Self {
        Self {
            frame: Frame::new("Leaderboard", "", Room::Leaderboard, origin),
            filters: ["division", "budget", "subset", "ipc", "protocol", "network", "method"],
            first: first(board),
            more: board.entries.len() > SHOWN,
        }
    }
}

/// The first results as a table; the last column leads to the pages of their records.
fn first(board: &Board) -> String {
    let mut grid = board.head(SHOWN);
    for (row, entry) in grid.rows.iter_mut().zip(&board.entries) {
        if let Some(hash) = row.entries.last_mut() {
            hash.link = Some(entry.record.page());
        }
    }
    html::table(&grid)
}
