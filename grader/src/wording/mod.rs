//! Everything that the grader says to people, in both languages of the course: its own words, and those of the course
//! with what was seen put into them. Pure: nothing here reads, writes, or knows the time.

mod answers;
pub mod caret;
pub mod cause;
pub mod course;
pub mod messages;
pub mod scene;
pub mod steps;
pub mod symptoms;
pub mod transcript;
