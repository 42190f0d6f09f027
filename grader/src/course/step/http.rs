//! Steps that expect structured answers: HTTP responses, frames of JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::course::cause::Rule;
use crate::course::data::Data;

/// Expect an HTTP response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The connection.
    pub from: String,
    /// The method of the request: an answer to HEAD has no body.
    #[serde(default = "Http::get")]
    pub method: String,
    /// The status codes that are right.
    pub status: Vec<u16>,
    /// Fields that must be there, by name in lower case: the whole value matches this regular expression.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Fields that must not be there, in lower case.
    #[serde(default)]
    pub absent: Vec<String>,
    /// The whole body.
    #[serde(default)]
    pub body: Option<Data>,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

impl Http {
    fn get() -> String {
        "GET".to_owned()
    }
}

/// Expect a frame that holds a JSON object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Json {
    /// The stream.
    pub from: String,
    /// Members that must be there: a text for a string, digits for a number.
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    /// Members that must not be there.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// A member of a JSON object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Member {
    /// A string that is exactly this.
    Text(Data),
    /// A whole number that is exactly this, in decimal digits.
    Number(Data),
    /// Any string on one line that is not empty.
    Line,
}
