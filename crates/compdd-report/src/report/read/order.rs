//! Scores of training images in their order.

use super::super::{
    ReportError,
    chart::{OrderValues, Origin},
};
use compdd_core::{
    pruning::{Criterion, Rule, Side},
    record::hash,
};
use compdd_data::scores::ImageScores;

/// The scores by a criterion, and what a rule keeps of them.
///
/// # Errors
/// When there are no scores by the criterion.
pub fn order(scores: &ImageScores, criterion: Criterion, rule: Option<Rule>) -> Result<OrderValues, ReportError> {
    let (values, (labels, names)) = (scores.by(criterion)?, scores.labels());
    let mut classes = vec![Vec::new(); names.len()];
    values.iter().zip(labels).for_each(|(value, label)| classes[label as usize].push(*value));
    let kept = |rule: Rule| {
        let removed = rule.removed.value();
        let ends = match rule.side {
            Side::Low => [removed, 1.0],
            Side::High => [0.0, 1.0 - removed],
            Side::Around(from) => [from.value(), from.value() + 1.0 - removed],
        };
        (rule.to_string(), ends)
    };
    let card = &scores.card;
    let mut setting = vec![card.subset.clone(), format!("{} px", card.resolution)];
    setting.extend(
        card.training
            .as_ref()
            .map(|training| format!("{} x {} epochs of {}", training.trials, training.epochs, training.network)),
    );
    let source = format!("scores {}", hash::short(&hash::of(card)));
    let origin = Origin::of("file", setting, Vec::new(), vec![source]);
    Ok(OrderValues { criterion: criterion.to_string(), classes, kept: rule.map(kept), origin })
}
