//! What the cryptography of one issuance costs on this machine: the floor under the server's CPU time.

use std::hint::black_box;
use std::time::{Duration, Instant};

use iden3::CoreClaim;
use iden3::claim::schema_hash;
use jose::{Jws, SigningKey};
use serde_json::json;

/// How long each operation is repeated.
const MEASURE_FOR: Duration = Duration::from_secs(1);

/// Prints the time of each operation.
///
/// # Errors
///
/// If one of them fails, which would be a defect.
pub(crate) fn print_costs() -> anyhow::Result<()> {
    let es256 = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8())?;
    let rs256 = SigningKey::from_pkcs8_der(&SigningKey::generate_rs256_pkcs8())?;
    for key in [&rs256, &es256] {
        let token = partner_token(key);
        let verification = time(|| Jws::parse(&token)?.verify(key.public_key()))?;
        print_cost(&format!("verify a Partner JWT, {}", key.algorithm().as_str()), verification);
    }
    let schema = schema_hash("https://bench.example/context.jsonld", "Example");
    print_cost("hash a core claim", time(|| core_claim_hash(schema))?);
    print_cost("sign, ES256", time(|| anyhow::Ok(es256.sign(b"a document to be signed")))?);
    Ok(())
}

fn partner_token(key: &SigningKey) -> String {
    let claims = json!({
        "partnerId": "7f01c42c-02cf-4325-96ed-ba034700f724",
        "email": "user@bench.example",
        "scope": "issue on-behalf",
        "exp": 1_900_000_000,
    });
    let header = json!({ "kid": "7f01c42c-02cf-4325-96ed-ba034700f724", "typ": "JWT" });
    key.sign_compact(&header, claims.to_string().as_bytes())
}

/// The claim of a program without the iden3 format: three Poseidon hashes.
fn core_claim_hash(schema: [u8; 16]) -> anyhow::Result<[u8; 32]> {
    let claim = CoreClaim::builder(schema)
        .revocation_nonce(black_box(1))
        .expiration(Some(1_900_000_000))
        .value_digest([7; 32])
        .build()?;
    Ok(claim.core_claim_hash())
}

/// The mean time of an operation, in microseconds.
fn time<T, E>(mut operation: impl FnMut() -> Result<T, E>) -> Result<f64, E> {
    const BATCH: u32 = 100;
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < MEASURE_FOR {
        for _ in 0..BATCH {
            black_box(operation()?);
        }
        count += BATCH;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(count))
}

fn print_cost(operation: &str, microseconds: f64) {
    println!("{operation:<28} {microseconds:7.1} us");
}
