//! The page speaks its reader's language.

use support::{Server, on_both};

use super::common::{NOTHING, claim, offer, offer_until, open};

/// A language, what it is called, how the page greets, and what it says of an offer that was claimed.
const LANGUAGES: [[&str; 4]; 5] = [
    ["en-GB,en;q=0.9", "en", " has a credential for you", "This credential has been claimed already"],
    [
        "de-AT,de;q=0.9,en;q=0.8",
        "de",
        " hat einen Nachweis für Sie",
        "Dieser Nachweis wurde bereits abgeholt",
    ],
    ["fr", "fr", " vous propose une attestation", "Cette attestation a déjà été récupérée"],
    ["es-419, en;q=0.1", "es", " tiene una credencial para usted", "Esta credencial ya se ha recogido"],
    ["zh-CN,zh;q=0.9", "zh-Hans", "向您发放一份凭证", "此凭证已被领取"],
];

on_both!(each_reader_reads_their_own_language, async |server: Server| {
    let acme = server.environment("acme").await;
    let ready = offer(&server, &acme).await;
    let claimed = offer(&server, &acme).await;
    claim(&server, &acme, &claimed).await;
    for [header, tag, greeting, already] in LANGUAGES {
        for (id, status, text) in [
            (&ready, 200, format!("<h1><bdi>acme</bdi>{greeting}</h1>")),
            (&claimed, 409, format!("<h1>{already}</h1>")),
        ] {
            let page = open(&server, id, header).await;
            assert_eq!(page.status, status, "{}", page.text);
            assert!(page.text.contains(&text), "{text}: {}", page.text);
            assert!(page.text.contains(&format!("<html lang=\"{tag}\" dir=\"ltr\">")), "{}", page.text);
            assert_eq!(page.header("content-language"), Some(tag));
            let vary: Vec<&str> =
                page.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
            assert!(vary.join(", ").contains("accept-language"), "{vary:?}");
        }
    }
});

on_both!(dates_are_written_as_the_reader_writes_them, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer_until(&server, &acme, Some(86_400)).await;
    let offer = server.find(&acme, &format!("/credential-offers/{id}")).await.json();
    let expiry = offer["expirationDate"].as_str().expect("a moment").replace(".000Z", "Z");
    let (year, day) = (&expiry[..4], expiry[8..10].trim_start_matches('0'));
    for (language, before, after) in [
        ("en", format!(">{day} "), format!(" {year}, ")),
        ("de", format!(">{day}. "), format!(" {year}, ")),
        ("es", format!(">{day} de "), format!(" de {year}, ")),
        ("zh", format!(">{year}年"), format!("月{day}日 ")),
    ] {
        let page = open(&server, &id, language).await.text;
        let (_, date) = page.split_once(&format!("<time datetime=\"{expiry}\"")).expect("the date");
        assert!(date.starts_with(&before) && date[..60].contains(&after), "{language}: {}", &date[..60]);
    }
});

on_both!(whatever_a_header_says_there_is_a_page, async |server: Server| {
    let huge = format!("{}de", "xx;q=0.5,".repeat(3_000));
    for (header, tag) in [
        ("", "en"),
        ("*", "en"),
        ("ja, ko;q=0.9", "en"),
        ("de;q=0", "en"),
        ("en;q=0, *;q=0.5", "de"),
        ("zh-TW", "zh-Hans"),
        ("de;q=zwei, fr;q=0.1", "fr"),
        ("<script>, \"; drop table", "en"),
        (";;;,,,===;q", "en"),
        (huge.as_str(), "en"),
    ] {
        let page = open(&server, NOTHING, header).await;
        assert_eq!((page.status, page.header("content-language")), (404, Some(tag)), "{header:.40}");
        assert!(page.text.contains(&format!("<html lang=\"{tag}\"")), "{}", page.text);
    }
    let request = server.request(reqwest::Method::GET, &format!("/claim/{NOTHING}"));
    let bytes = reqwest::header::HeaderValue::from_bytes(b"\xff\xfe, de").expect("a header may have them");
    let page = server.send(request.header("accept-language", bytes)).await;
    assert_eq!((page.status, page.header("content-language")), (404, Some("en")));
    let page = server.get(&format!("/claim/{NOTHING}")).await;
    assert_eq!((page.status, page.header("content-language")), (404, Some("en")), "no header at all");
});
