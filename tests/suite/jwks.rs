//! A tenant's JWKS: when it is fetched, how long it serves, and what is said when it cannot be had.

use std::time::Duration;

use futures_util::future::join_all;
use issuance::{AdminError, FetchError, JwksSettings, NewTenant};
use model::{Clock, PartnerKeys};
use serde_json::json;
use support::{Database, JwksHost, Partner, PartnerKey, Reply, Server, Setup, on_both};

/// A hash that no credential has.
const NOBODYS: &str = "239704895d0c4693d33ee7ab9e37c6eb295f178d80074a32d4ace53b1a779c44";

/// A partner whose keys are at a host.
async fn partner_at(server: &Server, name: &str, key: PartnerKey, host: &JwksHost) -> Partner {
    server.partner_with(name, key, PartnerKeys::Url(host.url.clone())).await
}

/// What is said of a fresh token that is signed by this key: 200 and nothing if it is accepted.
async fn tried(server: &Server, partner: &Partner, key: &PartnerKey) -> Option<String> {
    let claims = partner.claims("ada@example.com", &server.clock).with_header("kid", key.kid.as_str());
    tried_token(server, &claims.sign(&key.key)).await
}

async fn tried_token(server: &Server, token: &str) -> Option<String> {
    let answer = server.status(token, NOBODYS).await;
    match answer.status {
        404 => None,
        401 => Some(answer.message()),
        _ => panic!("neither accepted nor refused: {}", answer.text),
    }
}

fn not_found(kid: &str) -> Option<String> {
    let message = format!(
        "kid not found: your JWKS has no usable signing key \"{kid}\". Publish the key before you sign with it."
    );
    Some(message)
}

fn unreachable(why: &str) -> Option<String> {
    let message = format!(
        "JWKS endpoint unreachable: {why}. Your JWKS URL must answer over public https with a JSON Web Key Set."
    );
    Some(message)
}

on_both!(a_jwks_is_kept_as_long_as_cache_control_says_within_bounds, async |server: Server| {
    const MINUTE: i64 = 60;
    const DAY: i64 = 86_400;
    for (place, (cache_control, fresh)) in [
        (Some("max-age=600"), 600),
        (Some("public, MAX-AGE=120, must-revalidate"), 120),
        (Some("max-age=\"120\""), 120),
        (Some("max-age=1"), MINUTE),
        (Some("no-store"), MINUTE),
        (Some("no-cache, max-age=600"), MINUTE),
        (Some("max-age=604800"), DAY),
        (Some("max-age=soon"), 300),
        (None, 300),
    ]
    .into_iter()
    .enumerate()
    {
        let key = PartnerKey::es256("k");
        let reply = Reply::keys(&[&key]);
        let reply = match cache_control {
            Some(value) => reply.header("cache-control", value),
            None => reply,
        };
        let host = JwksHost::start(reply).await;
        let partner = partner_at(&server, &format!("acme {place}"), key, &host).await;
        for (advance, asked) in [(0, 1), (0, 1), (fresh - 10, 1), (15, 2), (0, 2)] {
            server.clock.advance(advance);
            assert_eq!(tried(&server, &partner, &partner.key).await, None);
            assert_eq!(host.asked(), asked, "{cache_control:?}, {advance} s later");
        }
    }
});

on_both!(an_unknown_kid_forces_one_fetch_in_ten_seconds, async |server: Server| {
    let (key, new) = (PartnerKey::es256("old"), PartnerKey::es256("new"));
    let host = JwksHost::start(Reply::keys(&[&key])).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    assert_eq!(tried(&server, &partner, &partner.key).await, None);
    assert_eq!(tried(&server, &partner, &new).await, not_found("new"));
    assert_eq!(host.asked(), 1, "the keys were fetched a moment ago");
    server.clock.advance(11);
    for _ in 0..5 {
        assert_eq!(tried(&server, &partner, &new).await, not_found("new"));
        assert_eq!(host.asked(), 2, "one look, and no more for ten seconds");
    }
    host.now_answers(Reply::keys(&[&partner.key, &new]));
    assert_eq!(tried(&server, &partner, &new).await, not_found("new"));
    server.clock.advance(11);
    assert_eq!(tried(&server, &partner, &new).await, None, "rotation: the new key is found");
    assert_eq!(tried(&server, &partner, &partner.key).await, None, "and the old one still serves");
    assert_eq!(host.asked(), 3);
});

on_both!(many_requests_at_once_cause_one_fetch, async |server: Server| {
    let (key, new) = (PartnerKey::es256("old"), PartnerKey::es256("new"));
    let slowly = Duration::from_millis(200);
    let host = JwksHost::start(Reply::keys(&[&key]).after(slowly)).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    let all = async |key: &PartnerKey| join_all((0..64).map(|_| tried(&server, &partner, key))).await;
    assert_eq!(all(&partner.key).await, vec![None; 64], "with an empty cache");
    assert_eq!(host.asked(), 1);
    server.clock.advance(11);
    assert_eq!(all(&new).await, vec![not_found("new"); 64], "with a kid that nobody has");
    assert_eq!(host.asked(), 2);
    server.clock.advance(11);
    host.now_answers(Reply::keys(&[&partner.key, &new]).after(slowly));
    assert_eq!(all(&new).await, vec![None; 64], "with a kid that is new");
    assert_eq!(host.asked(), 3);
    server.clock.advance(301);
    assert_eq!(all(&partner.key).await, vec![None; 64], "when the cache is no longer fresh");
    assert_eq!(host.asked(), 4);
    server.clock.advance(11);
    host.now_answers(Reply::ok("gone").status(500).after(slowly));
    assert_eq!(all(&PartnerKey::es256("third")).await, vec![not_found("third"); 64], "while it is down");
    assert_eq!(host.asked(), 5);
});

on_both!(a_cold_cache_and_a_host_that_is_down_cause_one_fetch_too, async |server: Server| {
    let key = PartnerKey::es256("k");
    let host = JwksHost::start(Reply::ok("no").status(503).after(Duration::from_millis(200))).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    let why = unreachable("it answered 503; 200 is wanted, and redirects are not followed");
    let all = join_all((0..64).map(|_| tried(&server, &partner, &partner.key))).await;
    assert_eq!(all, vec![why.clone(); 64]);
    assert_eq!(host.asked(), 1);
    host.now_answers(Reply::keys(&[&partner.key]));
    assert_eq!(tried(&server, &partner, &partner.key).await, why, "not asked again for ten seconds");
    server.clock.advance(11);
    assert_eq!(tried(&server, &partner, &partner.key).await, None);
});

on_both!(a_removed_key_takes_its_remembered_tokens_with_it, async |server: Server| {
    let (key, new) = (PartnerKey::es256("old"), PartnerKey::es256("new"));
    let host = JwksHost::start(Reply::keys(&[&key]).header("cache-control", "max-age=60")).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    let token = partner.token("ada@example.com", &server.clock);
    assert_eq!(tried_token(&server, &token).await, None);
    host.now_answers(Reply::keys(&[&new]).header("cache-control", "max-age=60"));
    assert_eq!(tried_token(&server, &token).await, None, "until the next refresh");
    server.clock.advance(61);
    assert_eq!(tried_token(&server, &token).await, not_found("old"));
    assert_eq!(tried(&server, &partner, &new).await, None);
});

on_both!(a_key_that_keeps_its_kid_but_not_its_numbers_takes_its_tokens_with_it, async |server: Server| {
    let (key, new) = (PartnerKey::es256("same"), PartnerKey::es256("same"));
    let host = JwksHost::start(Reply::keys(&[&key]).header("cache-control", "max-age=60")).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    let token = partner.token("ada@example.com", &server.clock);
    assert_eq!(tried_token(&server, &token).await, None);
    host.now_answers(Reply::keys(&[&new]));
    server.clock.advance(61);
    let invalid =
        "Invalid signature: the Partner JWT was not signed by the key that its kid names in your JWKS.";
    assert_eq!(tried_token(&server, &token).await.as_deref(), Some(invalid));
    assert_eq!(tried(&server, &partner, &new).await, None);
});

/// A server that lets stale keys serve for an hour.
async fn hour_of_grace(database: Database) -> Server {
    let jwks = JwksSettings { max_stale: 3_600, ..JwksSettings::default() };
    Server::start_with(database, Setup { jwks, ..Setup::default() }).await
}

async fn while_the_url_is_down(server: Server) {
    let key = PartnerKey::es256("k");
    let host = JwksHost::start(Reply::keys(&[&key])).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    let exp = server.clock.now().seconds() + 20_000;
    let token = partner.claims("ada@example.com", &server.clock).with("exp", exp).sign(&partner.key.key);
    assert_eq!(tried_token(&server, &token).await, None);
    host.now_answers(Reply::ok("down").status(502));
    server.clock.advance(400);
    assert_eq!(tried(&server, &partner, &partner.key).await, None, "a cached key still serves");
    server.clock.advance(3_100);
    assert_eq!(tried(&server, &partner, &partner.key).await, None, "for nearly an hour");
    server.clock.advance(200);
    let why = unreachable("it answered 502; 200 is wanted, and redirects are not followed");
    assert_eq!(tried(&server, &partner, &partner.key).await, why, "and no longer");
    assert_eq!(tried_token(&server, &token).await, why, "nor does a remembered token");
    host.now_answers(Reply::keys(&[&partner.key]));
    server.clock.advance(11);
    assert_eq!(tried(&server, &partner, &partner.key).await, None, "until the URL is up again");
    assert_eq!(tried_token(&server, &token).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cached_keys_serve_while_the_url_is_down_on_sqlite() {
    while_the_url_is_down(hour_of_grace(Database::Sqlite).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cached_keys_serve_while_the_url_is_down_on_postgres() {
    while_the_url_is_down(hour_of_grace(Database::Postgres).await).await;
}

fn bad_jwks(why: &str) -> Option<String> {
    Some(format!("The registered JWKS is not a JSON Web Key Set: {why}."))
}

/// What a host may answer instead of usable keys, and what is said of it.
fn bad_answers(elsewhere: &JwksHost) -> Vec<(Reply, Option<String>)> {
    let key = PartnerKey::es256("k");
    let status = |code: u16| {
        unreachable(&format!("it answered {code}; 200 is wanted, and redirects are not followed"))
    };
    let padded = format!("{{\"keys\":[{}]{}}}", key.jwk(), " ".repeat(70_000));
    let many: Vec<_> = (0..101).map(|_| key.jwk()).collect();
    let html = "<!doctype html><title>Sign in</title>";
    vec![
        (Reply::ok(padded), unreachable("its answer is larger than 65536 bytes")),
        (Reply::ok("").status(302).header("location", &elsewhere.url), status(302)),
        (Reply::ok("").status(301).header("location", &elsewhere.url), status(301)),
        (Reply::ok("").status(308).header("location", &elsewhere.url), status(308)),
        (Reply::keys(&[&key]).status(404), status(404)),
        (Reply::keys(&[&key]).status(500), status(500)),
        (Reply::keys(&[&key]).status(206), status(206)),
        (
            Reply::ok(html).header("content-type", "text/html"),
            bad_jwks("the JWK Set is not valid JSON: expected value at line 1 column 1"),
        ),
        (
            Reply::ok(""),
            bad_jwks("the JWK Set is not valid JSON: EOF while parsing a value at line 1 column 0"),
        ),
        (Reply::ok(key.jwk().to_string()), bad_jwks("a JWK Set is a JSON object with an array `keys`")),
        (Reply::ok("[]"), bad_jwks("a JWK Set is a JSON object with an array `keys`")),
        (
            Reply::ok(json!({"keys": many}).to_string()),
            bad_jwks("the JWK Set has 101 keys; at most 100 are read"),
        ),
        (Reply::keys(&[]), not_found("k")),
        (Reply::ok(json!({"keys": [1, null, "k", {}]}).to_string()), not_found("k")),
        (
            Reply::ok(json!({"keys": [{"kty": "oct", "kid": "k", "k": "c2VjcmV0"}]}).to_string()),
            not_found("k"),
        ),
    ]
}

on_both!(each_way_in_which_a_jwks_cannot_be_had_is_named, async |server: Server| {
    let elsewhere = JwksHost::start(Reply::keys(&[&PartnerKey::es256("k")])).await;
    for (place, (reply, message)) in bad_answers(&elsewhere).into_iter().enumerate() {
        let host = JwksHost::start(reply).await;
        let partner = partner_at(&server, &format!("acme {place}"), PartnerKey::es256("k"), &host).await;
        assert_eq!(tried(&server, &partner, &partner.key).await, message, "row {place}");
    }
    assert_eq!(elsewhere.asked(), 0, "redirects are not followed");
    let gone = JwksHost::start(Reply::keys(&[])).await;
    let partner = partner_at(&server, "gone", PartnerKey::es256("k"), &gone).await;
    drop(gone);
    let why = unreachable("no connection could be made (name, port or TLS certificate)");
    assert_eq!(tried(&server, &partner, &partner.key).await, why);
});

on_both!(a_host_that_never_answers_is_given_up_after_five_seconds, async |server: Server| {
    let host = JwksHost::start(Reply::keys(&[]).after(Duration::from_secs(3_600))).await;
    let partner = partner_at(&server, "acme", PartnerKey::es256("k"), &host).await;
    let why = unreachable("it did not answer within 5 s");
    let all = join_all((0..8).map(|_| tried(&server, &partner, &partner.key))).await;
    assert_eq!(all, vec![why; 8], "all of them share the one attempt");
    assert_eq!(host.asked(), 1);
});

on_both!(a_slow_host_delays_nobody_who_has_cached_keys, async |server: Server| {
    let key = PartnerKey::es256("k");
    let host = JwksHost::start(Reply::keys(&[&key])).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    assert_eq!(tried(&server, &partner, &partner.key).await, None);
    server.clock.advance(301);
    host.now_answers(Reply::keys(&[]).after(Duration::from_secs(3_600)));
    let refreshing = tried(&server, &partner, &partner.key);
    let others = async {
        while host.asked() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let asking = join_all((0..8).map(|_| tried(&server, &partner, &partner.key)));
        tokio::time::timeout(Duration::from_secs(4), asking).await.expect("they do not wait for the host")
    };
    let (refreshing, others) = futures_util::future::join(refreshing, others).await;
    assert_eq!(others, vec![None; 8]);
    assert_eq!(refreshing, None, "and whoever refreshed goes on with the cached keys");
});

on_both!(leaked_private_members_are_warned_of_and_the_key_still_works, async |server: Server| {
    let key = PartnerKey::es256("leaky");
    let mut leaky = key.jwk();
    leaky["d"] = json!("c2VjcmV0");
    let oct = json!({"kty": "oct", "kid": "mac", "k": "c2VjcmV0"});
    let host = JwksHost::start(Reply::ok(json!({"keys": [oct, leaky]}).to_string())).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    assert_eq!(tried(&server, &partner, &partner.key).await, None);
    let tenant = server.store.tenant(&partner.id.as_str().into()).await.expect("answers").expect("there");
    let (usable, warnings) = server.engine.probe_partner_keys(&tenant).await.expect("the keys");
    assert_eq!(usable, 1);
    assert_eq!(
        warnings,
        [
            "key `mac` publishes its private member `k`: anybody can sign as you; replace the key",
            "key `mac` is ignored: key type `oct` is not accepted; use EC or RSA",
            "key `leaky` publishes its private member `d`: anybody can sign as you; replace the key",
        ]
    );
    assert!(!format!("{warnings:?}").contains("c2VjcmV0"), "what leaked is not repeated");
});

on_both!(another_registration_is_used_at_once, async |server: Server| {
    let (key, new) = (PartnerKey::es256("old"), PartnerKey::es256("new"));
    let host = JwksHost::start(Reply::keys(&[&key])).await;
    let partner = partner_at(&server, "acme", key, &host).await;
    assert_eq!(tried(&server, &partner, &partner.key).await, None);
    let moved = JwksHost::start(Reply::keys(&[&new])).await;
    let url = moved.url.clone();
    server.change_tenant(&partner, |tenant| tenant.partner_keys = PartnerKeys::Url(url)).await;
    assert_eq!(tried(&server, &partner, &new).await, None);
    assert_eq!(tried(&server, &partner, &partner.key).await, not_found("old"));
});

async fn in_production(server: Server) {
    const PRIVATE: &str =
        "its host is not on the public Internet (loopback, private and link-local addresses are refused)";
    let host = JwksHost::start(Reply::keys(&[])).await;
    let port = host.url.rsplit(':').next().expect("a port");
    let acme = server.partner("acme").await;
    let key = PartnerKey::es256("k");
    for (url, why, error) in [
        (host.url.clone(), "it is not an https URL", Some(FetchError::Scheme)),
        ("ftp://example.com/jwks.json".to_owned(), "it is not an https URL", Some(FetchError::Scheme)),
        (format!("https://127.0.0.1:{port}"), PRIVATE, Some(FetchError::Address)),
        (format!("https://[::1]:{port}"), PRIVATE, Some(FetchError::Address)),
        ("https://169.254.169.254/latest".to_owned(), PRIVATE, Some(FetchError::Address)),
        ("https://10.1.2.3/jwks.json".to_owned(), PRIVATE, Some(FetchError::Address)),
        ("https://2130706433/".to_owned(), PRIVATE, Some(FetchError::Address)),
        // A name is found out when it is connected to.
        (format!("https://localhost:{port}"), PRIVATE, None),
    ] {
        let partner_keys = PartnerKeys::Url(url.clone());
        let new = NewTenant {
            id: None,
            name: "other".to_owned(),
            partner_keys: partner_keys.clone(),
            issue_on_behalf: true,
            ignore_is_conflict: false,
            env_id: None,
            own_offers_only: false,
            claim_draft: model::OfferDraft::Draft11,
        };
        match (server.engine.create_tenant(new, &server.guarded).await, error) {
            (Ok(_), None) => {}
            (Err(AdminError::JwksUrl(found)), Some(wanted)) => assert_eq!(found, wanted, "{url}"),
            (other, _) => panic!("{url}: {other:?}"),
        }
        // It may have been registered while the server ran in development mode.
        server.change_tenant(&acme, |tenant| tenant.partner_keys = partner_keys).await;
        assert_eq!(tried(&server, &acme, &key).await, unreachable(why), "{url}");
    }
    assert_eq!(host.asked(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_wants_https_and_public_addresses_on_sqlite() {
    let setup = Setup { development: false, ..Setup::default() };
    in_production(Server::start_with(Database::Sqlite, setup).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_wants_https_and_public_addresses_on_postgres() {
    let setup = Setup { development: false, ..Setup::default() };
    in_production(Server::start_with(Database::Postgres, setup).await).await;
}
