//! The outline of a JPEG file (ITU-T T.81, annex B).

const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
const END_OF_IMAGE: u8 = 0xd9;

/// The file from its start to its end-of-image marker, without what follows; `None` if the file breaks off before.
///
/// The decoder paints grey what a file that broke off lacks, so that it cannot be asked.
pub(crate) fn outline(file: &[u8]) -> Option<&[u8]> {
    let mut rest = file.strip_prefix(&START_OF_IMAGE)?;
    loop {
        let marker;
        (marker, rest) = next_marker(rest)?;
        if marker == END_OF_IMAGE {
            return file.get(..file.len() - rest.len());
        }
        let length = rest.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)))?;
        rest = rest.get(length..)?;
    }
}

/// The next marker that a segment or the end belongs to, and what follows it. Scan data is stepped over: in it, `ff` is
/// followed by `00` or by a restart marker.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let at = bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0x01 | 0xd0..=0xd8 | 0xff))?;
    Some((bytes[at + 1], &bytes[at + 2..]))
}

#[cfg(test)]
mod tests {
    use super::outline;

    const SCAN: [u8; 20] = [
        0xff, 0xd8, // start
        0xff, 0xe1, 0, 4, 0xff,
        0xd9, // a segment with an end-of-image marker of its own, as of a thumbnail
        0xff, 0xda, 0, 2, // scan
        0xff, 0x00, 0xff, 0xd0, 7, 0xff, // stuffed byte, restart, data, fill byte
        0xff, 0xd9,
    ];

    #[test]
    fn ends_with_the_marker_of_its_own() {
        let longer = [&SCAN[..], b"<script>"].concat();
        assert_eq!(outline(&longer), Some(&SCAN[..]));
    }

    #[test]
    fn a_file_that_breaks_off_has_none() {
        for cut in 0..SCAN.len() {
            assert_eq!(outline(&SCAN[..cut]), None, "cut at {cut}");
        }
    }
}
