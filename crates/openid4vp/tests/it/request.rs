//! Authorization requests (section 5).

use jose::jwe::DecryptionKey;
use jose::{b64url_decode, b64url_encode};
use openid4vp::dcql::DcqlQuery;
use openid4vp::request::{
    Algorithms, ClientId, ClientIdPrefix, INVOCATION, Request, RequestError, RequestUriMethod, ResponseMode,
    WalletPost, by_reference, client_metadata, wallet_post,
};
use openid4vp::response::ResponseError;
use serde_json::{Value, json};
use url::Url;

use crate::common::{card, object, query};

const URI: &str = "https://verifier.example/presentations/1/response";
const DID: &str = "did:web:127.0.0.1%3A40043";

fn algorithms() -> Algorithms<'static> {
    Algorithms { credentials: &["ES256", "ES384"], holders: &["ES256", "EdDSA"] }
}

fn did() -> ClientId {
    ClientId::DecentralizedIdentifier(DID.to_owned())
}

fn redirect() -> ClientId {
    ClientId::RedirectUri(URI.to_owned())
}

fn asked() -> DcqlQuery {
    query(&card(json!({ "claims": [{ "path": ["name\u{e9} & co"] }] })))
}

fn key() -> DecryptionKey {
    DecryptionKey::from_scalar(&[7; 32]).unwrap()
}

fn request<'a>(
    client_id: &'a ClientId,
    dcql_query: &'a DcqlQuery,
    client_metadata: &'a Value,
) -> Request<'a> {
    Request {
        client_id,
        response_uri: URI,
        response_mode: ResponseMode::DirectPost,
        nonce: "n-0S6_WzA2Mj",
        state: "eyJhb.~sVA",
        dcql_query,
        client_metadata,
        transaction_data: &[],
        wallet_nonce: None,
        iat: 1_795_363_800,
        exp: 1_795_364_100,
    }
}

fn parameters(uri: &str) -> Vec<(String, String)> {
    let pairs = Url::parse(uri).unwrap();
    pairs.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

#[test]
fn client_ids_have_their_prefix() {
    // The examples of section 5.9.3.
    let hash = "Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk";
    let hashed = ClientId::X509Hash(b64url_decode(hash).unwrap().try_into().unwrap());
    for (client_id, expected) in [
        (
            ClientId::RedirectUri("https://client.example.org/cb".into()),
            "redirect_uri:https://client.example.org/cb",
        ),
        (
            ClientId::DecentralizedIdentifier("did:example:123".into()),
            "decentralized_identifier:did:example:123",
        ),
        (ClientId::X509SanDns("client.example.org".into()), "x509_san_dns:client.example.org"),
        (hashed, &format!("x509_hash:{hash}")),
    ] {
        assert_eq!(client_id.to_string(), expected);
        assert_eq!(client_id.prefix().signs(), client_id.prefix() != ClientIdPrefix::RedirectUri);
        let name = json!(client_id.prefix().as_str());
        assert_eq!(serde_json::to_value(client_id.prefix()).unwrap(), name);
        assert_eq!(serde_json::from_value::<ClientIdPrefix>(name).unwrap(), client_id.prefix());
    }
    assert_eq!(ClientIdPrefix::default(), ClientIdPrefix::DecentralizedIdentifier);
    for mode in [ResponseMode::DirectPost, ResponseMode::DirectPostJwt] {
        assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
        assert_eq!(serde_json::from_value::<ResponseMode>(json!(mode.as_str())).unwrap(), mode);
    }
}

#[test]
fn the_payload_of_a_request_object() {
    let (client_id, asked, metadata) = (did(), asked(), json!({ "vp_formats_supported": {} }));
    let data = ["eyJ0eXBlIjoieCJ9".to_owned()];
    let plain = request(&client_id, &asked, &metadata);
    let mut expected = json!({
        "aud": "https://self-issued.me/v2",
        "response_type": "vp_token",
        "client_id": "decentralized_identifier:did:web:127.0.0.1%3A40043",
        "response_uri": URI,
        "response_mode": "direct_post",
        "nonce": "n-0S6_WzA2Mj",
        "state": "eyJhb.~sVA",
        "dcql_query": asked.to_json(),
        "client_metadata": metadata,
        "iat": 1_795_363_800,
        "exp": 1_795_364_100,
    });
    assert_eq!(plain.payload().unwrap(), expected);
    let more = Request { transaction_data: &data, wallet_nonce: Some("w n\u{e9}"), ..plain };
    expected["transaction_data"] = json!(data);
    expected["wallet_nonce"] = json!("w n\u{e9}");
    assert_eq!(more.payload().unwrap(), expected);
}

#[test]
fn the_metadata_name_what_is_asked_for() {
    let w3c = query(&json!({ "credentials": [
        { "id": "a", "format": "jwt_vc_json", "meta": { "type_values": [["A"]] } },
        { "id": "b", "format": "dc+sd-jwt", "meta": { "vct_values": ["b"] } },
        { "id": "c", "format": "dc+sd-jwt", "meta": { "vct_values": ["c"] } },
    ] }));
    let sd_jwt = json!({ "sd-jwt_alg_values": ["ES256", "ES384"], "kb-jwt_alg_values": ["ES256", "EdDSA"] });
    let both = json!({ "dc+sd-jwt": sd_jwt, "jwt_vc_json": { "alg_values": ["ES256", "ES384", "EdDSA"] } });
    assert_eq!(client_metadata(&w3c, &algorithms(), None), json!({ "vp_formats_supported": both }));
    let mut expected = json!({ "vp_formats_supported": { "dc+sd-jwt": sd_jwt } });
    assert_eq!(client_metadata(&asked(), &algorithms(), None), expected);

    let jwk = key().public_jwk();
    expected["jwks"] = json!({ "keys": [jwk] });
    expected["encrypted_response_enc_values_supported"] = json!(["A128GCM", "A256GCM"]);
    assert_eq!(client_metadata(&asked(), &algorithms(), Some(&key())), expected);
    assert_eq!((&jwk["kty"], &jwk["crv"]), (&json!("EC"), &json!("P-256")));
    assert_eq!((&jwk["use"], &jwk["alg"]), (&json!("enc"), &json!("ECDH-ES")));
    assert!(jwk["kid"].is_string() && jwk.get("d").is_none());
}

#[test]
fn a_request_by_reference() {
    // The example of section 5.4, with the scheme in place of `/authorize`.
    let client_id = ClientId::X509SanDns("client.example.org".to_owned());
    let uri = "https://client.example.org/request/vapof4ql2i7m41m68uep";
    assert_eq!(
        by_reference(INVOCATION, &client_id, uri, RequestUriMethod::Post),
        "openid4vp://?client_id=x509_san_dns%3Aclient.example.org\
         &request_uri=https%3A%2F%2Fclient.example.org%2Frequest%2Fvapof4ql2i7m41m68uep&request_uri_method=post"
    );
    let with_port = by_reference("haip://", &did(), "http://127.0.0.1:40043/r", RequestUriMethod::Get);
    assert!(
        with_port
            .starts_with("haip://?client_id=decentralized_identifier%3Adid%3Aweb%3A127.0.0.1%253A40043&")
    );
    let found = parameters(&with_port);
    assert_eq!(found[0], ("client_id".to_owned(), did().to_string()), "decoding it once gives it back");
    assert_eq!(found[1].1, "http://127.0.0.1:40043/r");
    assert_eq!(found[2].1, "get");
}

#[test]
fn a_wallet_is_called_at_any_address() {
    for (invocation, expected) in [
        ("openid4vp://authorize", "openid4vp://authorize?client_id="),
        ("https://wallet.example/go?tenant=1", "https://wallet.example/go?tenant=1&client_id="),
        ("https://wallet.example/go?", "https://wallet.example/go?client_id="),
    ] {
        let uri = by_reference(invocation, &did(), "https://verifier.example/r", RequestUriMethod::Post);
        assert!(uri.starts_with(expected), "{uri}");
    }
}

#[test]
fn a_request_by_value() {
    let (client_id, asked) = (redirect(), asked());
    let metadata = client_metadata(&asked, &algorithms(), Some(&key()));
    let data = ["eyJ0eXBlIjoieCJ9".to_owned()];
    let request = Request {
        response_mode: ResponseMode::DirectPostJwt,
        transaction_data: &data,
        ..request(&client_id, &asked, &metadata)
    };
    let uri = request.by_value(INVOCATION).unwrap();
    assert!(!uri.contains('+') && !uri.contains(' '), "a plus is read in two ways: {uri}");
    let found = parameters(&uri);
    let value = |name: &str| {
        let mut all = found.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        (all.next().unwrap(), all.next()).0
    };
    assert_eq!(value("client_id"), format!("redirect_uri:{URI}"));
    assert_eq!(value("response_uri"), URI);
    assert_eq!(value("response_type"), "vp_token");
    assert_eq!(value("response_mode"), "direct_post.jwt");
    assert_eq!((value("nonce"), value("state")), ("n-0S6_WzA2Mj", "eyJhb.~sVA"));
    let parsed = |name: &str| serde_json::from_str::<Value>(value(name)).unwrap();
    assert_eq!(parsed("dcql_query"), asked.to_json());
    assert_eq!(parsed("client_metadata"), metadata);
    assert_eq!(parsed("transaction_data"), json!(data));
    assert_eq!(found.len(), 9, "and nothing else: {found:?}");
}

#[test]
fn what_breaks_a_rule_is_not_sent() {
    let (asked, metadata) = (asked(), json!({ "vp_formats_supported": {} }));
    let (did, redirect) = (did(), redirect());
    let good = request(&did, &asked, &metadata);
    assert_eq!(request(&redirect, &asked, &metadata).payload(), Err(RequestError::Unsigned));
    assert_eq!(good.by_value(INVOCATION), Err(RequestError::Signed));
    for odd in ["", "a b", "a+b", "\u{e9}", "a/b"] {
        assert_eq!(Request { nonce: odd, ..good }.payload(), Err(RequestError::Unsafe("nonce")));
        assert_eq!(Request { state: odd, ..good }.payload(), Err(RequestError::Unsafe("state")));
    }
    for odd in ["/response", "ftp://verifier.example/r", "https://verifier.example/r#f", ""] {
        assert_eq!(Request { response_uri: odd, ..good }.payload(), Err(RequestError::ResponseUri));
    }
    let encrypted = Request { response_mode: ResponseMode::DirectPostJwt, ..good };
    assert_eq!(encrypted.payload(), Err(RequestError::NoEncryptionKey));

    let elsewhere = ClientId::RedirectUri(format!("{URI}/"));
    assert_eq!(request(&elsewhere, &asked, &metadata).by_value(INVOCATION), Err(RequestError::ClientId));
    let host = ClientId::X509SanDns("other.example".to_owned());
    assert_eq!(request(&host, &asked, &metadata).payload(), Err(RequestError::ClientId));
    for fit in [ClientId::X509SanDns("verifier.example".to_owned()), ClientId::X509Hash([1; 32])] {
        assert!(request(&fit, &asked, &metadata).payload().is_ok());
    }
}

#[test]
fn what_a_wallet_posts_for_its_request() {
    // The example of section 5.10.
    let body = "wallet_metadata=%7B%22vp_formats_supported%22%3A%7B%22dc%2Bsd-jwt%22%3A%7B%22sd-jwt_alg_values%22%3A%20%5B\
                %22ES256%22%5D%2C%22kb-jwt_alg_values%22%3A%20%5B%22ES256%22%5D%7D%7D%7D&wallet_nonce=qPmxiNFCR3QTm19POc8u";
    let read = wallet_post(body, 4096).unwrap();
    assert_eq!(read.wallet_nonce.as_deref(), Some("qPmxiNFCR3QTm19POc8u"));
    let formats = json!({ "dc+sd-jwt": { "sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"] } });
    assert_eq!(read.wallet_metadata, Some(object(json!({ "vp_formats_supported": formats }))));
    for ignored in ["", "vp_formats_supported=%7B%7D&client_id_prefixes_supported=%5B%5D", "wallet_nonce="] {
        assert_eq!(wallet_post(ignored, 4096).unwrap(), WalletPost::default());
    }
    let nonce = format!("wallet_nonce={}", b64url_encode(&[0; 1000]));
    assert!(matches!(
        wallet_post(&nonce, 4096),
        Err(ResponseError::ParameterTooLong { name: "wallet_nonce", .. })
    ));
    assert!(matches!(wallet_post(&nonce, 100), Err(ResponseError::TooLong { .. })));
    assert!(matches!(wallet_post("wallet_nonce=a&wallet_nonce=a", 100), Err(ResponseError::Duplicate(_))));
    assert!(matches!(wallet_post("wallet_metadata=%7B", 100), Err(ResponseError::Json { .. })));
    assert!(matches!(wallet_post("wallet_metadata=%5B%5D", 100), Err(ResponseError::NotAnObject(_))));
}
