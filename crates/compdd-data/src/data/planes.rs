//! Planes of a picture and its pixels.

/// Interleaved bytes of an image of some planes.
pub(super) fn interleaved(planar: &[u8], planes: usize) -> Vec<u8> {
    let area = planar.len() / planes;
    (0..area).flat_map(|pixel| (0..planes).map(move |plane| planar[plane * area + pixel])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_interleaved() {
        assert_eq!(interleaved(&[1, 2, 3, 4, 5, 6], 3), [1, 3, 5, 2, 4, 6]);
    }
}
