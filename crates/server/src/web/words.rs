//! What texts of pages are made of.

/// A sentence around somebody's name.
pub(crate) struct Around {
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
}

impl Around {
    /// The sentence with the name.
    pub(crate) fn with(&self, name: &str) -> String {
        format!("{}{name}{}", self.before, self.after)
    }
}

/// Something to read under a heading.
pub(crate) struct Titled {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
}
