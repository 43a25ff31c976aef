//! Images as points, from a plane that was laid out.

use super::super::chart::{Origin, PlanePoint, PlaneValues};
use compdd_core::record::{Plane, PlaneImage, hash};

/// The values of a chart of a plane; its source is the bundle, by name and hash.
pub fn plane(plane: &Plane) -> PlaneValues {
    let point = |image: &PlaneImage| PlanePoint { at: image.at, class: image.class, distilled: image.distilled };
    let [name, data] = &plane.bundle;
    let source = format!("{name} {}", hash::short(data));
    PlaneValues {
        classes: plane.classes.clone(),
        points: plane.images.iter().map(point).collect(),
        origin: Origin::of("bundle", plane.notes.clone(), Vec::new(), vec![source]),
    }
}
