//! Charts of results: they can be read with one series and with twelve, are XML, carry their sources, and are the same twice.

use super::{
    super::{
        AblationBar, AblationValues, Checkpoint, CostPoint, CostValues, IpcPoint, IpcSeries, IpcValues,
        IterationValues, Measured, NetworkValues, Origin, Page, PlanePoint, PlaneValues, RecoveryPoint, RecoveryValues,
        ReportError, RunCurve, SpreadGroup, SpreadValues, ablation_chart, cost_chart, ipc_chart, iteration_chart,
        network_chart, recovery_chart, spread_chart, style::Style, tsne_chart,
    },
    areas, assert_readable, drawn_curves, labels,
};

fn origin(count: usize) -> Origin {
    let sources = (0..count).map(|i| format!("dm_cifar10@1_ipc1_no-kd@1_convnet-d3_r32_paper_s0_{i:08x}")).collect();
    Origin::of("record", vec!["cifar10@1".into(), "no-kd@1".into()], vec!["a <remark> & more".into()], sources)
}

fn measured(mean: f64) -> Measured {
    Measured { mean, interval: Some([mean - 0.02, mean + 0.01]) }
}

fn single(mean: f64) -> Measured {
    Measured { mean, interval: None }
}

fn name(place: usize) -> String {
    format!("method {place} with a long name")
}

fn share(place: usize) -> f64 {
    0.1 + 0.8 * ((place * 7) % 12) as f64 / 12.0
}

fn ipc(count: usize, value: impl Fn(usize, usize) -> Measured) -> IpcValues {
    let series = |place: usize| IpcSeries {
        name: name(place),
        baseline: place + 1 == count && count > 1,
        points: [1, 10, 50]
            .into_iter()
            .map(|ipc| IpcPoint { ipc, measured: value(place, ipc), published: vec![0.3, 0.4] })
            .collect(),
    };
    IpcValues { series: (0..count).map(series).collect(), full: Some(measured(0.85)), origin: origin(count) }
}

fn recovery(count: usize) -> RecoveryValues {
    let point = |place: usize| RecoveryPoint {
        method: name(place % 6),
        category: ["bird", "car", "dog", "fish", "insect", "music"][place / 2].into(),
        easy: measured(share(place)),
        hard: measured(share(place + 3)),
    };
    RecoveryValues { points: (0..count).map(point).collect(), origin: origin(count) }
}

fn ablation(count: usize) -> AblationValues {
    let bar = |place: usize| AblationBar {
        name: format!("true, convnet-d4-w32, layer-cam {place}"),
        measured: measured(share(place)),
        students: (0..5).map(|i| share(place) + 0.01 * f64::from(i)).collect(),
    };
    AblationValues {
        by: "enhance, cam_network, cam".into(),
        bars: (0..count).map(bar).collect(),
        origin: origin(count),
    }
}

fn iterations(count: usize) -> IterationValues {
    let point = |place: usize, k: usize| Checkpoint {
        iteration: k * 500,
        mean: share(place + k),
        std: (k > 0).then_some(0.01),
    };
    let run = |place: usize| RunCurve {
        name: name(place),
        accuracy: (0..4).map(|k| point(place, k)).collect(),
        loss: (0..1001).map(|k| (k, 2.0 - 0.001 * k as f64 + 0.1 * place as f64)).collect(),
    };
    IterationValues { runs: (0..count).map(run).collect(), origin: origin(count) }
}

fn cost(count: usize) -> CostValues {
    let point = |place: usize| CostPoint {
        name: name(place),
        hours: 10_f64.powi(place as i32 - 6),
        measured: measured(share(place)),
    };
    CostValues { points: (0..count).map(point).collect(), device: "NVIDIA H200".into(), origin: origin(count) }
}

fn networks(count: usize) -> NetworkValues {
    let mean = |row: usize, column: usize| (row + column != 1).then(|| share(row + column));
    NetworkValues {
        methods: (0..count).map(name).collect(),
        networks: (0..count).map(|place| format!("resnet18-tiny-bn-w{place}")).collect(),
        means: (0..count).map(|row| (0..count).map(|column| mean(row, column)).collect()).collect(),
        origin: origin(count),
    }
}

fn spread(count: usize, values: usize) -> SpreadValues {
    let group = |place: usize| SpreadGroup {
        name: format!("resnet18-tiny-bn-w16-s0-layer{place}"),
        values: (0..values).map(|k| 0.5 + 0.4 * ((k * 37 + place) % 101) as f64 / 101.0).collect(),
    };
    SpreadValues { what: "class", threshold: 0.5, groups: (0..count).map(group).collect(), origin: origin(count) }
}

fn plane(classes: usize) -> PlaneValues {
    let point = |k: usize| PlanePoint {
        at: [((k * 37) % 101) as f64, ((k * 53) % 97) as f64],
        class: k % classes,
        distilled: k.is_multiple_of(10),
    };
    PlaneValues {
        classes: (0..classes).map(|class| format!("two hue striped star {class}")).collect(),
        points: (0..200).map(point).collect(),
        origin: origin(1),
    }
}

/// All kinds of charts with so many series.
fn every(count: usize) -> Vec<(&'static str, Page)> {
    vec![
        ("ipc", ipc_chart(&ipc(count, |place, ipc| measured(share(place) * 0.5 + 0.005 * ipc as f64)), true).unwrap()),
        ("recovery", recovery_chart(&recovery(count)).unwrap()),
        ("ablation", ablation_chart(&ablation(count)).unwrap()),
        ("iterations", iteration_chart(&iterations(count)).unwrap()),
        ("cost", cost_chart(&cost(count)).unwrap()),
        ("networks", network_chart(&networks(count)).unwrap()),
        ("spread", spread_chart(&spread(count, 10)).unwrap()),
        ("tsne", tsne_chart(&plane(count)).unwrap()),
    ]
}

#[test]
fn charts_of_one_and_of_twelve_series_can_be_read() {
    for count in [1, 2, 5, 12] {
        for (kind, page) in every(count) {
            eprintln!("{kind} of {count}");
            assert_readable(&page);
        }
    }
}

#[test]
fn every_chart_is_xml_with_its_words_and_sources_and_the_same_twice() {
    for ((kind, page), (_, again)) in every(5).into_iter().zip(every(5)) {
        let svg = page.svg();
        for event in xml::EventReader::new(svg.as_bytes()) {
            assert!(event.is_ok(), "{kind}: {event:?}");
        }
        for label in labels(&page).filter(|label| !label.text.is_empty()) {
            let words = label.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            assert!(svg.contains(&format!("aria-label=\"{words}\"")), "{kind} lacks {words}");
        }
        assert!(svg.contains("<desc>dm_cifar10@1_ipc1_no-kd@1_convnet-d3_r32_paper_s0_00000000"), "{kind}");
        assert!(
            labels(&page).any(|label| label.text.contains("A &lt;remark") || label.text.contains("A <remark>")),
            "{kind}"
        );
        assert_eq!(svg, again.svg(), "{kind}");
        let png = page.png().unwrap();
        assert_eq!(png, again.png().unwrap(), "{kind}");
        let size = [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()));
        assert_eq!(size, page.size().map(|side| (side * 3.0).ceil() as u32), "{kind}");
    }
}

#[test]
fn equal_values_and_lone_points_have_room() {
    let equal = ipc(3, |_, _| single(0.5));
    assert_readable(&ipc_chart(&IpcValues { full: None, ..equal }, false).unwrap());
    let mut lone = ipc(1, |_, _| single(0.5));
    lone.series[0].points.truncate(1);
    assert_readable(&ipc_chart(&lone, false).unwrap());
    let point = RecoveryPoint { method: "dm".into(), category: "bird".into(), easy: single(0.5), hard: single(0.5) };
    assert_readable(&recovery_chart(&RecoveryValues { points: vec![point], origin: origin(1) }).unwrap());
    let zero = AblationBar { name: "a".into(), measured: single(0.0), students: vec![0.0] };
    assert_readable(&ablation_chart(&AblationValues { by: "a".into(), bars: vec![zero], origin: origin(1) }).unwrap());
    let run = RunCurve {
        name: "a".into(),
        accuracy: vec![Checkpoint { iteration: 0, mean: 0.1, std: None }],
        loss: Vec::new(),
    };
    assert_readable(&iteration_chart(&IterationValues { runs: vec![run], origin: origin(1) }).unwrap());
    let same = SpreadGroup { name: "a".into(), values: vec![0.5; 100] };
    assert_readable(&spread_chart(&SpreadValues { groups: vec![same], ..spread(1, 1) }).unwrap());
    let dot = PlanePoint { at: [1.0, 1.0], class: 0, distilled: true };
    assert_readable(&tsne_chart(&PlaneValues { points: vec![dot], ..plane(1) }).unwrap());
    let square = NetworkValues {
        methods: vec!["dm".into()],
        networks: vec!["vgg11".into()],
        means: vec![vec![Some(0.5)]],
        origin: origin(1),
    };
    assert_readable(&network_chart(&square).unwrap());
}

#[test]
fn nothing_is_refused() {
    let nothing = |result: Result<Page, ReportError>| assert!(matches!(result, Err(ReportError::Nothing)));
    nothing(ipc_chart(&ipc(0, |_, _| single(0.5)), false));
    nothing(recovery_chart(&recovery(0)));
    nothing(ablation_chart(&ablation(0)));
    nothing(iteration_chart(&iterations(0)));
    nothing(cost_chart(&cost(0)));
    nothing(network_chart(&networks(0)));
    nothing(spread_chart(&spread(0, 0)));
    nothing(spread_chart(&spread(1, 0)));
    nothing(tsne_chart(&PlaneValues { points: Vec::new(), ..plane(1) }));
}

#[test]
fn marks_follow_the_values() {
    let values = ipc(1, |_, ipc| single(if ipc == 10 { 0.4 } else { 0.2 }));
    let page = ipc_chart(&values, false).unwrap();
    let middle = |bounds: &[f64; 4]| [f64::midpoint(bounds[0], bounds[2]), f64::midpoint(bounds[1], bounds[3])];
    let points: Vec<[f64; 2]> = areas(&page, Style::nth(0).colour)[1..].iter().map(middle).collect();
    let [first, second, third] = points[..] else { panic!("three points: {points:?}") };
    assert!(first[1] == third[1] && second[1] < first[1], "{points:?}");
    assert!(
        ((second[0] - first[0]) / (third[0] - first[0]) - 1.0 / 50_f64.log10()).abs() < 1e-3,
        "logarithmic: {points:?}"
    );

    let bars = ablation_chart(&AblationValues {
        bars: [0.1, 0.2]
            .map(|mean| AblationBar { name: format!("{mean}"), measured: single(mean), students: Vec::new() })
            .into(),
        ..ablation(0)
    });
    let heights: Vec<f64> =
        areas(&bars.unwrap(), Style::nth(0).pale()).iter().map(|[_, top, _, bottom]| bottom - top).collect();
    assert!((heights[1] / heights[0] - 2.0).abs() < 0.01, "bars begin at zero: {heights:?}");

    let panels = iteration_chart(&iterations(1)).unwrap();
    assert_eq!(drawn_curves(&panels).len(), 4, "two samples and two curves");
    assert!(
        labels(&panels).any(|label| label.text == "loss") && labels(&panels).any(|label| label.text == "accuracy (%)")
    );
}

#[test]
fn a_note_names_few_records_and_counts_many() {
    assert_eq!(
        origin(2).note("Dots: students"),
        "cifar10@1, no-kd@1. A <remark> & more. Dots: students. Records 00000000, 00000001"
    );
    let many = origin(9);
    assert_eq!(many.note(""), format!("cifar10@1, no-kd@1. A <remark> & more. 9 records, digest {}", many.digest));
    assert_ne!(many.digest, origin(8).digest);
    assert_eq!(origin(1).note(""), "cifar10@1, no-kd@1. A <remark> & more. Record 00000000");
}
