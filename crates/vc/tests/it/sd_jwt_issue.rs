//! Issuing an SD-JWT VC, and the round trip through a holder to a verifier.

use jose::Jws;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use vc::sd_jwt::{IssueError, MAX_DEPTH, MAX_DISCLOSURES, SdJwt, SdJwtVc, TokenStatus};

use crate::common::{ISSUER, claims, counting, object};

fn credential<'a>(claims: &'a Map<String, Value>, extra: &'a Map<String, Value>) -> SdJwtVc<'a> {
    SdJwtVc {
        iss: "https://issuer.example/t/acme",
        vct: "https://issuer.example/t/acme/vct/member",
        sub: Some("did:example:holder"),
        jti: None,
        iat: 1_750_000_000,
        nbf: None,
        exp: Some(1_900_000_000),
        cnf: None,
        status: TokenStatus { idx: 4711, uri: "https://issuer.example/status/1" },
        extra,
        claims,
    }
}

fn issue(claims: &Map<String, Value>, decoys: usize) -> (Vec<String>, String) {
    let unsigned = credential(claims, &Map::new()).build(decoys, &mut counting()).unwrap();
    (unsigned.disclosures.clone(), unsigned.sign(&ISSUER, "key-1"))
}

fn refusal(claims: Value, extra: Value) -> IssueError {
    credential(&object(claims), &object(extra)).build(0, &mut counting()).unwrap_err()
}

#[test]
fn payload_shows_only_what_is_always_visible() {
    let claims = object(json!({ "age": 42, "location": { "country": "CH" } }));
    let extra = object(json!({ "display": "gold", "level": 1.5 }));
    let cnf = json!({ "jwk": ISSUER.public_key().to_jwk() });
    let vc =
        SdJwtVc { cnf: Some(&cnf), jti: Some("urn:uuid:1"), nbf: Some(7), ..credential(&claims, &extra) };
    let unsigned = vc.build(0, &mut counting()).unwrap();
    let payload: Value = serde_json::from_slice(&unsigned.payload).unwrap();
    let digests = payload["_sd"].clone();
    assert_eq!(
        payload,
        json!({
            "iss": "https://issuer.example/t/acme",
            "vct": "https://issuer.example/t/acme/vct/member",
            "sub": "did:example:holder",
            "jti": "urn:uuid:1",
            "iat": 1_750_000_000,
            "nbf": 7,
            "exp": 1_900_000_000,
            "cnf": cnf,
            "status": { "status_list": { "idx": 4711, "uri": "https://issuer.example/status/1" } },
            "display": "gold",
            "level": 1.5,
            "_sd": digests,
            "_sd_alg": "sha-256",
        })
    );
    assert_eq!(digests.as_array().unwrap().len(), 2);
    assert_eq!(unsigned.disclosures.len(), 2);
}

#[test]
fn header_names_type_and_key_and_the_payload_is_signed_as_built() {
    let claims = object(json!({ "age": 42 }));
    let unsigned = credential(&claims, &Map::new()).build(0, &mut counting()).unwrap();
    let combined = unsigned.sign(&ISSUER, "did:web:issuer.example#key-1");
    let sd_jwt = SdJwt::parse(&combined).unwrap();
    let header = sd_jwt.issuer_jwt().header();
    assert_eq!(header.typ.as_deref(), Some("dc+sd-jwt"));
    assert_eq!(header.kid.as_deref(), Some("did:web:issuer.example#key-1"));
    assert_eq!(sd_jwt.issuer_jwt().payload(), unsigned.payload);
}

/// The byte form of a disclosure is part of what other software hashes: fixed here once.
#[test]
fn disclosure_is_compact_json_of_salt_name_and_value() {
    let claims = object(json!({ "name": "Jürg \"J\"" }));
    let (disclosures, _) = issue(&claims, 0);
    let json = jose::b64url_decode(&disclosures[0]).unwrap();
    assert_eq!(String::from_utf8(json).unwrap(), r#"["AAAAAQAAAAAAAAAAAAAAAA","name","Jürg \"J\""]"#);
}

#[test]
fn decoys_are_sorted_among_the_digests() {
    let claims = object(json!({ "age": 42, "name": "A" }));
    let unsigned = credential(&claims, &Map::new()).build(5, &mut counting()).unwrap();
    let payload: Value = serde_json::from_slice(&unsigned.payload).unwrap();
    let digests: Vec<&str> = payload["_sd"].as_array().unwrap().iter().map(|d| d.as_str().unwrap()).collect();
    assert_eq!(digests.len(), 7);
    assert!(digests.is_sorted());
}

#[test]
fn a_credential_without_claims_has_no_digests() {
    let unsigned = credential(&Map::new(), &Map::new()).build(3, &mut counting()).unwrap();
    let payload: Map<String, Value> = serde_json::from_slice(&unsigned.payload).unwrap();
    assert!(!payload.contains_key("_sd") && !payload.contains_key("_sd_alg"));
    let combined = unsigned.sign(&ISSUER, "key-1");
    assert!(combined.ends_with('~') && combined.matches('~').count() == 1);
    SdJwt::parse(&combined).unwrap().process_vc(ISSUER.public_key()).unwrap();
}

#[test]
fn reserved_names_are_refused() {
    for name in [
        "_sd",
        "_sd_alg",
        "...",
        "iss",
        "nbf",
        "exp",
        "cnf",
        "vct",
        "vct#integrity",
        "aka_vcts",
        "status",
        "sub",
        "iat",
        "jti",
    ] {
        assert_eq!(refusal(json!({ name: 1 }), json!({})), IssueError::ReservedClaim(name.to_owned()));
        assert_eq!(refusal(json!({}), json!({ name: 1 })), IssueError::ReservedClaim(name.to_owned()));
    }
    for nested in [json!({ "_sd": ["x"] }), json!([{ "...": "x" }]), json!({ "a": [{ "b": { "_sd": 1 } }] })]
    {
        assert_eq!(
            refusal(json!({ "claim": nested }), json!({})),
            IssueError::ReservedMember("claim".to_owned())
        );
    }
    let cnf = json!({ "jwk": { "_sd": [] } });
    let (none, mut random) = (Map::new(), counting());
    let error = SdJwtVc { cnf: Some(&cnf), ..credential(&none, &none) }.build(0, &mut random).unwrap_err();
    assert_eq!(error, IssueError::ReservedMember("cnf".to_owned()));
}

#[test]
fn a_claim_is_either_visible_or_disclosable() {
    assert_eq!(
        refusal(json!({ "age": 1 }), json!({ "age": 2 })),
        IssueError::DuplicateClaim("age".to_owned())
    );
}

#[test]
fn limits_of_issuance_are_those_of_processing() {
    let claims: Map<String, Value> = (0..MAX_DISCLOSURES).map(|i| (format!("c{i}"), json!(i))).collect();
    let (_, combined) = issue(&claims, 0);
    SdJwt::parse(&combined).unwrap().process_vc(ISSUER.public_key()).unwrap();
    let error = credential(&claims, &Map::new()).build(1, &mut counting()).unwrap_err();
    assert_eq!(error, IssueError::TooManyClaims(MAX_DISCLOSURES + 1));

    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let claims = object(json!({ "deep": nested(MAX_DEPTH - 1) }));
    let (_, combined) = issue(&claims, 0);
    SdJwt::parse(&combined).unwrap().process_vc(ISSUER.public_key()).unwrap();
    assert_eq!(
        refusal(json!({ "deep": nested(MAX_DEPTH) }), json!({})),
        IssueError::TooDeep("deep".to_owned())
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_the_holder_shows_is_what_the_verifier_sees(claims in claims(), shown: u8, decoys in 0usize..4) {
        let (disclosures, combined) = issue(&claims, decoys);
        let jwt = combined.split('~').next().unwrap();
        let is_shown = |position: usize| shown >> position & 1 == 1;
        let mut presentation = format!("{jwt}~");
        // In reverse: the order of disclosures has no meaning.
        for (position, disclosure) in disclosures.iter().enumerate().rev() {
            if is_shown(position) {
                presentation += &format!("{disclosure}~");
            }
        }
        let mut expected: Map<String, Value> =
            serde_json::from_slice(Jws::parse_within(jwt, usize::MAX).unwrap().payload()).unwrap();
        expected.remove("_sd");
        expected.remove("_sd_alg");
        let shown_claims = claims.iter().enumerate().filter(|(position, _)| is_shown(*position));
        expected.extend(shown_claims.map(|(_, (name, value))| (name.clone(), value.clone())));
        let verified = SdJwt::parse(&presentation).unwrap().process_vc(ISSUER.public_key()).unwrap();
        prop_assert_eq!(verified, expected);

        let all = SdJwt::parse(&combined).unwrap().process_vc(ISSUER.public_key()).unwrap();
        prop_assert!(claims.iter().all(|(name, value)| all.get(name) == Some(value)));
    }

    #[test]
    fn a_changed_character_is_refused(claims in claims(), at: prop::sample::Index, to in "[A-Za-z0-9_~.-]") {
        let (_, combined) = issue(&claims, 0);
        let at = at.index(combined.len());
        prop_assume!(combined[at..=at] != to);
        let mut changed = combined;
        changed.replace_range(at..=at, &to);
        let outcome = SdJwt::parse(&changed).and_then(|sd_jwt| sd_jwt.process(ISSUER.public_key()));
        prop_assert!(outcome.is_err(), "{}", changed);
    }
}
