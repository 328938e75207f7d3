//! Nothing but the pixels remains.

use crate::files::{self, HTML, MARK, contains, exif, glass, jpeg, picture, png, webp};
use crate::pixels::{safe, shown};

/// None of what [`dirty`] adds is in the file.
fn assert_clean(file: &[u8]) {
    for part in
        [MARK.as_bytes(), HTML, b"Exif", b"EXIF", b"eXIf", b"tEXt", b"iCCP", b"ICC", b"XMP", b"Comment"]
    {
        assert!(!contains(file, part), "{} remains", String::from_utf8_lossy(part));
    }
}

fn dirty_jpeg() -> Vec<u8> {
    let exif = [b"Exif\0\0", &exif(1)[..]].concat();
    let xmp = format!("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>XMP {MARK}</x:xmpmeta>");
    let profile = format!("ICC_PROFILE\0\x01\x01{MARK}");
    let comment = format!("Comment {MARK}");
    let segments: [(u8, &[u8]); 4] =
        [(0xe1, &exif), (0xe1, xmp.as_bytes()), (0xe2, profile.as_bytes()), (0xfe, comment.as_bytes())];
    [&files::with_segments(&jpeg(picture(40, 30)), &segments), HTML].concat()
}

fn dirty_png() -> Vec<u8> {
    let chunks = [
        files::png_chunk(b"eXIf", &exif(1)),
        files::png_chunk(b"tEXt", format!("Comment\0{MARK}").as_bytes()),
        files::png_chunk(b"iTXt", format!("XML:com.adobe.xmp\0\0\0\0\0{MARK}").as_bytes()),
        files::png_chunk(b"pRiV", HTML),
    ];
    [&files::with_png_chunks(&png(glass(40, 30)), &chunks), HTML].concat()
}

fn dirty_webp() -> Vec<u8> {
    let container = files::riff(&[
        files::webp_canvas(0x3c, 40, 30),
        files::riff_chunk(b"ICCP", format!("ICC {MARK}").as_bytes()),
        files::webp_pixels(&webp(glass(40, 30))),
        files::riff_chunk(b"EXIF", &exif(1)),
        files::riff_chunk(b"XMP ", format!("XMP {MARK}").as_bytes()),
        files::riff_chunk(b"pRiV", HTML),
    ]);
    [&container, HTML].concat()
}

#[test]
fn place_comments_profiles_and_markup_are_gone() {
    for dirty in [dirty_jpeg(), dirty_png(), dirty_webp()] {
        assert!(contains(&dirty, MARK.as_bytes()) && contains(&dirty, HTML));
        let safe = safe(&dirty);
        assert_eq!((safe.width, safe.height), (40, 30));
        assert_clean(&safe.bytes);
    }
}

#[test]
fn what_is_taken_away_changes_no_pixel() {
    assert_eq!(shown(&safe(&dirty_png())), glass(40, 30).into());
    assert_eq!(shown(&safe(&dirty_webp())), glass(40, 30).into());
    assert_eq!(safe(&dirty_jpeg()).bytes, safe(&jpeg(picture(40, 30))).bytes);
}

#[test]
fn the_text_form_has_no_content() {
    let text = format!("{:?}", safe(&png(picture(4, 3))));
    assert!(text.starts_with("SafeImage(image/png, 4 x 3, "), "{text}");
    assert!(text.len() < 60, "{text}");
}
