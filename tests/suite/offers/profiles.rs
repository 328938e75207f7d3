//! Organisation profiles, collections, credential templates.

use futures_util::future::join_all;
use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Server, on_both};

use super::images::{LARGEST_LOGO, jpeg_of};
use crate::offers::common::{
    NOTHING, Part, create, each, form, get, id_of, list, listed, picture, refused, upload,
};

const PROFILES: &str = "/organisation-profiles";
const COLLECTIONS: &str = "/credential-offer-collections";

async fn profile(server: &Server, acme: &Environment, parts: &[Part<'_>]) -> Answer {
    upload(server, acme, PROFILES, form(parts)).await
}

/// The names of the default profiles: there is one.
async fn defaults(server: &Server, acme: &Environment) -> Vec<String> {
    let all = listed(server, acme, &format!("{PROFILES}?limit=100")).await;
    let defaults = list(&all, "data").iter().filter(|profile| profile["isDefault"] == true);
    defaults.map(|profile| profile["name"].as_str().expect("a name").to_owned()).collect()
}

on_both!(a_profile_has_a_name_and_a_logo, async |server: Server| {
    let acme = server.environment("acme").await;
    let logo = picture(ImageFormat::WebP);
    let answer = profile(&server, &acme, &[Part::text("name", "Zo\u{eb} & Söhne"), Part::image(&logo)]).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.json();
    let members: Vec<&String> = made.as_object().expect("an object").keys().collect();
    assert_eq!(members.len(), 11, "{members:?}");
    assert_eq!((&made["name"], &made["isDefault"]), (&json!("Zo\u{eb} & Söhne"), &json!(false)));
    assert_eq!(made["pspEnvironmentId"], acme.id.as_str());
    assert_eq!(made["image"]["mimeType"], "image/webp");
    let image = server.follow(made["image"]["keyUrl"].as_str().expect("a URL")).await;
    assert_eq!((image.status, image.header("content-type")), (200, Some("image/webp")));
    let id = id_of(&made);
    assert_eq!(listed(&server, &acme, &format!("{PROFILES}/{id}")).await, made);
    let all = listed(&server, &acme, PROFILES).await;
    assert_eq!(list(&all, "data")[0], made, "latest first");

    // It is what people see.
    let mut body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    body["organisationProfileId"] = json!(id);
    let offers = create(&server, &acme, &body).await.json();
    assert_eq!(offers["organisationProfile"], made);
    let offer = id_of(&list(&offers, "credentialOffers")[0]).to_owned();
    assert_eq!(get(&server, &acme, &offer).await["organisationProfile"], made);
    let invitation = server.get(&acme.path(&format!("/credential-offers/{offer}/claim"))).await.json();
    assert_eq!(invitation["organisationProfile"], json!({"name": made["name"], "image": made["image"]}));
    let umbrella = server.environment("umbrella").await;
    for id in [id, NOTHING] {
        let answer = server.find(&umbrella, &format!("{PROFILES}/{id}")).await;
        refused(&answer, 404, "organisation_profile_not_found");
    }
    refused(&server.find(&acme, &format!("{PROFILES}/1")).await, 400, "invalid_request");
});

on_both!(a_profile_that_is_none_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let bad = "invalid_request";
    for name in ["", "   ", "a\nb", "a\u{0}b", &"\u{e4}".repeat(65)] {
        refused(&profile(&server, &acme, &[Part::text("name", name)]).await, 400, bad);
    }
    refused(&profile(&server, &acme, &[Part::text("title", "Acme")]).await, 400, bad);
    let wrong = [Part::text("name", "Acme"), Part::text("isDefault", "yes")];
    refused(&profile(&server, &acme, &wrong).await, 400, bad);
    let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";
    let with_logo =
        async |logo: &[u8]| profile(&server, &acme, &[Part::text("name", "Acme"), Part::image(logo)]).await;
    refused(&with_logo(gif).await, 415, "image_type_not_supported");
    refused(&with_logo(&jpeg_of(LARGEST_LOGO + 1)).await, 413, "image_too_large");
    assert_eq!(listed(&server, &acme, PROFILES).await["meta"]["totalItems"], 1);
    let answer = with_logo(&jpeg_of(LARGEST_LOGO)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(profile(&server, &acme, &[Part::text("name", &"\u{e4}".repeat(64))]).await.status, 201);
});

on_both!(there_is_one_default, async |server: Server| {
    let acme = server.environment("acme").await;
    assert_eq!(defaults(&server, &acme).await, ["acme"], "the first");
    let second = [Part::text("name", "second"), Part::text("isDefault", "true")];
    let second = profile(&server, &acme, &second).await.json();
    assert_eq!(second["isDefault"], true);
    assert_eq!(defaults(&server, &acme).await, ["second"]);
    profile(&server, &acme, &[Part::text("name", "third"), Part::text("isDefault", "false")]).await;
    assert_eq!(defaults(&server, &acme).await, ["second"]);
    let mut body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    body.as_object_mut().expect("an object").remove("organisationProfileId");
    let offers = create(&server, &acme, &body).await.json();
    assert_eq!(offers["organisationProfile"], second);
});

on_both!(at_once_there_is_one_default, async |server: Server| {
    let acme = server.environment("acme").await;
    let names: Vec<String> = (0..16).map(|number| format!("profile {number}")).collect();
    let making = names.iter().enumerate().map(|(place, name)| {
        let parts = [
            Part::text("name", name),
            Part::text("isDefault", if place % 4 == 3 { "false" } else { "true" }),
        ];
        let body = form(&parts);
        upload(&server, &acme, PROFILES, body)
    });
    for answer in join_all(making).await {
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    assert_eq!(defaults(&server, &acme).await.len(), 1);
    assert_eq!(listed(&server, &acme, PROFILES).await["meta"]["totalItems"], 17);
});

/// Without any, at once, one of the first becomes the default.
async fn without_profiles(server: &Server) -> Environment {
    let acme = server.environment("acme").await;
    support::execute_sql(&server.database_url, "DELETE FROM organisation_profile").await;
    acme
}

on_both!(the_first_of_many_at_once_is_the_default, async |server: Server| {
    let acme = without_profiles(&server).await;
    let mut body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    body.as_object_mut().expect("an object").remove("organisationProfileId");
    refused(&create(&server, &acme, &body).await, 400, "organisation_profile_not_found");
    let making = (0..16).map(|_| upload(&server, &acme, PROFILES, form(&[Part::text("name", "one")])));
    let answers: Vec<Value> = join_all(making).await.iter().map(Answer::json).collect();
    assert_eq!(answers.iter().filter(|profile| profile["isDefault"] == true).count(), 1);
    assert_eq!(defaults(&server, &acme).await.len(), 1);
});

on_both!(a_collection_has_a_name_of_1_to_50_characters, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let make = async |name: Value| {
        let body = json!({"name": name});
        server.call(&acme, &acme.keys.user, Method::POST, COLLECTIONS, Some(&body)).await
    };
    for name in
        [json!(""), json!("  "), json!("x".repeat(51)), json!("a\u{0}"), json!("a\nb"), json!(5), json!(null)]
    {
        refused(&make(name).await, 400, "invalid_request");
    }
    let longest = "\u{e4}".repeat(50);
    for name in ["x", longest.as_str(), "x"] {
        let answer = make(json!(name)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let answer = answer.json();
        let mut members: Vec<&str> =
            answer.as_object().expect("an object").keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["createdAt", "createdBy", "id", "name"]);
        assert_eq!(answer["name"], name);
    }
    let found = listed(&server, &acme, COLLECTIONS).await;
    assert_eq!(each(&found, "data", "name"), ["x", &longest, "x"]);
    assert_eq!(listed(&server, &umbrella, COLLECTIONS).await["meta"]["totalItems"], 0);

    let collection = list(&found, "data")[0].clone();
    let mut body = acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    body["credentialOfferCollectionId"] = json!(id_of(&collection).to_uppercase());
    let offers = create(&server, &acme, &body).await.json();
    assert_eq!(list(&offers, "credentialOffers")[0]["credentialOfferCollection"], collection);
    let rest = format!("/credential-offers?filter.credentialOfferCollection.id={}", id_of(&collection));
    assert_eq!(listed(&server, &acme, &rest).await["meta"]["totalItems"], 1);
});

on_both!(templates_say_what_can_be_offered, async |server: Server| {
    let acme = server.environment("acme").await;
    server.another_program(&acme.partner, |program| program.published = false).await;
    let rest = |slug: &str| format!("/credential-templates/correlation/{slug}");
    let templates = listed(&server, &acme, &rest(&acme.correlation_id)).await;
    let credentials = list(&templates, "credentials");
    assert_eq!(credentials.len(), 2, "the partner's program and the environment's; no draft");
    let template =
        credentials.iter().find(|template| template["credentialId"] == acme.credential_id.as_str());
    let display = |name: &str| json!([{"name": name, "locale": "en"}]);
    let field = |kind: Value, mandatory: bool, name: &str| json!({"value_type": kind, "mandatory": mandatory, "display": display(name)});
    assert_eq!(
        *template.expect("the template"),
        json!({
            "correlationId": acme.correlation_id,
            "credentialId": acme.credential_id,
            "isDefaultCoverImage": true,
            "coverImage": null,
            "display": display("Example Credential"),
            "format": "jwt_vc_json",
            "fieldOrder": ["active", "address", "born", "fullName", "level", "photo", "score"],
            "fields": {
                "fullName": field(json!("string"), true, "Full name"),
                "level": field(json!("number"), false, "level"),
                "score": field(json!("number"), false, "score"),
                "active": field(json!("boolean"), false, "active"),
                "born": field(json!("date"), false, "born"),
                "photo": field(json!("image"), false, "photo"),
                "address": field(Value::Null, false, "address"),
            },
        })
    );
    let umbrella = server.environment("umbrella").await;
    for slug in [umbrella.correlation_id.as_str(), "nothing", "%00", "a%2fb"] {
        refused(&server.find(&acme, &rest(slug)).await, 404, "correlation_id_not_supported");
    }
});
