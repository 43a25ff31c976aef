//! Images a second, decoded and resized from a folder: one side of `decode.py`, which starts this program beside torchvision and
//! Pillow and has them work in turns.
//!
//! Protocol: a line `files LIST SIDE THREADS` on standard input (`LIST`: a text file with one path a line; `files` decodes and resizes
//! every file, `memory` does so from bytes that were read before, `decoder` runs the JPEG decoder alone on them, `resize` the resampling
//! alone) is answered by the wall seconds it took and a checksum. `pixels LIST SIDE OUT` writes the squares to a file instead.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;
use std::time::Instant;
use std::{fs, hint};

use compdd::{
    data::{Decode, ResizeMode, resize},
    nn::kernels,
};
use rayon::prelude::*;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

/// A whole file to interleaved RGB by the decoder that `Decode` uses; width and height with it.
fn decoder_alone(bytes: &[u8]) -> Result<(Vec<u8>, usize, usize), String> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let rgb = decoder.decode().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("no size")?;
    Ok((rgb, width, height))
}

/// Runs `work` on every image on `threads` threads; returns the seconds.
fn timed<T: Sync>(
    items: &[T],
    threads: usize,
    pixels: &mut [u8],
    size: usize,
    work: impl Fn(&T, &mut [u8]) -> Result<(), String> + Sync,
) -> Result<f64, Box<dyn Error>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let start = Instant::now();
    pool.install(|| pixels.par_chunks_exact_mut(size).zip(items).try_for_each(|(target, item)| work(item, target)))?;
    Ok(start.elapsed().as_secs_f64())
}

fn main() -> Result<(), Box<dyn Error>> {
    kernels::tune_allocator();
    let mut out = stdout();
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [what, list, side, last] = words[..] else { return Err(format!("cannot read `{line}`").into()) };
        let paths: Vec<PathBuf> = fs::read_to_string(list)?.lines().map(PathBuf::from).collect();
        let decode = Decode { resolution: side.parse()?, resize: ResizeMode::Squash, antialias: true }.checked()?;
        let size: usize = decode.shape().iter().product();
        let mut pixels = vec![0; paths.len() * size];
        let threads = if what == "pixels" { 2 } else { last.parse()? };
        let seconds = match what {
            "files" | "pixels" => {
                timed(&paths, threads, &mut pixels, size, |path, target| decode.file_into(path, target))?
            }
            _ => {
                let files: Vec<Vec<u8>> = paths.iter().map(fs::read).collect::<Result<_, _>>()?;
                match what {
                    "memory" => {
                        timed(&files, threads, &mut pixels, size, |file, target| decode.bytes_into(file, target))?
                    }
                    "decoder" => timed(&files, threads, &mut pixels, size, |file, _| {
                        decoder_alone(file).map(|image| drop(hint::black_box(image)))
                    })?,
                    "resize" => {
                        let images: Vec<_> = files.iter().map(|file| decoder_alone(file)).collect::<Result<_, _>>()?;
                        timed(&images, threads, &mut pixels, size, |(rgb, width, height), target| {
                            target.copy_from_slice(&resize::to_square(rgb, *width, *height, &decode));
                            Ok(())
                        })?
                    }
                    _ => return Err(format!("what is `{what}`?").into()),
                }
            }
        };
        if what == "pixels" {
            fs::write(last, &pixels)?;
        }
        writeln!(out, "{seconds} {}", pixels.iter().map(|byte| u64::from(*byte)).sum::<u64>())?;
        out.flush()?;
    }
    Ok(())
}
