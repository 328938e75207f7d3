//! What was issued on behalf comes into the person's wallet, by a link that the person alone is sent.

use model::TxCodeMode;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Message, Partner, Server, eventually_some, on_both, refusal};
use wallet::{CredentialOffer, WalletKey};

const EMAIL: &str = "ada@example.com";

/// Asks for the link to be sent.
async fn share(server: &Server, partner: &Partner, hash: &str) -> Answer {
    let path = format!("/v1/credentials/{hash}/share-with-email");
    let token = partner.token(EMAIL, &server.clock);
    server.send(server.request(Method::POST, &path).header("x-partner-auth", token)).await
}

async fn issued(server: &Server, partner: &Partner) -> String {
    let token = partner.token(EMAIL, &server.clock);
    let issued = server.issued(&token, &partner.request()).await;
    issued["coreClaimHash"].as_str().expect("a hash").to_owned()
}

/// The messages that were sent, as text.
fn bodies(server: &Server) -> Vec<String> {
    Message::all_in(&server.mail_dir()).iter().map(|message| message.part("text/plain")).collect()
}

/// What the link in the message names.
async fn reference(server: &Server) -> String {
    let begin = format!("{}/claim/", server.engine.public_url());
    let look = async || {
        let bodies = bodies(server);
        let mut words = bodies.iter().flat_map(|body| body.split_whitespace());
        words.find_map(|word| word.strip_prefix(&begin)).map(str::to_owned)
    };
    eventually_some("the link is sent", look).await
}

async fn offer(server: &Server, partner: &Partner, reference: &str) -> CredentialOffer {
    let path = format!("/issuers/{}/credential-offers/{reference}/1.0", partner.slug);
    CredentialOffer::read(&server.published(&path).await).expect("an offer")
}

on_both!(a_credential_issued_on_behalf_is_claimed_into_a_wallet, async |server: Server| {
    let acme = server.partner("acme").await;
    let hash = issued(&server, &acme).await;
    let answer = share(&server, &acme, &hash).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "ENQUEUED"})), "{}", answer.text);
    let reference = reference(&server).await;
    let page = server.get(&format!("/claim/{reference}")).await;
    assert_eq!(page.status, 200, "{}", page.text);

    let access = server.access(offer(&server, &acme, &reference).await).await;
    let (one, two) = (WalletKey::generate(), WalletKey::generate());
    let mut documents = Vec::new();
    for configuration in &access.offer.configurations {
        let answer = server.ask_credential(&access, configuration, &[&one, &two]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let credentials = answer.json()["credentials"].as_array().expect("a list").clone();
        let text = |entry: &Value| entry["credential"].as_str().expect("a document").to_owned();
        documents.push(credentials.iter().map(text).collect::<Vec<_>>());
        assert_eq!(credentials.len(), 2);
    }
    let sd_jwt = server.verify_sd_jwt(&documents[0][0]).await;
    let jwt_vc = server.verify_jwt_vc(&documents[1][1]).await;
    for (name, value) in acme.request()["credentialSubject"].as_object().expect("an object") {
        assert_eq!([&sd_jwt[name], &jwt_vc["vc"]["credentialSubject"][name]], [value, value]);
    }
    assert_eq!(sd_jwt["cnf"]["jwk"], one.jwk());

    // It is claimed now: nobody is sent a link any more, and the page says so.
    assert_eq!(share(&server, &acme, &hash).await.status, 409);
    assert_eq!(server.get(&format!("/claim/{reference}")).await.status, 409);

    // Replacing it revokes the copies with it.
    let token = acme.token(EMAIL, &server.clock);
    server.issued(&token, &acme.request()).await;
    let status = &sd_jwt["status"]["status_list"];
    let index = u32::try_from(status["idx"].as_u64().expect("an index")).expect("small");
    server.clock.advance(31);
    let list = server.token_status_list(status["uri"].as_str().expect("a list")).await;
    assert!(list.bits.get(index).expect("in the list"));
    let answer = server.ask_credential(&access, &access.offer.configurations[0], &[&one, &two]).await;
    assert_eq!(refusal(&answer), "credential_request_denied");
});

on_both!(knowing_the_id_of_a_credential_is_not_enough, async |server: Server| {
    let acme = server.partner("acme").await;
    let hash = issued(&server, &acme).await;
    let token = acme.token(EMAIL, &server.clock);
    let id = server.credential(&token, &hash).await["vcId"].as_str().expect("an id").to_owned();
    for reference in [id.clone(), format!("{id}."), format!("{id}.AAAAAAAAAAAAAAAAAAAAAA")] {
        assert_eq!(server.get(&format!("/claim/{reference}")).await.status, 404, "{reference}");
        let path = format!("/issuers/{}/credential-offers/{reference}/1.0", acme.slug);
        assert_eq!(server.get(&path).await.status, 404, "{reference}");
    }
});

on_both!(a_link_is_sent_twice_a_minute_at_most, async |server: Server| {
    let acme = server.partner("acme").await;
    let hash = issued(&server, &acme).await;
    for expected in [200, 200, 429] {
        let answer = share(&server, &acme, &hash).await;
        assert_eq!(answer.status, expected, "{}", answer.text);
        assert_eq!(answer.header("retry-after").is_some(), expected == 429);
    }
    server.clock.advance(61);
    assert_eq!(share(&server, &acme, &hash).await.status, 200);
    assert_eq!(share(&server, &acme, &"ab".repeat(32)).await.status, 404);
});

on_both!(the_person_types_the_code_of_another_message, async |server: Server| {
    let acme = server.partner("acme").await;
    server.change_program(&acme, |program| program.wallet.tx_code = Some(TxCodeMode::Numeric)).await;
    let hash = issued(&server, &acme).await;
    assert_eq!(share(&server, &acme, &hash).await.status, 200);
    let reference = reference(&server).await;
    let page = server.get(&format!("/claim/{reference}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let look = async || {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        let bodies = bodies(&server);
        bodies.iter().flat_map(|body| body.lines().map(str::trim)).find(is_code).map(str::to_owned)
    };
    let code = eventually_some("the code is sent", look).await;
    assert!(!page.text.contains(&code));
    let offer = offer(&server, &acme, &reference).await;
    assert!(offer.wants_tx_code);
    assert_eq!(refusal(&server.ask_token(&offer, None, None).await), "invalid_request");
    assert_eq!(server.ask_token(&offer, Some(&code), None).await.status, 200);
});
