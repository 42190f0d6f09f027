//! The work behind [`super::template::bytes`]: walks data, looks names up, applies filters, and stays within limits.

use md5::{Digest, Md5};

use super::data::{Data, Form, Random};
use super::pieces::{self, Filter, Piece};
use super::random::Source;
use super::template::{MOST_BYTES, TemplateError, Values};
use crate::text::bytes::{hex, unhex};

/// Values that may stand in one another, at most.
pub const MOST_DEEP: usize = 64;

/// Forms and pieces that may be worked out for one value. Values that double one another would otherwise take for
/// ever without ever becoming long.
pub const MOST_WORK: usize = 1 << 18;

/// Bytes that stay below the limit.
#[derive(Default)]
struct Output(Vec<u8>);

impl Output {
    fn push(&mut self, bytes: &[u8]) -> Result<(), TemplateError> {
        self.allow(bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn allow(&self, more: usize) -> Result<(), TemplateError> {
        match self.0.len().checked_add(more) {
            Some(length) if length <= MOST_BYTES => Ok(()),
            _ => Err(TemplateError::TooLong),
        }
    }
}

/// The value that is being worked out. Its random bytes come from one source, one after another; data in a step has
/// no name, and so no random bytes.
#[derive(Default)]
struct Owner<'v> {
    name: Option<&'v str>,
    source: Option<Source>,
}

impl Owner<'_> {
    fn draw(&mut self, random: &Random, values: &Values) -> Result<Vec<u8>, TemplateError> {
        let name = self.name.ok_or(TemplateError::Nameless)?;
        Ok(self.source.get_or_insert_with(|| values.source(name)).draw(random))
    }
}

/// One evaluation.
pub struct Work<'v> {
    values: &'v Values,
    /// The values that are being worked out, the outermost first.
    inside: Vec<&'v str>,
    left: usize,
}

impl<'v> Work<'v> {
    /// An evaluation that has done nothing yet.
    pub fn new(values: &'v Values) -> Work<'v> {
        Work { values, inside: Vec::new(), left: MOST_WORK }
    }

    /// What `data` comes to.
    pub fn data(mut self, data: &'v Data) -> Result<Vec<u8>, TemplateError> {
        let mut out = Output::default();
        self.push(data, &mut Owner::default(), &mut out)?;
        Ok(out.0)
    }

    /// What a text comes to.
    pub fn text(mut self, text: &str) -> Result<Vec<u8>, TemplateError> {
        let mut out = Output::default();
        self.push_text(text, &mut out)?;
        Ok(out.0)
    }

    /// Appends `data`, which stands in the value `owner`, to `out`.
    fn push(&mut self, data: &'v Data, owner: &mut Owner<'v>, out: &mut Output) -> Result<(), TemplateError> {
        self.spend()?;
        match data {
            Data::Text(text) => self.push_text(text, out),
            Data::Parts(parts) => parts.iter().try_for_each(|part| self.push(part, owner, out)),
            Data::Form(form) => self.push_form(form, owner, out),
        }
    }

    fn push_form(&mut self, form: &'v Form, owner: &mut Owner<'v>, out: &mut Output) -> Result<(), TemplateError> {
        match form {
            Form::Hex(digits) => out.push(&unhex(digits).ok_or_else(|| TemplateError::Hex(digits.clone()))?),
            Form::Random(random) => {
                out.allow(random.length)?;
                out.push(&owner.draw(random, self.values)?)
            }
            Form::ClockMs(ms) => out.push(ms.to_string().as_bytes()),
            Form::U32(number) => out.push(&number.to_be_bytes()),
            Form::Frame(data) => {
                let mut inner = Output::default();
                self.push(data, owner, &mut inner)?;
                out.push(&frame(&inner.0)?)
            }
            Form::Repeat(repeat) => {
                let mut once = Output::default();
                self.push(&repeat.bytes, owner, &mut once)?;
                out.allow(once.0.len().checked_mul(repeat.times).ok_or(TemplateError::TooLong)?)?;
                out.push(&once.0.repeat(repeat.times))
            }
        }
    }

    fn push_text(&mut self, text: &str, out: &mut Output) -> Result<(), TemplateError> {
        let pieces = pieces::pieces(text).map_err(|bad| TemplateError::Text { text: text.to_owned(), bad })?;
        for piece in pieces {
            self.spend()?;
            match piece {
                Piece::Plain(plain) => out.push(plain.as_bytes())?,
                Piece::Value { name, filters } => {
                    let value = self.value(&name)?;
                    out.push(&filters.into_iter().try_fold(value, filtered)?)?;
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, name: &str) -> Result<Vec<u8>, TemplateError> {
        let values = self.values;
        if let Some(bytes) = values.given(name) {
            return Ok(bytes.to_vec());
        }
        let (name, data) = values.defined(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
        if self.inside.contains(&name) {
            return Err(TemplateError::Circle(name.to_owned()));
        }
        if self.inside.len() >= MOST_DEEP {
            return Err(TemplateError::TooMuch);
        }
        self.inside.push(name);
        let mut out = Output::default();
        self.push(data, &mut Owner { name: Some(name), source: None }, &mut out)?;
        self.inside.pop();
        Ok(out.0)
    }

    fn spend(&mut self) -> Result<(), TemplateError> {
        self.left = self.left.checked_sub(1).ok_or(TemplateError::TooMuch)?;
        Ok(())
    }
}

/// `bytes` after `filter`.
fn filtered(bytes: Vec<u8>, filter: Filter) -> Result<Vec<u8>, TemplateError> {
    Ok(match filter {
        Filter::Upper => bytes.to_ascii_uppercase(),
        Filter::UnicodeUpper => bytes
            .utf8_chunks()
            .flat_map(|chunk| [chunk.valid().to_uppercase().into_bytes(), chunk.invalid().to_vec()])
            .flatten()
            .collect(),
        Filter::Length => bytes.len().to_string().into_bytes(),
        Filter::Lossy => String::from_utf8_lossy(&bytes).into_owned().into_bytes(),
        Filter::Frame => frame(&bytes)?,
        Filter::Md5 => hex(&Md5::digest(&bytes)).into_bytes(),
    })
}

/// `bytes` behind their length as u32 in network byte order.
fn frame(bytes: &[u8]) -> Result<Vec<u8>, TemplateError> {
    let length = u32::try_from(bytes.len()).map_err(|_| TemplateError::TooLong)?;
    Ok([&length.to_be_bytes(), bytes].concat())
}
