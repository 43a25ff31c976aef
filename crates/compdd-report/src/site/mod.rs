//! The site: every result, method, subset and published table as pages that need no server.
//!
//! [`Site::read`] takes results folders, [`Site::write`] makes a folder of HTML, pictures and downloads that works from a file share: no page
//! loads anything from elsewhere. Pages are templates (`templates/`), one file here fills each; the leaderboard is sorted and filtered by
//! `assets/board.js` from the rows in `rows.js`. What may enter: pages about results that are there. What may not: judgements about
//! them (`board`), layouts of papers (`paper`), drawing (`report`); and nothing is run.

mod about;
mod cards;
mod error;
mod folder;
mod format;
mod frame;
mod home;
mod markdown;
mod method;
mod pages;
mod plots;
mod record;
mod regimes;
mod reproduce;
mod rows;
mod samples;
mod subset;
mod tables;

pub use error::SiteError;
pub use pages::{Built, Site};
