//! Bytes and letters on their way to people. Pure: nothing here reads, writes, or knows the time.

pub mod bytes;
pub mod fill;
pub mod json;
pub mod similar;
pub mod width;
