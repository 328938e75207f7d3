//! Whose offers a user sees and changes: the environment's, or, where the tenant wants that, its own.

use model::Role;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Environment, Server, on_both};

/// Two users who have made an offer of each state, and whoever may look over their shoulders.
struct World {
    acme: Environment,
    /// A user.
    ada: String,
    /// Another one.
    bob: String,
    /// A user who audits, too.
    both: String,
}

/// The offers of one user.
struct Offers {
    ready: String,
    claimed: String,
    revoked: String,
}

impl World {
    async fn new(server: &Server) -> Self {
        let acme = server.environment("acme").await;
        let ada = acme.keys.user.clone();
        let bob = server.api_key(&acme.partner, &[Role::User]).await;
        let both = server.api_key(&acme.partner, &[Role::User, Role::Auditor]).await;
        server.change_tenant(&acme.partner, |tenant| tenant.own_offers_only = true).await;
        Self { acme, ada, bob, both }
    }

    async fn call(
        &self,
        server: &Server,
        key: &str,
        method: Method,
        rest: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let answer = server.call(&self.acme, key, method, rest, body).await;
        (answer.status, serde_json::from_str(&answer.text).unwrap_or_default())
    }

    async fn make(&self, server: &Server, key: &str, name: &str) -> String {
        let body = self.acme.bulk(&[self.acme.offer(&format!("{name}@example.com"), name)]);
        let (status, made) = self.call(server, key, Method::POST, "/credential-offers", Some(&body)).await;
        assert_eq!(status, 201, "{made}");
        made["credentialOffers"][0]["id"].as_str().expect("an id").to_owned()
    }

    async fn offers(&self, server: &Server, key: &str, name: &str) -> Offers {
        let ready = self.make(server, key, name).await;
        let (claimed, revoked) = (self.make(server, key, name).await, self.make(server, key, name).await);
        for id in [&claimed, &revoked] {
            server.claim(&self.acme, id).await.expect("claims");
        }
        assert_eq!(self.revoke(server, key, &revoked).await, None);
        Offers { ready, claimed, revoked }
    }

    /// The code of what stands in the way.
    async fn revoke(&self, server: &Server, key: &str, id: &str) -> Option<String> {
        let body = json!({"revoke": [{"id": id, "revocationReason": "Left"}]});
        let path = "/credential-offers/revoke";
        let (status, answer) = self.call(server, key, Method::PATCH, path, Some(&body)).await;
        assert_eq!(status, 200, "{answer}");
        let done = answer["revocations"].as_array().expect("a list").len();
        let code = answer["failed"][0]["code"].as_str().map(str::to_owned);
        assert_eq!(done, usize::from(code.is_none()), "{answer}");
        code
    }

    /// The ids that a list shows, and how many rows it says there are.
    async fn listed(&self, server: &Server, key: &str, query: &str) -> (Vec<String>, i64) {
        let path = format!("/credential-offers?{query}");
        let (status, answer) = self.call(server, key, Method::GET, &path, None).await;
        assert_eq!(status, 200, "{answer}");
        let rows = answer["data"].as_array().expect("a list").iter();
        let mut ids: Vec<String> = rows.map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
        ids.sort_unstable();
        (ids, answer["meta"]["totalItems"].as_i64().expect("a number"))
    }
}

impl Offers {
    fn ids(&self) -> Vec<String> {
        let mut ids = vec![self.ready.clone(), self.claimed.clone(), self.revoked.clone()];
        ids.sort_unstable();
        ids
    }
}

const NOT_FOUND: &str = "credential_offer_not_found";

on_both!(a_user_sees_its_own_and_others_see_all, async |server: Server| {
    let world = World::new(&server).await;
    let adas = world.offers(&server, &world.ada, "ada").await;
    let bobs = world.offers(&server, &world.bob, "bob").await;
    let mut all = [adas.ids(), bobs.ids()].concat();
    all.sort_unstable();
    let bobs_ids = format!("filter.id=$in:{}", bobs.ids().join(","));
    let search = "filter.search=$fulltext:bob";
    for key in [&world.acme.keys.admin, &world.acme.keys.auditor, &world.both] {
        assert_eq!(world.listed(&server, key, "limit=100").await, (all.clone(), 6));
        for query in [bobs_ids.as_str(), search] {
            assert_eq!(world.listed(&server, key, query).await, (bobs.ids(), 3), "{query}");
        }
        for id in &all {
            let path = format!("/credential-offers/{id}");
            assert_eq!(world.call(&server, key, Method::GET, &path, None).await.0, 200);
        }
    }
    assert_eq!(world.listed(&server, &world.ada, "limit=100").await, (adas.ids(), 3));
    for query in [
        &bobs_ids,
        search,
        "filter.email=bob@example.com",
        "filter.createdBy=$not:$null&filter.email=$sw:bob",
    ] {
        assert_eq!(world.listed(&server, &world.ada, query).await, (vec![], 0), "{query}");
    }
    // An alternative does not open what the rule closes.
    let query = "filter.email=$or:ada@example.com&filter.email=$or:bob@example.com";
    assert_eq!(world.listed(&server, &world.ada, query).await, (adas.ids(), 3));
    assert_eq!(world.listed(&server, &world.ada, "limit=0").await, (vec![], 3));
    for (ids, status) in [(adas.ids(), 200), (bobs.ids(), 404)] {
        for id in ids {
            let path = format!("/credential-offers/{id}");
            let (found, answer) = world.call(&server, &world.ada, Method::GET, &path, None).await;
            assert_eq!(found, status, "{answer}");
        }
    }
});

on_both!(a_user_changes_its_own_only, async |server: Server| {
    let world = World::new(&server).await;
    let adas = world.offers(&server, &world.ada, "ada").await;
    let bobs = world.offers(&server, &world.bob, "bob").await;
    // Reading all of them as an auditor does not mean changing them.
    for key in [&world.ada, &world.both] {
        let path = format!("/credential-offers/{}", bobs.ready);
        let (status, answer) = world.call(&server, key, Method::DELETE, &path, None).await;
        assert_eq!((status, answer["code"].as_str()), (404, Some(NOT_FOUND)));
        for id in [&bobs.ready, &bobs.claimed, &bobs.revoked] {
            assert_eq!(world.revoke(&server, key, id).await.as_deref(), Some(NOT_FOUND));
        }
        let path = "/credential-offers/resend-revocation-email";
        let body = json!({"credentialOfferId": bobs.revoked});
        let (status, answer) = world.call(&server, key, Method::POST, path, Some(&body)).await;
        assert_eq!((status, answer["code"].as_str()), (404, Some(NOT_FOUND)));
    }
    let path = "/credential-offers/share-with-email";
    let body = json!({"credentialOfferIds": [bobs.ready, adas.ready]});
    let (status, shared) = world.call(&server, &world.ada, Method::POST, path, Some(&body)).await;
    assert_eq!(status, 201, "{shared}");
    assert_eq!((&shared[0]["status"], &shared[0]["code"]), (&json!("FAILED"), &json!(NOT_FOUND)));
    assert_eq!(shared[1]["status"], "ENQUEUED");
    // Its own it changes, and the admin changes everybody's.
    assert_eq!(world.revoke(&server, &world.ada, &adas.claimed).await, None);
    assert_eq!(world.revoke(&server, &world.acme.keys.admin, &bobs.claimed).await, None);
    for (key, id) in [(&world.ada, &adas.ready), (&world.acme.keys.admin, &bobs.ready)] {
        let path = format!("/credential-offers/{id}");
        assert_eq!(world.call(&server, key, Method::DELETE, &path, None).await.0, 204);
    }
    let trail = server.find(&world.acme, &format!("/audit-trail?filter.target={}", bobs.ready)).await.json();
    assert_eq!(trail["meta"]["totalItems"], 2, "made and deleted, and nothing that was refused: {trail}");
});

on_both!(type_usage_tells_of_what_one_sees, async |server: Server| {
    let world = World::new(&server).await;
    world.make(&server, &world.ada, "ada").await;
    let schema = json!({"type": "object", "properties": {"fullName": {"type": "string"}}});
    let other = server.program_with_schema(&world.acme.partner, &schema).await;
    let mut body = world.acme.bulk(&[world.acme.offer("bob@example.com", "Bob")]);
    body["credentialOffers"][0]["credentialId"] = json!(other);
    let (status, made) =
        world.call(&server, &world.bob, Method::POST, "/credential-offers", Some(&body)).await;
    assert_eq!((status, &made["failedCredentialOffers"]), (201, &json!([])));
    let usage = async |key: &str| {
        let path = "/credential-offers/type-usage";
        let (status, usage) = world.call(&server, key, Method::GET, path, None).await;
        assert_eq!(status, 200, "{usage}");
        let rows = usage.as_array().expect("a list").iter();
        rows.map(|row| row["credentialType"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    let first = world.acme.credential_id.clone();
    assert_eq!(usage(&world.ada).await, std::slice::from_ref(&first));
    assert_eq!(usage(&world.bob).await, std::slice::from_ref(&other));
    for key in [&world.acme.keys.admin, &world.acme.keys.auditor, &world.both] {
        assert_eq!(usage(key).await, [other.clone(), first.clone()], "latest first");
    }
});

on_both!(searches_are_ones_own_unless_one_audits, async |server: Server| {
    let world = World::new(&server).await;
    let admin = world.acme.keys.admin.clone();
    for own_offers_only in [true, false] {
        server.change_tenant(&world.acme.partner, |tenant| tenant.own_offers_only = own_offers_only).await;
        let word = if own_offers_only { "narrow" } else { "wide" };
        for (key, who) in [(&world.ada, "ada"), (&world.bob, "bob"), (&admin, "admin"), (&world.both, "both")]
        {
            world.listed(&server, key, &format!("filter.email={word}.{who}@example.com")).await;
        }
        let history = async |key: &str| {
            let path = "/credential-offers/search-history?sortBy=createdAt:ASC";
            let (status, answer) = world.call(&server, key, Method::GET, path, None).await;
            assert_eq!(status, 200, "{answer}");
            let rows = answer["data"].as_array().expect("a list").iter();
            rows.filter_map(|row| row["searchQuery"]["filter"]["email"].as_str()?.split_once('@'))
                .filter_map(|(who, _)| who.strip_prefix(&format!("{word}.")).map(str::to_owned))
                .collect::<Vec<_>>()
        };
        assert_eq!(history(&world.ada).await, ["ada"]);
        assert_eq!(history(&world.bob).await, ["bob"]);
        for key in [&admin, &world.acme.keys.auditor, &world.both] {
            assert_eq!(history(key).await, ["ada", "bob", "admin", "both"]);
        }
    }
});

on_both!(the_rule_is_about_the_user_and_ends_with_the_setting, async |server: Server| {
    let world = World::new(&server).await;
    let adas = world.offers(&server, &world.ada, "ada").await;
    let bobs = world.offers(&server, &world.bob, "bob").await;
    // A second key of the same user sees what the first one made.
    let path = format!("/credential-offers/{}", adas.ready);
    let (_, offer) = world.call(&server, &world.ada, Method::GET, &path, None).await;
    let body = json!({"name": "second", "roles": ["Issuer_User"], "userId": offer["createdBy"]});
    let admin = &world.acme.keys.admin;
    let (status, second) = world.call(&server, admin, Method::POST, "/api-keys", Some(&body)).await;
    assert_eq!(status, 201, "{second}");
    assert_eq!(second["userId"], offer["createdBy"]);
    let second = second["rawKey"].as_str().expect("a key").to_owned();
    assert_eq!(world.listed(&server, &second, "limit=100").await, (adas.ids(), 3));
    let third = world.make(&server, &second, "ada").await;
    assert_eq!(world.listed(&server, &world.ada, "limit=100").await.1, 4);
    assert_eq!(world.listed(&server, &world.bob, "limit=100").await, (bobs.ids(), 3));
    // Whoever knows an offer's id may claim it, whoever made it.
    for id in [&third, &bobs.ready] {
        let path = world.acme.path(&format!("/credential-offers/{id}/claim"));
        assert_eq!(server.get(&path).await.status, 200);
    }
    server.change_tenant(&world.acme.partner, |tenant| tenant.own_offers_only = false).await;
    for key in [&world.ada, &world.bob, &second] {
        assert_eq!(world.listed(&server, key, "limit=100").await.1, 7);
    }
    assert_eq!(world.revoke(&server, &world.ada, &bobs.claimed).await, None, "the whole environment");
});
