//! Class names of the built-in scenes: five shapes, each in two textures.

/// The ten classes, label = position. Each name is `<texture>-<shape>`; both cues are needed to tell all ten apart.
pub const SCENE_CLASSES: [&str; 10] = [
    "striped-disk",
    "dotted-disk",
    "striped-square",
    "dotted-square",
    "striped-triangle",
    "dotted-triangle",
    "striped-star",
    "dotted-star",
    "striped-ring",
    "dotted-ring",
];
