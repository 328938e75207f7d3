//! What tests of this dialect share.

use issuance::NewApiKey;
use model::{Actor, Role};
use reqwest::Method;
use serde_json::{Value, json};
pub(super) use support::eventually_some as eventually;
use support::{Answer, Environment, Form, Message, Server};

/// An id that nothing has.
pub(super) const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

/// The `id` of something that was answered.
pub(super) fn id_of(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}"))
}

/// The elements of a list that was answered.
#[track_caller]
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("no list {name}: {value}"))
}

/// A member of each element of a list that was answered.
#[track_caller]
pub(super) fn each<'a>(value: &'a Value, name: &str, member: &str) -> Vec<&'a str> {
    list(value, name).iter().map(|element| element[member].as_str().unwrap_or_default()).collect()
}

/// A claim as a request has it.
pub(super) fn claim(data_type: &str, name: &str, value: impl Into<Value>) -> Value {
    json!({"dataType": data_type, "claimName": name, "claimValue": value.into()})
}

/// The answer is an error of this status and code, in the dialect's envelope; its message.
#[track_caller]
pub(super) fn refused(answer: &Answer, status: u16, code: &str) -> String {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text);
    answer.json()["message"].as_str().expect("a message").to_owned()
}

/// Asks for offers to be made, as the user.
pub(super) async fn create(server: &Server, environment: &Environment, body: &Value) -> Answer {
    let key = &environment.keys.user;
    server.call(environment, key, Method::POST, "/credential-offers", Some(body)).await
}

/// Asks for offers to be made, with these headers and bytes.
pub(super) async fn create_with(
    server: &Server,
    environment: &Environment,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let request = server.request(Method::POST, &environment.path("/credential-offers"));
    let request = request.header("x-api-key", &environment.keys.user);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    server.send(request.body(body)).await
}

/// Makes one offer; its id.
pub(super) async fn offer(server: &Server, environment: &Environment, email: &str) -> String {
    let made = server.offers(environment, &[environment.offer(email, "Ada Lovelace")]).await;
    id_of(&made[0]).to_owned()
}

/// Makes as many offers, one a person; their ids, in the order of the people.
pub(super) async fn offers(server: &Server, environment: &Environment, count: usize) -> Vec<String> {
    let email = |person| format!("person{person}@example.com");
    let items: Vec<Value> = (0..count).map(|person| environment.offer(&email(person), "Ada")).collect();
    server.offers(environment, &items).await.iter().map(|offer| id_of(offer).to_owned()).collect()
}

/// One offer, as the admin sees it.
pub(super) async fn get(server: &Server, environment: &Environment, id: &str) -> Value {
    let answer = server.find(environment, &format!("/credential-offers/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// A list that must be given.
pub(super) async fn listed(server: &Server, environment: &Environment, rest: &str) -> Value {
    let answer = server.find(environment, rest).await;
    assert_eq!(answer.status, 200, "{rest}: {}", answer.text);
    answer.json()
}

/// Deletes an offer, as the user.
pub(super) async fn delete(server: &Server, environment: &Environment, id: &str) -> Answer {
    let rest = format!("/credential-offers/{id}");
    server.call(environment, &environment.keys.user, Method::DELETE, &rest, None).await
}

/// Claims an offer as a wallet does; its `revocationId`, or the code of the first refusal.
pub(super) async fn claim_offer(
    server: &Server,
    environment: &Environment,
    id: &str,
) -> Result<String, String> {
    server.claim(environment, id).await
}

/// Revokes offers for a reason, as the user.
pub(super) async fn revoke(server: &Server, environment: &Environment, ids: &[&str]) -> Value {
    let item = |id: &&str| json!({"id": id, "revocationReason": "Left the company"});
    let body = json!({"revoke": ids.iter().map(item).collect::<Vec<_>>()});
    let key = &environment.keys.user;
    let answer = server.call(environment, key, Method::PATCH, "/credential-offers/revoke", Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Asks for offers to be sent, with this key.
pub(super) async fn share(server: &Server, environment: &Environment, key: &str, ids: &[&str]) -> Answer {
    let body = json!({"credentialOfferIds": ids});
    server.call(environment, key, Method::POST, "/credential-offers/share-with-email", Some(&body)).await
}

/// Two keys of one new user.
pub(super) async fn keys_of_one_user(server: &Server, environment: &Environment) -> [String; 2] {
    let tenant = environment.partner.id.as_str().into();
    let mut keys = Vec::new();
    let mut user = None;
    for name in ["first", "second"] {
        let new = NewApiKey {
            name: name.to_owned(),
            roles: vec![Role::User],
            user: user.clone(),
            expires_at: None,
        };
        let created = server.engine.create_api_key(&Actor::operator(), &tenant, new).await.expect("a key");
        user = Some(created.record.user_id.to_string());
        keys.push(created.key.expose().clone());
    }
    keys.try_into().expect("two keys")
}

/// The messages that were sent into the server's folder: their text as people read it, without the encoding of their bodies.
pub(super) fn mails(server: &Server) -> Vec<String> {
    Message::all_in(&server.mail_dir()).iter().map(|message| decoded(&message.raw)).collect()
}

/// Quoted-printable (RFC 2045, section 6.7) undone.
fn decoded(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'=') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One part of a form.
pub(super) enum Part<'a> {
    /// A text, by its name.
    Text(&'a str, &'a str),
    /// A file named `image`: the name and media type that it claims to have, and its bytes.
    File(&'a str, &'a str, &'a [u8]),
}

impl<'a> Part<'a> {
    /// A text.
    pub(super) const fn text(name: &'a str, text: &'a str) -> Self {
        Self::Text(name, text)
    }

    /// A file named `image`.
    pub(super) const fn image(bytes: &'a [u8]) -> Self {
        Self::File("picture.bin", "image/png", bytes)
    }
}

/// The bytes of a form, as a browser sends it.
pub(super) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let add = |form: Form, part: &Part<'_>| match part {
        Part::Text(name, text) => form.text(name, text),
        Part::File(filename, media_type, bytes) => form.typed_file("image", filename, media_type, bytes),
    };
    parts.iter().fold(Form::default(), add).body()
}

/// Sends a form, as the admin.
pub(super) async fn upload(server: &Server, environment: &Environment, rest: &str, body: Vec<u8>) -> Answer {
    server.send_form_bytes(environment, &environment.keys.admin, rest, body).await
}

/// Uploads an image that must be good; what was answered.
pub(super) async fn uploaded(server: &Server, environment: &Environment, image: &[u8]) -> Value {
    let body = form(&[Part::image(image), Part::text("type", "claim_image")]);
    let answer = upload(server, environment, "/credential-offers/image-upload", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// The smallest picture, in this format.
pub(super) fn picture(format: image::ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(3, 2).write_to(&mut file, format).expect("writes");
    file.into_inner()
}
