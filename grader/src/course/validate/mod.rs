//! What must hold in a course beyond the form of its files. Pure: takes what was read, and gives all that is wrong
//! with it, each with the path of the value that it is about.
//!
//! `sheet` looks at course.yaml, `catalogue` at causes.yaml, `checks` at one checks.yaml; the others are what these
//! three share.

mod answers;
pub mod catalogue;
pub mod checks;
mod data;
pub mod finding;
mod flow;
mod names;
mod order;
mod places;
mod rules;
pub mod sheet;
mod steps;
mod streams;
pub mod texts;
mod values;
