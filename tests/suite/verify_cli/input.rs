//! What is no credential, what cannot be read, and what nobody can have meant.

use std::fs;

use serde_json::json;
use support::bestow_reading;

use super::common::verify;

const INVALID: &str = "✗ invalid: document";
/// The longest credential that is read, in bytes.
const LIMIT: usize = vc::sd_jwt::MAX_SIZE;

#[tokio::test]
async fn what_is_no_credential_is_invalid() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let header = jose::b64url_encode(br#"{"alg":"none"}"#);
    for (text, reason) in [
        ("", "It is empty."),
        (" \n\t\n", "It is empty."),
        ("hello", "It is neither a JWT nor an SD-JWT."),
        ("{", "It is no JSON"),
        ("{}", "embedded proofs"),
        ("~", "It cannot be read"),
        ("a.b.c", "It cannot be read"),
        ("\u{0}\u{1b}[2J", "It is neither a JWT nor an SD-JWT."),
        (&format!("{header}.e30."), "It cannot be read"),
        (&"[".repeat(LIMIT), "It is neither a JWT nor an SD-JWT."),
        (&format!("{}{}", "{\"a\":".repeat(LIMIT / 6), "1"), "It is no JSON"),
        (&"~".repeat(LIMIT), "It cannot be read"),
        (&".".repeat(LIMIT), ""),
    ] {
        fs::write(folder.path().join("text"), text).expect("written");
        let run = verify(folder.path(), &["text", "--trust", "*"]).await;
        run.ends(1, INVALID).check("✗", "format").says(reason);
        let run = verify(folder.path(), &["text", "--json"]).await;
        let report = run.report();
        assert_eq!(
            (run.code, &report["valid"], &report["state"]),
            (Some(1), &json!(false), &json!("invalid"))
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_neither_valid_nor_invalid() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("huge"), "a".repeat(LIMIT + 1)).expect("written");
    fs::write(folder.path().join("binary"), [0xff, 0xfe, 0]).expect("written");
    for (file, why) in [
        ("huge", "cannot read huge: it is larger than 1048576 bytes"),
        ("binary", "cannot read binary: "),
        ("none", "cannot read none: "),
        (".", "cannot read .: "),
    ] {
        verify(folder.path(), &[file]).await.refuses_to_work(why);
        let run = verify(folder.path(), &[file, "--json"]).await;
        let report = run.report();
        assert_eq!(
            (run.code, &report["valid"], &report["state"]),
            (Some(2), &json!(false), &json!("indeterminate"))
        );
        assert!(report["error"].as_str().is_some_and(|error| error.starts_with(why)), "{report}");
    }
}

#[tokio::test]
async fn standard_input_is_read_like_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let verify = async |input: &[u8]| bestow_reading(input, folder.path(), &["verify", "-"], &[]).await;
    verify(b"hello\n").await.ends(1, INVALID).says("It is neither a JWT nor an SD-JWT.");
    verify(&vec![b'a'; LIMIT + 1]).await.refuses_to_work("standard input: it is larger than 1048576 bytes");
    verify(&[0xff]).await.refuses_to_work("cannot read standard input");
}

#[tokio::test]
async fn wrong_usage_is_never_taken_for_a_verdict() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("text"), "hello").expect("written");
    for (arguments, why) in [
        (&[][..], "FILE"),
        (&["text", "text"], "unexpected argument"),
        (&["text", "--key", "nonsense", "--proof", "text"], "verifier key"),
        (&["text", "--proof", "text"], "--key"),
        (&["text", "--cosignatures", "1"], "--key"),
        (&["text", "--at", "yesterday"], "RFC 3339"),
        (&["text", "--with", "text"], "neither JSON nor a signed JWT"),
        (&["text", "--with", "none"], "cannot read none"),
        (&["text", "--trust-anchors", "text"], "--trust-anchors text"),
        (&["text", "--online", "--cache", "text"], "cannot make the folder text"),
    ] {
        verify(folder.path(), arguments).await.refuses_to_work(why);
    }
    let run = verify(folder.path(), &["--help"]).await;
    assert_eq!(run.code, Some(0));
    run.says("--trust '*'").says("Exit codes:");
}
