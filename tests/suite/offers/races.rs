//! Many at once: one wins, and what is left behind agrees.

use futures_util::future::{join, join_all};
use serde_json::Value;
use support::{Environment, Server, Setup, on_both, query_texts};

use crate::offers::common::{
    claim_offer, delete, each, get, keys_of_one_user, listed, offer, offers, revoke, share,
};

/// How many rows there are.
async fn count(server: &Server, rows: &str) -> usize {
    let counted =
        query_texts(&server.database_url, &format!("SELECT CAST(COUNT(*) AS TEXT) FROM {rows}")).await;
    counted[0].parse().expect("a number")
}

/// What the audit trail says was done with an offer, oldest first, apart from the codes that were made for it.
async fn trail(server: &Server, acme: &Environment, id: &str) -> Vec<String> {
    let rest = format!("/audit-trail?filter.target={id}&sortBy=createdAt:ASC");
    let trail = listed(server, acme, &rest).await;
    let verbs = each(&trail, "data", "action");
    let verbs = verbs.iter().map(|verb| verb.trim_start_matches("credential_offer.").to_owned());
    verbs.filter(|verb| verb != "claim_code").collect()
}

on_both!(of_many_claims_one_wins, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let servers = [&server, &replica];
    let claims = join_all((0..32).map(|place| claim_offer(servers[place % 2], &acme, &id))).await;
    let hashes: Vec<&String> = claims.iter().flatten().collect();
    assert_eq!(hashes.len(), 1, "{claims:?}");
    // Who came when the offer was claimed, when the code was used, or with a token of their own when it was too late.
    let known = ["credential_offer_already_claimed", "invalid_grant", "credential_request_denied"];
    let lost = claims.iter().filter_map(|claim| claim.as_ref().err());
    lost.for_each(|code| assert!(known.contains(&code.as_str()), "{code}"));
    assert_eq!(get(&server, &acme, &id).await["revocationId"], hashes[0].as_str());
    assert_eq!(count(&server, "credential").await, 1);
    assert_eq!(count(&server, "ledger_entry").await, 1);
    assert_eq!(server.store.holders(100).await.expect("people").len(), 1);
    assert_eq!(trail(&server, &acme, &id).await, ["create", "claim"]);
});

on_both!(a_claim_and_a_deletion_do_not_both_happen, async |server: Server| {
    let acme = server.environment("acme").await;
    let (mut claimed, mut deleted) = (0, 0);
    for round in 0..6 {
        let id = offer(&server, &acme, &format!("person{round}@example.com")).await;
        server.claim_code(&acme, &id).await;
        let claims = join_all((0..16).map(|_| claim_offer(&server, &acme, &id)));
        let deletions = join_all((0..16).map(|_| delete(&server, &acme, &id)));
        let (claims, deletions) = join(claims, deletions).await;
        let won = claims.iter().filter(|claim| claim.is_ok()).count();
        let gone = deletions.iter().filter(|answer| answer.status == 204).count();
        assert_eq!(won + gone, 1, "{claims:?} {deletions:?}");
        (claimed, deleted) = (claimed + won, deleted + gone);
        let (lost, left) = if won == 1 { (409, 1) } else { (404, 0) };
        for answer in deletions.iter().filter(|answer| answer.status != 204) {
            assert_eq!(answer.status, lost, "{}", answer.text);
        }
        let found = listed(&server, &acme, &format!("/credential-offers?filter.id={id}")).await;
        assert_eq!(found["meta"]["totalItems"], left);
        let last = if won == 1 { "claim" } else { "delete" };
        let trail = trail(&server, &acme, &id).await;
        assert_eq!(trail.len(), 2, "{trail:?}");
        assert_eq!(trail.last().map(String::as_str), Some(last));
        let codes = count(&server, &format!("claim_code WHERE subject_id = '{id}'")).await;
        assert_eq!(codes, won);
    }
    assert_eq!(claimed + deleted, 6);
    assert_eq!(count(&server, "credential").await, claimed);
    assert_eq!(count(&server, "ledger_entry").await, claimed);
});

on_both!(claims_deletions_and_revocations_leave_no_half_state, async |server: Server| {
    let acme = server.environment("acme").await;
    let ids = offers(&server, &acme, 12).await;
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let claims = join_all(ids.iter().map(|id| claim_offer(&server, &acme, id)));
    let deletions = join_all(ids.iter().map(|id| delete(&server, &acme, id)));
    let revocations = join_all((0..8).map(|_| revoke(&server, &acme, &all)));
    let ((claims, deletions), revocations) = join(join(claims, deletions), revocations).await;
    let revoked: Vec<&str> =
        revocations.iter().flat_map(|answer| each(answer, "revocations", "id")).collect();
    for ((id, claim), deletion) in ids.iter().zip(&claims).zip(&deletions) {
        assert_eq!(claim.is_ok(), deletion.status != 204, "{claim:?} {}", deletion.text);
        let times = revoked.iter().filter(|revoked| *revoked == id).count();
        assert!(times <= usize::from(claim.is_ok()), "revoked {times} times");
        let trail = trail(&server, &acme, id).await;
        let mut expected = vec!["create", if claim.is_ok() { "claim" } else { "delete" }];
        expected.extend((times == 1).then_some("revoke"));
        assert_eq!(trail, expected);
    }
    let issued = claims.iter().flatten().count();
    assert_eq!(count(&server, "credential").await, issued);
    assert_eq!(count(&server, "credential WHERE holding = 'revoked'").await, revoked.len());
    assert_eq!(count(&server, "offer WHERE status = 'revoked'").await, revoked.len());
    assert_eq!(count(&server, "ledger_entry").await, issued + revoked.len());
});

/// Ids in another order for each place.
fn shuffled(ids: &[String], place: usize) -> Vec<&str> {
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    if place % 2 == 1 {
        ids.reverse();
    }
    let middle = place * 31 % ids.len();
    ids.rotate_left(middle);
    ids
}

on_both!(revocations_of_the_same_offers_in_any_order_agree, async |server: Server| {
    let acme = server.environment("acme").await;
    let ids = offers(&server, &acme, 200).await;
    for id in &ids {
        claim_offer(&server, &acme, id).await.expect("claims");
    }
    let orders: Vec<Vec<&str>> = (0..8).map(|place| shuffled(&ids, place)).collect();
    let answers: Vec<Value> = join_all(orders.iter().map(|order| revoke(&server, &acme, order))).await;
    let mut revoked: Vec<&str> =
        answers.iter().flat_map(|answer| each(answer, "revocations", "id")).collect();
    revoked.sort_unstable();
    let mut wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    assert_eq!(revoked, wanted, "each once");
    for (answer, order) in answers.iter().zip(&orders) {
        let lost = each(answer, "failed", "id");
        let of_both = |id: &&&str| lost.contains(*id);
        assert_eq!(
            lost,
            order.iter().filter(of_both).copied().collect::<Vec<_>>(),
            "in the order of the request"
        );
        let failed = each(answer, "failed", "code");
        assert_eq!(failed.len() + each(answer, "revocations", "id").len(), ids.len());
        assert!(failed.iter().all(|code| *code == "credential_offer_already_revoked"), "{failed:?}");
    }
    assert_eq!(count(&server, "ledger_entry").await, 400);
});

on_both!(many_may_share_the_same_offers_in_any_order, async |server: Server| {
    let acme = server.environment("acme").await;
    // Nobody sends: the jobs are what is raced for.
    let quiet = server.replica(Setup { jobs: false, ..Setup::default() }).await;
    let ids = offers(&quiet, &acme, 100).await;
    let mut keys = Vec::new();
    for _ in 0..6 {
        keys.extend(keys_of_one_user(&server, &acme).await.into_iter().take(1));
    }
    let orders: Vec<Vec<&str>> = (0..6).map(|place| shuffled(&ids, place)).collect();
    let sharing = keys.iter().zip(&orders).map(|(key, order)| share(&quiet, &acme, key, order));
    for answer in join_all(sharing).await {
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    crate::offers::common::eventually("100 mails", async || {
        (crate::offers::common::mails(&server).len() >= 100).then_some(())
    })
    .await;
});
