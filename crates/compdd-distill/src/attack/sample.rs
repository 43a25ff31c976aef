//! Which test images are attacked where not all are.

use compdd_core::rng::Stream;
use compdd_data::data::ImageSet;

/// The places of `images` images of a set, in order: as many of every class as there are, give or take one, drawn without replacement. All without a
/// number; a smaller one gives some of those of a larger one.
pub fn stratified(set: &ImageSet, images: Option<usize>, seed: u64) -> Vec<usize> {
    let Some(wanted) = images.filter(|images| *images < set.len()) else { return (0..set.len()).collect() };
    let classes = set.classes().len();
    let mut of_class: Vec<std::vec::IntoIter<usize>> = Vec::with_capacity(classes);
    for class in Stream::new(seed, "classes to attack", 0).permutation(classes) {
        let mut places = set.of_class(class as u32);
        Stream::new(seed, "images to attack", class as u64).shuffle(&mut places);
        of_class.push(places.into_iter());
    }
    let mut chosen = Vec::with_capacity(wanted);
    while chosen.len() < wanted {
        let round: Vec<usize> = of_class.iter_mut().filter_map(Iterator::next).collect();
        chosen.extend(round.into_iter().take(wanted - chosen.len()));
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_share() {
        let labels: Vec<u32> = (0..50).map(|i| u32::from(i >= 20) + u32::from(i >= 46)).collect();
        let names = ["a", "b", "c"].map(Into::into).to_vec();
        let set = ImageSet::new(vec![0; 50 * 3], labels, [3, 1, 1], names).unwrap();
        let counts = |wanted| {
            let chosen = stratified(&set, Some(wanted), 7);
            assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]), "each once, in order");
            (0..3).map(|class| chosen.iter().filter(|&&i| set.labels()[i] == class).count()).collect::<Vec<_>>()
        };
        assert_eq!(counts(9), [3, 3, 3]);
        assert_eq!(counts(24), [10, 10, 4], "a class that is spent leaves its share to the others");
        let (few, many) = (stratified(&set, Some(10), 7), stratified(&set, Some(30), 7));
        assert!(few.len() == 10 && few.iter().all(|i| many.contains(i)));
        assert_ne!(few, stratified(&set, Some(10), 8));
        assert_eq!(stratified(&set, Some(50), 7), (0..50).collect::<Vec<_>>());
        assert_eq!(stratified(&set, None, 7).len(), 50);
    }
}
