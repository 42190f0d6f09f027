//! Steps that make files for the program and look at those that it makes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::course::cause::Rule;
use crate::course::data::Data;

/// Make a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeFile {
    /// Where, from `{dir}`; a name that ends in `/` makes a folder.
    pub path: Data,
    /// What it holds.
    #[serde(default = "MakeFile::empty")]
    pub bytes: Data,
}

impl MakeFile {
    fn empty() -> Data {
        Data::Text(String::new())
    }
}

/// Make a symbolic link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeLink {
    /// Where, from `{dir}`.
    pub path: Data,
    /// What it points to, as it is written into the link.
    pub to: Data,
}

/// Make a FIFO.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeFifo {
    /// Where, from `{dir}`.
    pub path: Data,
}

/// Expect what a file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileIs {
    /// Where, from `{dir}`.
    pub path: Data,
    /// What it holds.
    pub bytes: Data,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}

/// Expect what a folder holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Which folder, from `{dir}`.
    #[serde(rename = "in")]
    pub folder: Data,
    /// The names in it; those that begin with a dot do not count unless `hidden` is said.
    pub names: Vec<Data>,
    /// Names that begin with a dot count, too.
    #[serde(default)]
    pub hidden: bool,
    /// Rules for naming the cause when this step fails.
    #[serde(default)]
    pub causes: Vec<Rule>,
}
