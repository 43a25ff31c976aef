//! Class names of the built-in scenes.

/// The ten classes, label = position: a shape, a texture, and a colour scheme where two hues are used. They are the names
/// of `data::scenes::CLASSES`, which draws them.
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
