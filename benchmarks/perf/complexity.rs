//! Activation maps and complexity scores on the CPU: one side of `complexity.py`, which starts this program and its `PyTorch` peer
//! and has them work in turns on the same network and the same images.
//!
//! Protocol, one line of standard input for one of standard output: `load SLUG SIDE CLASSES TAP WEIGHTS` reads a network and
//! answers `ready`; `images FILE` reads images `x` and noise `noise0`, `noise1`, ... (safetensors); `maps METHOD` makes a map of every
//! image and answers with the seconds; `write METHOD FILE` writes the maps under the given noise; `refresh N` makes the gradient
//! weights of EDF for N images; `score FOLDER FILE METHOD` makes a file of scores from a folder of images and answers with the
//! seconds and the mean share of activated cells at 0.5.

use std::{
    fs,
    io::{BufRead, Write, stdin, stdout},
    path::Path,
    sync::Arc,
    time::Instant,
};

use burn::tensor::{Device, Tensor, TensorData};
use compdd::{
    cam::{CamMethod, CamModel, Noise, TargetClass, Threshold, dae_weights, normalise, resize, seeds},
    complexity::{self, SaliencyModel},
    data::{Decode, ImageStream, Library, PixelSpace, ResizeMode, Split, StreamOptions},
    nn::{NetworkSpec, kernels},
    progress::{Hooks, Stop},
    scores::{Question, Scores, Settings},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// `ImageNet`'s statistics.
const SPACE: PixelSpace = PixelSpace::Normalised { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/// The images of a file and the noise of each sample.
struct Images {
    x: Tensor<4>,
    noise: Vec<Tensor<4>>,
}

impl Images {
    fn read(path: &str) -> Outcome<Self> {
        let bytes = fs::read(path)?;
        let file = SafeTensors::deserialize(&bytes)?;
        let tensor = |name: &str| -> Outcome<Tensor<4>> {
            let view = file.tensor(name)?;
            let shape: [usize; 4] = view.shape().try_into()?;
            let values = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            Ok(Tensor::from_data(TensorData::new(values, shape), &Device::flex()))
        };
        let samples = file.names().iter().filter(|name| name.starts_with("noise")).count();
        Ok(Self {
            x: tensor("x")?,
            noise: (0..samples).map(|i| tensor(&format!("noise{i}"))).collect::<Result<_, _>>()?,
        })
    }

    /// Classes that are asked for, one an image.
    fn targets(&self, classes: usize) -> Vec<usize> {
        (0..self.x.dims()[0]).map(|i| i % classes).collect()
    }
}

fn main() -> Outcome<()> {
    kernels::tune_allocator();
    let (mut model, mut images) = (None, None);
    for line in stdin().lock().lines() {
        let line = line?;
        let answer = match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["load", slug, side, classes, tap, weights] => {
                let spec = NetworkSpec::parse(slug)?;
                let (side, classes) = (side.parse()?, classes.parse()?);
                model =
                    Some(CamModel::from_file(&spec, side, classes, Path::new(weights), Some(tap), &Device::flex())?);
                "ready".to_owned()
            }
            ["images", file] => {
                images = Some(Images::read(file)?);
                "ready".to_owned()
            }
            [what, ref rest @ ..] => answer(
                model.as_ref().ok_or("`load` comes first")?,
                images.as_ref().ok_or("`images` come first")?,
                what,
                rest,
            )?,
            [] => return Err("an empty line".into()),
        };
        writeln!(stdout(), "{answer}")?;
        stdout().flush()?;
    }
    Ok(())
}

fn answer(model: &CamModel, images: &Images, what: &str, rest: &[&str]) -> Outcome<String> {
    let start = Instant::now();
    Ok(match (what, rest) {
        ("maps", [method]) => {
            let targets = images.targets(model.classes());
            let seeds = seeds(0, 0, 0..targets.len());
            let look = model.look(method.parse()?, images.x.clone(), TargetClass::Classes(&targets), &seeds)?;
            let sum = look.maps.sum().into_scalar::<f32>();
            format!("{} {sum}", start.elapsed().as_secs_f64())
        }
        ("write", [method, file]) => {
            let method: CamMethod = method.parse()?;
            let targets = images.targets(model.classes());
            let raw = model.raw(method, images.x.clone(), &targets, Noise::Given(&images.noise))?;
            write(file, normalise(raw))?;
            "written".to_owned()
        }
        ("refresh", [count]) => {
            let (count, [own, _, side, _]): (usize, _) = (count.parse()?, images.x.dims());
            let x = images.x.clone().repeat_dim(0, count.div_ceil(own)).narrow(0, 0, count);
            let targets: Vec<usize> = (0..count).map(|i| i % model.classes()).collect();
            let start = Instant::now();
            let maps = model.maps(CamMethod::SMOOTH, x, &targets, &seeds(0, 0, 0..count))?;
            let sum = dae_weights(resize(maps, side), 1.0, Threshold::Mean).sum().into_scalar::<f32>();
            format!("{} {sum}", start.elapsed().as_secs_f64())
        }
        ("score", [folder, file, method]) => score(model, folder, file.as_ref(), method.parse()?)?,
        _ => return Err(format!("cannot read `{what} {}`", rest.join(" ")).into()),
    })
}

/// From a folder to a file of scores; what the file says is read back outside the measured time.
fn score(model: &CamModel, folder: &str, out: &Path, method: CamMethod) -> Outcome<String> {
    let classes = (0..model.classes()).map(|class| class.to_string()).collect();
    let model = SaliencyModel::new(model.clone(), classes, SPACE)?;
    let start = Instant::now();
    let decode = Decode { resolution: model.resolution(), resize: ResizeMode::Squash, antialias: true };
    let stream = ImageStream::open(None, &Library::new([folder]), Split::Train, decode, StreamOptions::default())?;
    let settings = Settings { method, question: Question::Predicted, ..Settings::default() };
    complexity::score(&model, &Arc::new(stream), &settings, out, false, Hooks::silent(&Stop::never()))?;
    let seconds = start.elapsed().as_secs_f64();
    let scores = Scores::open(out)?;
    let at = scores.header().threshold(0.5).ok_or("no threshold of 0.5")?;
    let (mut sum, mut rows) = (0.0, 0);
    scores.each(|row| (sum, rows) = (sum + row.shares[at], rows + 1))?;
    fs::remove_file(out)?;
    Ok(format!("{seconds} {}", sum / f64::from(rows)))
}

/// Writes maps as `maps`.
fn write(path: &str, maps: Tensor<3>) -> Outcome<()> {
    let shape = maps.dims().to_vec();
    let bytes: Vec<u8> = maps.into_data().iter::<f32>().flat_map(f32::to_le_bytes).collect();
    fs::write(path, safetensors::serialize([("maps", TensorView::new(Dtype::F32, shape, &bytes)?)], None)?)?;
    Ok(())
}
