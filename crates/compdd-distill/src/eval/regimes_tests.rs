//! The label regimes: what they share, where they are equal, and epochs that are no passes.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    tests::{StopAfter, bits, images, network, protocol, space, training_set},
    *,
};
use compdd_core::{
    progress::Stop,
    protocol::{self, Scoring},
    record::{Labels, StudentRecord},
};

/// Says the same logits of every image, or those of the image's class: the quarter that is brightest.
enum Fixed {
    Constant([f32; 4]),
    OneHot,
}

impl LogitSource for Fixed {
    fn hash(&self) -> &'static str {
        "fixed"
    }

    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let [n, ..] = images.dims();
        let device = images.device();
        let rows: Vec<f32> = match self {
            Self::Constant(row) => row.repeat(n),
            Self::OneHot => {
                let quarters = images.mean_dim(1).reshape([n, 2, 4, 2, 4]).mean_dim(2).mean_dim(4).reshape([n, 4]);
                let brightest = quarters.argmax(1).into_data().iter::<i64>().collect::<Vec<_>>();
                // The softmax of these is exactly one and zeros.
                brightest.iter().flat_map(|&best| (0..4).map(move |c| if c == best { 0.0 } else { -1000.0 })).collect()
            }
        };
        Tensor::from_data(TensorData::new(rows, [n, 4]), &device)
    }
}

fn scored(scoring: &Scoring, set: &TrainingSet, teacher: Option<&dyn LogitSource>) -> Vec<StudentRecord> {
    let (network, space, images, go) = (network(), space(), images(3, 8), Stop::never());
    let (test, context) = (View::all(&images, &space), EvalContext::new(Device::flex(), &go));
    evaluate(&[1, 2], &network, &[set], &test, scoring, teacher.map_or(Guide::None, Guide::Online), &context).unwrap()
}

/// No augmentation, so that a view shows the class that the image stands for.
fn under(supervision: protocol::Supervision) -> Scoring {
    let augmentation = protocol::Pipeline::new(Vec::new());
    Scoring { supervision, augmentation, epochs: 20, ..protocol() }
}

/// The losses and weights of a regime, step by step.
fn trained(scoring: &Scoring, set: &TrainingSet, teacher: &dyn LogitSource) -> (Vec<u32>, f64) {
    let (network, go) = (network(), Stop::never());
    let context = EvalContext::new(Device::flex(), &go);
    let mut supervision = supervision::supervision(scoring, set, 0, 4, Guide::Online(teacher), &context).unwrap();
    let mut student = Student::new(&network, Plan::of(scoring, 0.05), 7, &context.device);
    student.train_under(set, supervision.as_mut(), &mut TrainingHooks::new(0, &go, &())).unwrap();
    (bits(&student), student.last_loss())
}

const TEACHER: protocol::Supervision =
    protocol::Supervision::OnlineTeacher(protocol::Imitation::Divergence { temperature: 1.0, squared: false });
const SOFT: protocol::Supervision = protocol::Supervision::TeacherLabels { temperature: 1.0 };

/// Check 1 of the regimes: a teacher that says the class teaches what the class teaches, bit for bit.
#[test]
fn a_teacher_of_one_hot_labels_equals_hard_labels() {
    let set = training_set(0.05);
    let hard = trained(&under(protocol::Supervision::Classes), &set, &Fixed::OneHot);
    assert!(hard.1 > 0.0);
    assert_eq!(hard, trained(&under(TEACHER), &set, &Fixed::OneHot));
    assert_eq!(hard, trained(&under(SOFT), &set, &Fixed::OneHot));
    assert_ne!(hard.0, trained(&under(TEACHER), &set, &Fixed::Constant([0.0, 1.0, 0.5, -1.0])).0);
}

/// Check 2: where the teacher always says the same, it does not matter whether it is asked once an image or for every view, augmented ones included.
#[test]
fn a_constant_teacher_makes_soft_labels_equal_to_itself() {
    let (set, teacher) = (training_set(0.05), Fixed::Constant([0.3, 1.0, -0.5, 0.1]));
    let augmented = |supervision| Scoring { supervision, epochs: 20, ..protocol() };
    let soft = trained(&augmented(SOFT), &set, &teacher);
    let online = trained(&augmented(TEACHER), &set, &teacher);
    assert_eq!(soft.0, online.0);
    // The losses differ by the entropy of the labels.
    let p = [0.3_f64, 1.0, -0.5, 0.1].map(f64::exp);
    let sum: f64 = p.iter().sum();
    let entropy: f64 = p.iter().map(|p| -(p / sum) * (p / sum).ln()).sum();
    assert!((soft.1 - online.1 - entropy).abs() < 1e-5, "{} {} {entropy}", soft.1, online.1);
}

/// Learned labels count by their class in `hard`, and as they are in `own`.
#[test]
fn learned_labels_count_by_their_class() {
    let set = training_set(0.05);
    let Labels::Hard(classes) = &set.labels else { panic!("hard labels") };
    let rows = classes.iter().flat_map(|&class| (0..4).map(move |c| if c == class { 0.6 } else { 0.1 }));
    let learned = TrainingSet { labels: Labels::Logits { values: rows.collect(), classes: 4 }, ..set.clone() };
    let hard = under(protocol::Supervision::Classes);
    assert_eq!(scored(&hard, &set, None), scored(&hard, &learned, None));
    let own = under(protocol::Supervision::Labels);
    assert_ne!(scored(&hard, &learned, None), scored(&own, &learned, None));
    let refused = |supervision| {
        let (network, space, images, go) = (network(), space(), images(3, 8), Stop::never());
        let (test, context) = (View::all(&images, &space), EvalContext::new(Device::flex(), &go));
        evaluate(&[1], &network, &[&set], &test, &under(supervision), Guide::None, &context).unwrap_err()
    };
    assert!(matches!(refused(SOFT), EvalError::NoTeacher));
}

/// Twelve images in minibatches of five: a pass has three. Epochs of as many minibatches are passes, bit for bit; longer and shorter ones take the
/// same minibatches in the same order, and the steps are those of the epochs.
#[test]
fn epochs_may_have_any_number_of_minibatches() {
    let set = training_set(0.05);
    let scoring = |epochs, epoch_steps| Scoring { epochs, epoch_steps, ..under(protocol::Supervision::Classes) };
    let passes = scored(&scoring(19, None), &set, None);
    assert_eq!(passes, scored(&scoring(19, Some(3)), &set, None));
    assert!(passes.iter().all(|student| (student.epochs, student.steps) == (20, 60)));

    // At a constant rate it does not matter where an epoch ends.
    let (network, go) = (network(), Stop::never());
    let flat =
        |epochs| Plan { schedule: Schedule::Constant { base: 0.05 }, epochs, ..Plan::of(&scoring(0, None), 0.05) };
    let train = |epochs, steps| {
        let mut student = Student::new(&network, flat(epochs), 5, &Device::flex()).with_epochs_of(steps);
        student.train(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
        (bits(&student), student.last_loss())
    };
    let passes = train(4, None);
    assert_eq!(passes.0, train(12, Some(1)).0);
    assert_eq!(passes.0, train(3, Some(4)).0);
    assert_eq!(passes.0, train(2, Some(6)).0);
    assert!(train(12, Some(1)).1 > 0.0);
    assert_ne!(passes.0, train(11, Some(1)).0);
}

/// A student whose epochs end in the middle of a pass is stopped and goes on to the same bits.
#[test]
fn a_student_stopped_in_the_middle_of_a_pass_goes_on() {
    let (network, set, go) = (network(), training_set(0.05), Stop::never());
    let plan = || Plan::of(&Scoring { epochs: 8, ..protocol() }, 0.05);
    let student = || Student::new(&network, plan(), 3, &Device::flex()).with_epochs_of(Some(2));
    let mut whole = student();
    whole.train(&set, &mut TrainingHooks::new(0, &go, &())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("student");
    let stop = Stop::never();
    let after = StopAfter { epochs: 0.into(), limit: 2, stop: &stop };
    let mut labels = StoredLabels::of(&set, 4, &Device::flex()).unwrap();
    let saving = || Some((path.clone(), std::time::Duration::from_secs(3600)));
    let stopped = student().train_saved(&set, &mut labels, TrainingHooks::new(0, &stop, &after), saving());
    assert!(matches!(stopped.unwrap_err(), EvalError::Interrupted(_)));
    let mut resumed = student();
    resumed.train_saved(&set, &mut labels, TrainingHooks::new(0, &go, &()), saving()).unwrap();
    assert_eq!(bits(&whole), bits(&resumed));
}
