//! The events themselves, one JSON object a line: a recording of the run, as it happens.

use std::io::{self, Write};

use crate::event::Event;
use crate::report::Reporter;
use crate::report::file::Document;
use crate::text::json::plain;

/// Writes every event as soon as it happens.
pub struct JsonLines<W> {
    out: W,
}

impl<W: Write> JsonLines<W> {
    /// A recording written to `out`.
    pub fn new(out: W) -> JsonLines<W> {
        JsonLines { out }
    }
}

impl<W: Write> Reporter for JsonLines<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let line = plain(&serde_json::to_string(event)?);
        self.out.write_all(format!("{line}\n").as_bytes())?;
        self.out.flush()
    }
}

impl Document for JsonLines<Vec<u8>> {
    fn render(&self) -> io::Result<Vec<u8>> {
        Ok(self.out.clone())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;
    use crate::course::words::Lang;
    use crate::report::json::Json;
    use crate::report::testing::{one_failure, tell, wording};

    #[test]
    fn every_event_is_a_line_and_a_recording_can_be_replayed() {
        let mut recording = JsonLines::new(Vec::new());
        tell(&mut recording, &one_failure());
        let text = String::from_utf8(recording.render().unwrap()).unwrap();
        assert_eq!(text.lines().count(), one_failure().len());

        let replayed: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (mut live, mut replay) = (Json::new(wording(Lang::En)), Json::new(wording(Lang::En)));
        tell(&mut live, &one_failure());
        tell(&mut replay, &replayed);
        assert_eq!(live.run(), replay.run());
    }
}
