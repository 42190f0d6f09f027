//! From what was seen to what it means: records, causes, points. Pure.

pub mod record;
pub mod rules;
pub mod score;
