use super::*;
use crate::record::Budget;

#[test]
fn every_budget_is_valid_and_seeds_are_stable() {
    for budget in [Budget::Paper, Budget::Quick, Budget::Smoke] {
        assert!(Scoring::new(budget).validate().is_ok());
    }
    assert_eq!(Scoring::new(Budget::Paper), Scoring::default());
    assert_eq!(Scoring::seeds(3, 5)[..2], Scoring::seeds(3, 2));
    assert!(Scoring::seeds(3, 5).iter().all(|&seed| seed < 1 << 32));
}

/// Records of `no-kd@1` that are stored already say nothing of what came later, and stay as they are.
#[test]
fn settings_of_older_records_read_and_write_alike() {
    let text = serde_json::to_string(&Scoring::default()).unwrap();
    let later = [
        "extra_epoch",
        "drops",
        "cutmix",
        "optimizer",
        "learning_rate",
        "supervision",
        "rded_double_bn",
        "ema",
        "ensemble",
        "decays_all",
        "sre2l",
        "epoch_steps",
    ];
    for later in later {
        assert!(!text.contains(later), "{text}");
    }
    assert_eq!(serde_json::from_str::<Scoring>(&text).unwrap(), Scoring::default());
    let idc = Scoring { extra_epoch: false, decay: Decay::TwoThirdsFiveSixths, cutmix: 0.5, ..Scoring::default() };
    let text = serde_json::to_string(&idc).unwrap();
    assert!(text.contains("\"extra_epoch\":false") && text.contains("two-thirds-five-sixths"), "{text}");
    assert_eq!(serde_json::from_str::<Scoring>(&text).unwrap(), idc);
}

#[test]
fn settings_out_of_range_are_named() {
    let message = |protocol: Scoring| protocol.validate().unwrap_err().to_string();
    assert!(message(Scoring { batch: 0, ..Scoring::default() }).contains("`batch` is 0"));
    assert!(message(Scoring { cutmix: 1.5, ..Scoring::default() }).contains("`cutmix` is 1.5"));
    assert!(message(Scoring { momentum: 1.0, ..Scoring::default() }).contains("`momentum` is 1"));
    let augmentation = DsaConfig { scale: 0.5, ..DsaConfig::default() }.into();
    assert!(message(Scoring { augmentation, ..Scoring::default() }).contains("`scale`"));
}

#[test]
fn names_are_found_and_every_protocol_has_its_page() {
    assert_eq!(Protocol::find("no-kd-idc").unwrap().id, Protocol::find("no-kd-idc@1").unwrap().id);
    assert!(Protocol::find("no-kd@2").is_none() && Protocol::find("kd").is_none());
    assert!(Protocol::names().eq(Protocol::all().iter().map(Protocol::slug)));
    assert_eq!(Protocol::all()[0].scoring(Budget::Paper), Scoring::new(Budget::Paper));
    let pages = [
        include_str!("../../../../docs/protocols/no-kd.md"),
        include_str!("../../../../docs/protocols/no-kd-variants.md"),
        include_str!("../../../../docs/protocols/kd-online.md"),
        include_str!("../../../../docs/protocols/kd-rded.md"),
        include_str!("../../../../docs/protocols/soft.md"),
        include_str!("../../../../docs/protocols/kd-edf.md"),
        include_str!("../../../../docs/protocols/kd-fkd.md"),
        include_str!("../../../../docs/protocols/kd-sre2l.md"),
        include_str!("../../../../docs/protocols/kd-gvbsm.md"),
        include_str!("../../../../docs/protocols/kd-edc.md"),
        include_str!("../../../../docs/protocols/regimes.md"),
    ];
    for protocol in Protocol::all() {
        assert!(pages.iter().any(|page| page.contains(&format!("`{}`", protocol.id))), "{}", protocol.id);
    }
}

/// The hashes of the definitions: a change of a stored protocol is a new version, not an edit.
#[test]
fn definitions_are_frozen() {
    let hashes: Vec<(&str, String)> =
        Protocol::all().iter().map(|protocol| (protocol.id.as_str(), protocol.hash()[..8].to_owned())).collect();
    insta::assert_debug_snapshot!(hashes);
}

#[test]
fn a_protocol_with_a_teacher_says_so() {
    let scoring = Protocol::find("kd-online").unwrap().scoring(Budget::Paper);
    assert!(scoring.supervision.needs_teacher() && !Scoring::default().supervision.needs_teacher());
    let refused = |supervision| Scoring { supervision, ..scoring.clone() }.validate().unwrap_err().to_string();
    let cold = Imitation::Divergence { temperature: 0.0, squared: false };
    assert!(refused(Supervision::OnlineTeacher(cold)).contains("`temperature` is 0"));
    assert!(
        refused(Supervision::OnlineTeacher(Imitation::Squares { hard_weight: -1.0 })).contains("`hard_weight` is -1")
    );
    // DSA has no arrays of its own among stored labels.
    let warm = Imitation::Divergence { temperature: 20.0, squared: false };
    assert!(refused(Supervision::StoredLogits(warm)).contains("`augmentation` is dsa"));
}
