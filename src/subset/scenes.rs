//! Class names of the built-in scenes: combinations of shape, texture and colour scheme.

/// The ten classes, label = position. No single cue tells all ten apart. The pictures are drawn by
/// [`data::scenes`](crate::data::scenes), which holds the same ten names.
pub const SCENE_CLASSES: [&str; 10] = [
    "striped-disc",
    "dotted-disc",
    "two-hue-striped-disc",
    "striped-square",
    "checked-square",
    "two-hue-checked-square",
    "dotted-triangle",
    "checked-triangle",
    "dotted-star",
    "two-hue-striped-star",
];
