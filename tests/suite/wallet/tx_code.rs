//! Transaction codes: sent by e-mail, never beside the offer, and ended by three wrong tries.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use model::TxCodeMode;
use support::{Access, Environment, Message, Server, Setup, eventually_some, on_both};
use wallet::WalletKey;

use super::common::{asking, count, delete, fetched, offer, offer_to, refused, scan, state, token_with};

/// The code in the last of so many mails.
pub(super) async fn mailed(server: &Server, mails: usize) -> String {
    let folder = server.mail_dir();
    let message = eventually_some("the mail", async || {
        let mut all = Message::all_in(&folder);
        assert!(all.len() <= mails, "more mail than expected");
        // The files are named by their jobs, which are made one after the other.
        (all.len() == mails).then(|| all.pop().expect("a mail"))
    })
    .await;
    code_in(&message)
}

/// The code, which is on a line of its own.
fn code_in(message: &Message) -> String {
    let text = message.part("text/plain");
    let is_code = |line: &&str| {
        [6, 8].contains(&line.len())
            && line.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let codes: Vec<&str> = text.lines().filter(is_code).collect();
    assert_eq!(codes.len(), 1, "{text}");
    codes[0].to_owned()
}

async fn numeric(server: &Server) -> Environment {
    asking(server, "acme", |policy| policy.tx_code = Some(TxCodeMode::Numeric)).await
}

/// A code of the same form that is another.
fn wrong(code: &str) -> String {
    let last = if code.ends_with('7') { '8' } else { '7' };
    format!("{}{last}", &code[..code.len() - 1])
}

on_both!(the_code_is_in_the_mail_and_nowhere_else, async |server: Server| {
    for (place, mode) in [TxCodeMode::Numeric, TxCodeMode::Text].into_iter().enumerate() {
        let name = format!("acme{place}");
        let acme = asking(&server, &name, |policy| policy.tx_code = Some(mode)).await;
        let id = offer(&server, &acme).await;
        let answer = server.claim_code(&acme, &id).await;
        assert_eq!(answer.json()["userPinRequired"], true);
        let code = mailed(&server, place + 1).await;
        assert_eq!(code.len(), mode.length());
        assert_eq!(code.bytes().all(|byte| byte.is_ascii_digit()), mode == TxCodeMode::Numeric, "{code}");
        let mail = Message::all_in(&server.mail_dir()).pop().expect("a mail");
        assert_eq!(mail.header("To"), "ada@example.com");
        for by in ["value", "reference"] {
            for draft in ["1.0", "15", "13", "11"] {
                let offer = server.scanned(&acme, &id, draft, by).await;
                assert!(offer.wants_tx_code, "{draft} {by}");
                assert!(!mail.raw.contains(&offer.code), "the mail would be enough to claim");
            }
        }
        let path = format!("/issuers/{}/credential-offers/{id}/1.0", acme.correlation_id);
        let page = format!("/claim/{id}");
        for text in [answer.text, server.get(&path).await.text, server.get(&page).await.text] {
            assert!(!text.contains(&code), "{text}");
        }
        for link in ["credential-offer", "/claim/"] {
            assert!(!mail.part("text/plain").contains(link), "the mail brings no offer");
        }
        let offer = scan(&server, &acme, &id).await;
        let answer = token_with(&server, &offer, &[("tx_code", &code)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        fetched(&server, &Access::new(offer, &answer.json()), &[&WalletKey::generate()]).await;
    }
});

on_both!(letters_count_whatever_their_case, async |server: Server| {
    let acme = asking(&server, "acme", |policy| policy.tx_code = Some(TxCodeMode::Text)).await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let typed = format!(" {} ", mailed(&server, 1).await.to_lowercase());
    assert_eq!(token_with(&server, &offer, &[("tx_code", &typed)]).await.status, 200);
});

on_both!(a_missing_code_is_no_try, async |server: Server| {
    let acme = numeric(&server).await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let code = mailed(&server, 1).await;
    for _ in 0..5 {
        refused(&token_with(&server, &offer, &[]).await, 400, "invalid_request");
        refused(&token_with(&server, &offer, &[("tx_code", "")]).await, 400, "invalid_request");
    }
    assert_eq!(state(&server, &acme, &id).await, "ACCESS_TOKEN_REQUESTED");
    assert_eq!(token_with(&server, &offer, &[("tx_code", &code)]).await.status, 200);
});

on_both!(two_wrong_tries_are_forgiven, async |server: Server| {
    let acme = numeric(&server).await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let code = mailed(&server, 1).await;
    for typed in [wrong(&code), "no code".to_owned()] {
        refused(&token_with(&server, &offer, &[("tx_code", &typed)]).await, 400, "invalid_grant");
    }
    assert_eq!(token_with(&server, &offer, &[("tx_code", &code)]).await.status, 200);
});

on_both!(three_wrong_tries_end_the_code, async |server: Server| {
    let acme = numeric(&server).await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let code = mailed(&server, 1).await;
    for _ in 0..3 {
        refused(&token_with(&server, &offer, &[("tx_code", &wrong(&code))]).await, 400, "invalid_grant");
    }
    refused(&token_with(&server, &offer, &[("tx_code", &code)]).await, 400, "invalid_grant");
    // Nobody gets three more tries by asking for another code.
    let answer = server.claim_code(&acme, &id).await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    let seconds: i64 = answer.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=600).contains(&seconds), "{seconds}");
    let path = format!("/issuers/{}/credential-offers/{id}/1.0", acme.correlation_id);
    assert_eq!(server.get(&path).await.status, 429);
    server.clock.advance(seconds + 1);
    let again = scan(&server, &acme, &id).await;
    assert_ne!(again.code, offer.code);
    let second = mailed(&server, 2).await;
    refused(&token_with(&server, &offer, &[("tx_code", &code)]).await, 400, "invalid_grant");
    assert_eq!(token_with(&server, &again, &[("tx_code", &second)]).await.status, 200);
});

on_both!(many_guesses_at_once_are_three, async |server: Server| {
    let acme = numeric(&server).await;
    let replica = server.replica(Setup { jobs: false, ..Setup::default() }).await;
    let servers = [&server, &replica];
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let code = mailed(&server, 1).await;
    let guess = async |place: usize| {
        token_with(servers[place % 2], &offer, &[("tx_code", &format!("{:06}", guess_number(&code, place)))])
            .await
    };
    let answers = join_all((0..20).map(guess)).await;
    let mut reasons = Vec::new();
    for answer in &answers {
        reasons.push(refused(answer, 400, "invalid_grant"));
    }
    let looked_at = reasons.iter().filter(|reason| reason.contains("is wrong")).count();
    assert_eq!(looked_at, 3, "{reasons:?}");
    refused(&token_with(&server, &offer, &[("tx_code", &code)]).await, 400, "invalid_grant");
    assert_eq!(count(&server, "access_token").await, 0);
});

/// Twenty guesses, none of them right.
fn guess_number(code: &str, place: usize) -> usize {
    (code.parse::<usize>().expect("digits") + 1 + place) % 1_000_000
}

on_both!(a_right_code_is_no_wrong_try, async |server: Server| {
    let acme = asking(&server, "acme", |policy| {
        policy.tx_code = Some(TxCodeMode::Numeric);
        policy.require_dpop = true;
    })
    .await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let code = mailed(&server, 1).await;
    // The wallet types the right code, and is told again and again that it lacks something else.
    for _ in 0..4 {
        let answer = server.ask_token(&offer, Some(&code), None).await;
        refused(&answer, 400, "invalid_dpop_proof");
    }
    let answer = server.ask_token(&offer, Some(&code), Some(&WalletKey::generate())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
});

on_both!(a_new_claim_code_has_a_new_transaction_code, async |server: Server| {
    let acme = numeric(&server).await;
    let mut codes = BTreeSet::new();
    for (place, email) in ["ada@example.com", "grace@example.com"].into_iter().enumerate() {
        let id = offer_to(&server, &acme, email).await;
        scan(&server, &acme, &id).await;
        codes.insert(mailed(&server, 2 * place + 1).await);
        // Shown again, it is the same code, and nothing is sent.
        server.clock.advance(300);
        scan(&server, &acme, &id).await;
        server.clock.advance(301);
        scan(&server, &acme, &id).await;
        codes.insert(mailed(&server, 2 * place + 2).await);
    }
    assert_eq!(codes.len(), 4, "one in a million that this is chance: {codes:?}");
});

on_both!(nothing_is_mailed_for_an_offer_that_is_gone, async |server: Server| {
    let server = server.afresh(Setup { jobs: false, ..Setup::default() }).await;
    let acme = numeric(&server).await;
    let id = offer(&server, &acme).await;
    scan(&server, &acme, &id).await;
    assert_eq!(delete(&server, &acme, &id).await, 204);
    let late = offer(&server, &acme).await;
    scan(&server, &acme, &late).await;
    server.clock.advance(601);
    while server.engine.run_jobs().await.expect("the database answers") > 0 {}
    assert!(Message::all_in(&server.mail_dir()).is_empty(), "one is gone, the other is over");
});

on_both!(who_has_no_address_is_offered_nothing_that_takes_a_code, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut nameless = acme.offer("", "Nobody");
    nameless["email"] = serde_json::Value::Null;
    let made = server.offers(&acme, &[nameless]).await;
    // Where a code is asked for, no such offer can be made; but this one is there already.
    crate::wallet::common::change(&server, &acme, |program| {
        program.wallet.tx_code = Some(TxCodeMode::Numeric);
    })
    .await;
    let answer = server.claim_code(&acme, made[0]["id"].as_str().expect("an id")).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "credential_offer_email_missing"));
    assert_eq!(count(&server, "claim_code").await, 0);
});
