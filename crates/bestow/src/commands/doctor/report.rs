//! What the checks found, line by line.

/// What a check found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    Warning,
    Failure,
}

/// Prints findings and counts failures.
#[derive(Default)]
pub(super) struct Report {
    pub(super) failures: usize,
}

impl Report {
    pub(super) fn add(&mut self, verdict: Verdict, what: &str, finding: impl std::fmt::Display) {
        let word = match verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warning => "warn",
            Verdict::Failure => "FAIL",
        };
        self.failures += usize::from(verdict == Verdict::Failure);
        println!("{word}  {what:<12}  {finding}");
    }

    pub(super) fn ok(&mut self, what: &str, finding: impl std::fmt::Display) {
        self.add(Verdict::Ok, what, finding);
    }

    pub(super) fn warn(&mut self, what: &str, finding: impl std::fmt::Display) {
        self.add(Verdict::Warning, what, finding);
    }

    pub(super) fn fail(&mut self, what: &str, finding: impl std::fmt::Display) {
        self.add(Verdict::Failure, what, finding);
    }
}
