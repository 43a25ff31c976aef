//! The leaderboard's page.

use askama::Template;

use super::frame::{Frame, Origin, Room};

#[derive(Template)]
#[template(path = "home.html")]
pub(super) struct Home {
    frame: Frame,
    /// What the rows can be narrowed by; `assets/board.js` fills in what there is.
    filters: [&'static str; 7],
}

impl Home {
    pub fn new(origin: &Origin) -> Self {
        Self {
            frame: Frame::new("Leaderboard", "", Room::Leaderboard, origin),
            filters: ["division", "budget", "subset", "ipc", "protocol", "network", "method"],
        }
    }
}
