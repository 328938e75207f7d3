//! The outline of a WebP file (RFC 9649).

/// Width and height in pixels.
type Size = (u32, u32);

/// The RIFF container without what follows it; `None` if it breaks off, or if a chunk or a frame claims more than what
/// holds it.
///
/// The decoder reserves memory for what a chunk claims, and for a lossy frame before it compares the frame's size with
/// the canvas, so that a file of a few bytes can ask for much.
pub(crate) fn outline(file: &[u8]) -> Option<&[u8]> {
    let length = usize::try_from(u32_at(file, 4)?).ok()?;
    let container = file.get(..length.checked_add(8)?)?;
    let chunks = container.get(12..)?;
    let (name, payload, _) = split_chunk(chunks)?;
    let canvas =
        if name == b"VP8X" { Some((u24_at(payload, 4)? + 1, u24_at(payload, 7)? + 1)) } else { None };
    fits(chunks, canvas, false).then_some(container)
}

fn fits(mut chunks: &[u8], canvas: Option<Size>, in_frame: bool) -> bool {
    while !chunks.is_empty() {
        let Some((name, payload, rest)) = split_chunk(chunks) else { return false };
        let fit = match name {
            b"VP8 " => frame_fits(payload, canvas),
            // A frame of an animation: its place and duration, then chunks.
            b"ANMF" if !in_frame => payload.get(16..).is_some_and(|chunks| fits(chunks, canvas, true)),
            _ => true,
        };
        if !fit {
            return false;
        }
        chunks = rest;
    }
    true
}

/// Whether a lossy frame (RFC 6386, section 9.1) is no larger than the canvas. Without a canvas the frame's own size is
/// the image's.
fn frame_fits(payload: &[u8], canvas: Option<Size>) -> bool {
    let Some(size) = u32_at(payload, 6) else { return false };
    canvas.is_none_or(|(width, height)| size & 0x3fff <= width && (size >> 16) & 0x3fff <= height)
}

/// The first chunk's name and payload, and what follows it. The padding after an odd payload may be missing at the end.
fn split_chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let name = bytes.first_chunk()?;
    let length = usize::try_from(u32_at(bytes, 4)?).ok()?;
    let (payload, rest) = bytes.get(8..)?.split_at_checked(length)?;
    Some((name, payload, rest.get(length % 2..).unwrap_or_default()))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

fn u24_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|&[low, middle, high]| u32::from_le_bytes([low, middle, high, 0]))
}

#[cfg(test)]
mod tests {
    use super::outline;

    fn chunk(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        let padding = &[0][..payload.len() % 2];
        [name, &length[..], payload, padding].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        chunk(b"RIFF", &[b"WEBP".to_vec(), chunks.concat()].concat())
    }

    fn canvas(width: u8, height: u8) -> Vec<u8> {
        chunk(b"VP8X", &[0, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0])
    }

    fn lossy(width: u16, height: u16) -> Vec<u8> {
        let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
        chunk(b"VP8 ", &[&[0x10, 0, 0, 0x9d, 0x01, 0x2a], &size[..]].concat())
    }

    fn animated(chunks: &[u8]) -> Vec<u8> {
        chunk(b"ANMF", &[&[0; 16], chunks].concat())
    }

    #[test]
    fn ends_with_the_container() {
        let whole = file(&[canvas(9, 7), chunk(b"EXIF", b"odd"), lossy(9, 7)]);
        let longer = [&whole[..], b"<script>"].concat();
        assert_eq!(outline(&longer), Some(&whole[..]));
        for cut in 0..whole.len() {
            assert_eq!(outline(&whole[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn a_chunk_that_claims_more_than_the_file_is_refused() {
        let mut bomb = file(&[canvas(9, 7), chunk(b"EXIF", b"even")]);
        let at = bomb.len() - 8;
        bomb[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(outline(&bomb), None);
    }

    #[test]
    fn a_frame_larger_than_the_canvas_is_refused() {
        assert!(outline(&file(&[canvas(9, 7), animated(&lossy(9, 7))])).is_some());
        for (width, height) in [(10, 7), (9, 8), (16_383, 16_383)] {
            assert_eq!(outline(&file(&[canvas(9, 7), lossy(width, height)])), None);
            assert_eq!(outline(&file(&[canvas(9, 7), animated(&lossy(width, height))])), None);
        }
        assert!(outline(&file(&[lossy(16_383, 16_383)])).is_some());
    }

    #[test]
    fn frames_within_frames_do_not_exhaust_the_stack() {
        let mut nested = Vec::new();
        for _ in 0..2000 {
            nested = animated(&nested);
        }
        assert!(outline(&file(&[canvas(9, 7), nested])).is_some());
    }
}
