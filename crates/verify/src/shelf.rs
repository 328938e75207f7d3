//! What was read of fetched documents, kept as long as the documents stay the same.

use std::fmt;
use std::sync::Arc;

use moka::sync::Cache;

/// What a document's text was read as.
#[derive(Debug)]
pub(crate) struct Read<T> {
    raw: Arc<str>,
    pub(crate) value: T,
}

/// Read documents by their addresses. Reading is dear (signatures, decompression, compilation); to see that a text is the one
/// that was read before is cheap.
pub(crate) struct Shelf<T>(Cache<String, Arc<Read<T>>>);

impl<T> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shelf").finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Shelf<T> {
    pub(crate) fn new(capacity: u64) -> Self {
        Self(Cache::new(capacity))
    }

    /// What was read of `raw`, found at `address`, if it was.
    pub(crate) fn known(&self, address: &str, raw: &Arc<str>) -> Option<Arc<Read<T>>> {
        let same = |known: &Arc<Read<T>>| Arc::ptr_eq(&known.raw, raw) || known.raw == *raw;
        self.0.get(address).filter(same)
    }

    /// What `raw`, found at `address`, reads as.
    pub(crate) fn read<E>(
        &self,
        address: &str,
        raw: &Arc<str>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Arc<Read<T>>, E> {
        if let Some(known) = self.known(address, raw) {
            return Ok(known);
        }
        let value = Arc::new(Read { raw: Arc::clone(raw), value: read(raw)? });
        self.0.insert(address.to_owned(), Arc::clone(&value));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_again_when_it_has_changed_and_only_then() {
        let shelf = Shelf::new(10);
        let read = |raw: &str, times: &mut i32| {
            let read = shelf.read("https://a.example/", &Arc::from(raw), |raw| {
                *times += 1;
                raw.parse::<i32>()
            });
            read.map(|read| read.value)
        };
        let mut times = 0;
        assert_eq!(read("1", &mut times), Ok(1));
        assert_eq!(read("1", &mut times), Ok(1));
        assert_eq!(times, 1);
        assert_eq!(read("2", &mut times), Ok(2));
        assert!(read("x", &mut times).is_err());
        assert_eq!(
            read("2", &mut times),
            Ok(2),
            "what could not be read does not take the place of what could"
        );
        assert_eq!(times, 3);
    }
}
