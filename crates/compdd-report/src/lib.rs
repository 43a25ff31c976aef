//! What is shown of results that are there already: leaderboard, tables, charts, site.
//!
//! What may enter: readers of records, bundles and score files, and ways to render them. What may not: Burn, or anything that computes a result.
//!
//! | room | what it is for |
//! |---|---|
//! | [`board`] | the leaderboard: which records may be compared, and in which order |
//! | [`paper`] | the tables that papers print, and what was measured for their cells |
//! | [`regimes`] | sets under three label regimes, side by side |
//! | [`report`] | pictures and tables of results that are there already |
//! | [`site`] | all of it as pages that need no server |

pub mod board;
pub mod paper;
pub mod regimes;
pub mod report;
pub mod site;
