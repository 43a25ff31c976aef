//! What the methods of the family have in common as registered methods.

use std::marker::PhantomData;

use burn::tensor::Tensor;
use serde::de::DeserializeOwned;

use super::first::{self, First};
use crate::methods::{Distiller, Method, MethodError, Requirements, Start};
use compdd_core::recipe::{Check, Evaluator, MethodInfo, Recipe, RecipeError};

/// The hyper-parameters of an engine, and how it starts.
pub(in crate::methods) trait Engine: DeserializeOwned + Clone + Sync + 'static {
    /// Checks every key on its own.
    fn check(&self) -> Result<(), String>;

    /// Checks what several keys say together.
    fn consistent(&self) -> Result<(), String>;

    /// Where the images start.
    fn first(&self) -> First;

    /// Whether pixels are whitened.
    fn whitens(&self) -> bool {
        false
    }

    /// What scores real images while distilling unless the user says otherwise; none: batches cannot be pruned.
    const ADAPTS: Option<Evaluator> = None;

    /// The network to distil with unless the user names one; none: the subset's own.
    fn network(&self) -> Option<&str> {
        None
    }

    /// Starts a run from these images `[classes * ipc, channels, height, width]`, class by class.
    fn begin<'a>(self, start: Start<'a>, images: Tensor<4>) -> Result<Box<dyn Distiller + 'a>, MethodError>;
}

/// A method of the family: its entry in the catalogue and the engine that its recipe is for.
pub(in crate::methods) struct Matching<E> {
    info: &'static MethodInfo,
    engine: PhantomData<fn() -> E>,
}

impl<E> Matching<E> {
    pub const fn new(info: &'static MethodInfo) -> Self {
        Self { info, engine: PhantomData }
    }
}

impl<E: Engine> Check for Matching<E> {
    fn info(&self) -> &'static MethodInfo {
        self.info
    }

    fn check(&self, recipe: &Recipe) -> Result<(), String> {
        recipe.typed::<E>()?.check()
    }

    fn consistent(&self, recipe: &Recipe) -> Result<(), String> {
        recipe.typed::<E>()?.consistent()
    }

    fn adapts(&self) -> Option<Evaluator> {
        E::ADAPTS
    }
}

impl<E: Engine> Method for Matching<E> {
    fn requirements(&self, recipe: &Recipe, _seed: u64) -> Result<Requirements, MethodError> {
        let engine = recipe.typed::<E>().map_err(RecipeError::OutOfRange)?;
        let network = engine.network().map(ToOwned::to_owned);
        let features = engine.first().features();
        Ok(Requirements { whitening: engine.whitens(), network, features, ..Requirements::default() })
    }

    fn start<'a>(&self, start: Start<'a>) -> Result<Box<dyn Distiller + 'a>, MethodError> {
        let engine = start.recipe.typed::<E>().map_err(RecipeError::OutOfRange)?;
        let images = first::images(&start, engine.first())?;
        engine.begin(start, images)
    }
}
