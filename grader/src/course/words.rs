//! Text for people, in both languages of the course. Holds no wording itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The languages that lessons, hints and messages exist in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English
    #[default]
    En,
    /// 简体中文
    Zh,
}

/// One text, said in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The text in English.
    pub en: String,
    /// The text in Simplified Chinese.
    pub zh: String,
}

impl Words {
    /// The text in `lang`.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

/// Hints for one cause, from a nudge (first) to nearly the answer (third).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hints {
    /// Exactly three hints in English.
    pub en: Vec<String>,
    /// Exactly three hints in Simplified Chinese.
    pub zh: Vec<String>,
}

impl Hints {
    /// How many tiers every cause has.
    pub const TIERS: usize = 3;

    /// The tiers in `lang`, in order.
    pub fn get(&self, lang: Lang) -> &[String] {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}
