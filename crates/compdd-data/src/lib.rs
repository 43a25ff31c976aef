//! Images from disk to blocks of pixels, what others published, and files of complexity scores.
//!
//! What may enter: whatever reads, decodes, resizes or caches images, sets and tensors without knowing who computes with them. What may not:
//! Burn.
//!
//! | room | what it is for |
//! |---|---|
//! | [`data`] | where pixels come from: sources, decoding, resizing, normalisation, the built-in scenes |
//! | [`import`] | sets, experts and labels that others published, taken in |
//! | [`scores`] | complexity scores as files, and what is made of them: means, easy and hard lists |

pub mod data;
pub mod import;
pub mod scores;
