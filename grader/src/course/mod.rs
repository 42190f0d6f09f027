//! The course: the forms of its three kinds of file, how they are read, and what must hold in them.
//!
//! Pure: no process, no socket, no clock. `yaml` is the only file that names serde_yaml.

pub mod cause;
pub mod check;
pub mod data;
mod evaluate;
mod files;
mod form;
pub mod load;
mod loading;
pub mod locate;
pub mod model;
pub mod path;
pub mod pieces;
pub mod problem;
mod random;
pub mod schema;
pub mod step;
pub mod template;
mod tree;
pub mod validate;
pub mod words;
pub mod yaml;
