//! What the page holds, and what it lets a browser do.

use std::num::NonZeroU32;

use reqwest::Method;
use serde_json::json;
use server::Limits;
use support::{Answer, Environment, Form, PIXEL, Server, Setup, on_both};

use super::common::{NOTHING, claim, delete, offer, offer_until, open, revoke};

/// The address behind the button.
fn button(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("<a class=\"button\" href=\"").expect("a button");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The page's nonce, which its policy, its style and its script agree about.
fn nonce(page: &Answer) -> String {
    let policy = page.header("content-security-policy").expect("a policy");
    let nonces: Vec<&str> =
        policy.split("'nonce-").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    let [script, style] = nonces[..] else { panic!("{policy}") };
    assert_eq!((script, script.len()), (style, 32), "{policy}");
    assert!(page.text.contains(&format!("<style nonce=\"{script}\">")), "{}", page.text);
    script.to_owned()
}

/// Makes an offer in the name of a profile with this name and logo; its id.
async fn offer_of(server: &Server, acme: &Environment, name: &str) -> String {
    let form = Form::default().text("name", name).file("image", "logo.png", PIXEL);
    let profile = server.send_form(acme, &acme.keys.admin, "/organisation-profiles", &form).await;
    assert_eq!(profile.status, 201, "{}", profile.text);
    let mut body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    body["organisationProfileId"] = profile.json()["id"].clone();
    let made = server.call(acme, &acme.keys.user, Method::POST, "/credential-offers", Some(&body)).await;
    made.json()["credentialOffers"][0]["id"].as_str().expect("an id").to_owned()
}

on_both!(who_offers_what, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer_of(&server, &acme, "Zoë & Söhne").await;
    let page = open(&server, &id, "en").await;
    assert_eq!(page.status, 200, "{}", page.text);
    for text in [
        "<title>Zoë &#38; Söhne has a credential for you</title>",
        "<h1><bdi>Zoë &#38; Söhne</bdi> has a credential for you</h1>",
        "<bdi>Example Credential</bdi></h2>",
        "alt=\"Logo of Zoë &#38; Söhne\"",
        "<h2>Waiting for your wallet</h2>",
        "<svg viewBox=\"0 0 ",
        "<noscript>",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(!page.text.contains("ada@example.com") && !page.text.contains("Ada"), "nothing about the person");
    let code = server.get(&acme.path(&format!("/credential-offers/{id}/claim"))).await;
    assert!(button(&page).starts_with("openid-credential-offer://?credential_offer"), "{}", button(&page));
    assert_eq!(code.status, 200, "{}", code.text);
    let (_, logo) = page.text.split_once("<img src=\"").expect("a logo");
    let logo = logo.split('"').next().unwrap_or_default();
    assert!(logo.starts_with(&format!("{}/images/", server.url)), "{logo}");
    assert_eq!(server.get(logo.strip_prefix(&server.url).unwrap_or_default()).await.status, 200);
});

on_both!(a_name_is_a_text_whatever_it_holds, async |server: Server| {
    let acme = server.environment("acme").await;
    for name in [
        "</title><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'; alert(1); '",
        "</style><style>body{display:none}",
        "{{ nonce }} {% raw %} &lt;b&gt;",
        "\u{202e}gro.live",
    ] {
        let id = offer_of(&server, &acme, name).await;
        for language in ["en", "zh"] {
            let page = open(&server, &id, language).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let escaped = [("&", "&#38;"), ("<", "&#60;"), (">", "&#62;"), ("\"", "&#34;"), ("'", "&#39;")]
                .iter()
                .fold(name.to_owned(), |text, (character, entity)| text.replace(character, entity));
            assert!(page.text.contains(&format!("<h1><bdi>{escaped}</bdi>")), "{}", page.text);
            assert!(!name.contains('<') || !page.text.contains(name), "{}", page.text);
            assert_eq!(page.text.matches("<script").count(), 1, "{}", page.text);
            assert_eq!(page.text.matches("<style").count(), 2, "one of them without scripts: {}", page.text);
        }
    }
});

on_both!(a_browser_may_do_nothing_that_the_page_does_not_need, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let (first, second) = (open(&server, &id, "en").await, open(&server, &id, "en").await);
    assert_ne!(nonce(&first), nonce(&second));
    for page in [first, open(&server, NOTHING, "en").await] {
        let nonce = nonce(&page);
        let policy = page.header("content-security-policy").expect("a policy");
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; \
                 connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            )
        );
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        for inline in [" onclick=", " onload=", " onerror=", " style=", "javascript:"] {
            assert!(!page.text.contains(inline), "{inline}: {}", page.text);
        }
    }
});

on_both!(the_switch_between_wallets_works_without_a_script, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    for (query, chosen) in [
        ("", "current"),
        ("?wallet=current", "current"),
        ("?wallet=older", "older"),
        ("?wallet=oldest", "oldest"),
        ("?wallet=%3Cscript%3E", "current"),
    ] {
        let page = server.get(&format!("/claim/{id}{query}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let link = format!("<a href=\"?wallet={chosen}\" aria-current=\"true\">");
        assert!(page.text.contains(&link), "{query}: {}", page.text);
        assert_eq!(page.text.matches(" aria-current=").count(), 1, "{}", page.text);
        assert!(button(&page).starts_with("openid-credential-offer://?"), "{}", page.text);
    }
});

on_both!(why_there_is_nothing_to_claim, async |server: Server| {
    let acme = server.environment("acme").await;
    let expiring = offer_until(&server, &acme, Some(300)).await;
    let (claimed, revoked, deleted) =
        (offer(&server, &acme).await, offer(&server, &acme).await, offer(&server, &acme).await);
    claim(&server, &acme, &claimed).await;
    claim(&server, &acme, &revoked).await;
    revoke(&server, &acme, &revoked).await;
    delete(&server, &acme, &deleted).await;
    server.clock.advance(301);
    for (id, status, title) in [
        (claimed.as_str(), 409, "This credential has been claimed already"),
        (&revoked, 410, "This credential was revoked"),
        (&expiring, 410, "This offer has expired"),
        (&deleted, 404, "There is nothing to claim here"),
        (NOTHING, 404, "There is nothing to claim here"),
        ("no-uuid", 404, "There is nothing to claim here"),
        ("%ff%fe", 404, "There is nothing to claim here"),
    ] {
        let page = open(&server, id, "en").await;
        assert_eq!(page.status, status, "{id}: {}", page.text);
        assert!(page.text.contains(&format!("<h1>{title}</h1>")), "{id}: {}", page.text);
        assert!(page.text.contains(&format!("<title>{title}</title>")), "{id}: {}", page.text);
        assert!(
            !page.text.contains("openid-credential-offer") && !page.text.contains("<script"),
            "{}",
            page.text
        );
    }
});

on_both!(a_head_is_answered_like_a_page, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    for (id, status) in [(id.as_str(), 200), (NOTHING, 404)] {
        let answer = server.send(server.request(Method::HEAD, &format!("/claim/{id}"))).await;
        assert_eq!((answer.status, answer.text.as_str()), (status, ""));
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.header("content-security-policy").is_some());
    }
    let answer = server.send(server.request(Method::POST, &format!("/claim/{id}")).json(&json!({}))).await;
    assert_eq!(answer.status, 405, "{}", answer.text);
});

on_both!(a_page_that_is_opened_too_often_says_so, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let limits = Limits { public_requests_per_minute: NonZeroU32::new(2), ..Limits::default() };
    let limited = server.replica(Setup { limits, ..Setup::default() }).await;
    assert_eq!(open(&limited, &id, "de").await.status, 200);
    assert_eq!(open(&limited, &id, "de").await.status, 200);
    let page = open(&limited, &id, "de").await;
    assert_eq!((page.status, page.header("content-language")), (429, Some("de")));
    assert!(page.text.contains("<h1>Zu viele Anfragen</h1>"), "{}", page.text);
    let seconds: u64 = page.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    let events = limited.get(&format!("/claim/{id}/events")).await;
    assert_eq!(events.status, 429, "one budget for both: {}", events.text);
});
