//! The money flow that every team needs, one step a file: a person is onboarded, money comes in, moves, is changed and
//! leaves. The program `quickstart` tells it in order.

pub mod exchanging;
pub mod onboarding;
pub mod receiving;
pub mod sending;
pub mod statement;
pub mod story;
pub mod transferring;

/// What a step may fail with. A program that runs from top to bottom has nothing better to do than to say so.
pub type Step<T> = Result<T, Box<dyn std::error::Error>>;
