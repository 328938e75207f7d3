//! How many pages are told at once what becomes of what they show.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// How many streams are open for one address. Several people may share one.
const OF_ONE_ADDRESS: usize = 16;
/// How many streams are open in all: each asks the database once a second.
const IN_ALL: usize = 1_024;

/// The streams that are open in this process.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<HashMap<IpAddr, usize>>);

/// A stream's place among them, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    streams: Arc<Streams>,
    address: IpAddr,
}

impl Streams {
    /// A place for a stream to this address; `None` if it has as many as it may have, or the process has.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= IN_ALL {
            return None;
        }
        let of_address = open.entry(address).or_default();
        if *of_address >= OF_ONE_ADDRESS {
            return None;
        }
        *of_address += 1;
        Some(Place { streams: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_address) = open.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: usize) -> IpAddr {
        IpAddr::from([10, 0, (number / 256) as u8, (number % 256) as u8])
    }

    #[test]
    fn an_address_has_a_few_places() {
        let streams = Arc::new(Streams::default());
        let mut places: Vec<Place> = (0..OF_ONE_ADDRESS).filter_map(|_| streams.take(address(1))).collect();
        assert_eq!(places.len(), OF_ONE_ADDRESS);
        assert!(streams.take(address(1)).is_none());
        assert!(streams.take(address(2)).is_some());
        places.pop();
        assert!(streams.take(address(1)).is_some());
        places.clear();
        assert!(streams.0.lock().unwrap().is_empty(), "nothing is kept of those who went away");
    }

    #[test]
    fn there_are_so_many_places_in_all() {
        let streams = Arc::new(Streams::default());
        let places: Vec<Place> = (0..2 * IN_ALL).filter_map(|number| streams.take(address(number))).collect();
        assert_eq!(places.len(), IN_ALL);
    }
}
