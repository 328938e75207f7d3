//! Measures, on one core, how long it takes to build and sign a credential of three claims, to verify it, and to
//! publish a status list. Run with `cargo run --release -p vc --example issue_rate`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jose::{Jws, SigningKey};
use serde_json::{Map, Value, json};
use vc::jwt_vc::{self, BitstringStatus, JwtVc};
use vc::sd_jwt::{SdJwt, SdJwtVc, TokenStatus};
use vc::status::{Permutation, StatusBits};

const STATUS: &str = "https://issuer.example/t/acme/status/1";

fn sd_jwt_vc<'a>(
    claims: &'a Map<String, Value>,
    none: &'a Map<String, Value>,
    cnf: &'a Value,
) -> SdJwtVc<'a> {
    SdJwtVc {
        iss: "https://issuer.example/t/acme",
        vct: "https://issuer.example/t/acme/vct/member",
        sub: None,
        jti: Some("urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100"),
        iat: 1_750_000_000,
        nbf: None,
        exp: Some(1_900_000_000),
        cnf: Some(cnf),
        status: TokenStatus { idx: 4711, uri: STATUS },
        extra: none,
        claims,
    }
}

fn w3c_vc(claims: &Map<String, Value>) -> JwtVc<'_> {
    JwtVc {
        iss: "did:web:issuer.example:t:acme",
        sub: Some("did:example:holder"),
        jti: "urn:uuid:0f0e0d0c-0b0a-4908-8706-050403020100",
        iat: 1_750_000_000,
        nbf: 1_750_000_000,
        exp: Some(1_900_000_000),
        issuance_date: "2025-06-15T15:06:40Z",
        expiration_date: Some("2030-03-17T17:46:40Z"),
        contexts: &[],
        types: &["MemberCredential"],
        claims,
        status: BitstringStatus { list: STATUS, index: 4711 },
        schema: "https://issuer.example/t/acme/schema/member",
    }
}

fn measure<T>(what: &str, mut run: impl FnMut() -> T) {
    let started = Instant::now();
    let mut count = 0u32;
    while started.elapsed() < Duration::from_secs(1) {
        black_box(run());
        count += 1;
    }
    println!("{what:<42} {:>9.2} us", started.elapsed().as_secs_f64() * 1e6 / f64::from(count));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8())?;
    let claims = json!({ "age": 42, "location": "Zürich", "isMember": true });
    let claims = claims.as_object().ok_or("claims are an object")?;
    let (none, cnf) = (Map::new(), json!({ "jwk": key.public_key().to_jwk() }));
    let sd_jwt_vc = sd_jwt_vc(claims, &none, &cnf);
    let w3c_vc = w3c_vc(claims);
    // Constant salts: only the time matters here.
    let mut salts = |bytes: &mut [u8]| bytes.fill(7);

    let unsigned = sd_jwt_vc.build(0, &mut salts)?;
    let combined = unsigned.sign(&key, "key-1");
    measure("SD-JWT VC: build", || sd_jwt_vc.build(0, &mut salts));
    measure("SD-JWT VC: build and sign (ES256)", || {
        sd_jwt_vc.build(0, &mut salts).map(|unsigned| unsigned.sign(&key, "key-1"))
    });
    measure("SD-JWT VC: parse and process", || {
        SdJwt::parse(&combined).and_then(|sd_jwt| sd_jwt.process_vc(key.public_key()))
    });

    let compact = w3c_vc.build()?.sign(&key, "key-1");
    measure("JWT VC: build", || w3c_vc.build());
    measure("JWT VC: build and sign (ES256)", || w3c_vc.build().map(|unsigned| unsigned.sign(&key, "key-1")));
    measure("JWT VC: parse and verify", || {
        Jws::parse(&compact).map(|jws| jwt_vc::verify(&jws, key.public_key()))
    });

    let permutation = Permutation::new(&[7; 32], 17)?;
    measure("status list: permute an index", || permutation.apply(4711));
    let mut bits = StatusBits::new(1 << 17)?;
    for index in 0..1311 {
        bits.set(permutation.apply(index)?, true)?;
    }
    measure("status list: 2^17 bits, 1 % set, to lst", || bits.to_lst());
    measure("status list: the same, to encodedList", || bits.to_encoded_list());
    Ok(())
}
