//! What a witness remembers changes only from what it was thought to be.

use model::Timestamp;
use store::{StoreError, WitnessHead, WitnessedLog};
use support::{Server, on_both};

const ORIGIN: &str = "log.example/1";

fn head(size: i64, root: u8) -> WitnessHead {
    WitnessHead { size, root: vec![root; 32], checkpoint: format!("checkpoint {size} {root}\n") }
}

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

on_both!(a_head_goes_on_from_the_head_that_is_there, async |server: Server| {
    let store = &server.store;
    let advance = async |from: Option<&WitnessHead>, to: &WitnessHead, now: i64| {
        let from = from.map(|from| (from.size, from.root.as_slice()));
        store.witness_advance(ORIGIN, from, to, at(now)).await
    };
    assert_eq!(store.witness_head(ORIGIN).await.expect("answers"), None);
    assert_eq!(store.witnessed_logs().await.expect("answers"), []);
    let raced = |outcome: Result<(), StoreError>| matches!(outcome, Err(StoreError::Raced(_)));

    assert!(raced(advance(Some(&head(0, 0)), &head(3, 1), 1).await), "there is nothing yet");
    assert_eq!(store.witness_head(ORIGIN).await.expect("answers"), None);
    advance(None, &head(3, 1), 1).await.expect("the first");
    for (what, from, to) in [
        ("nothing", None, head(4, 2)),
        ("another size", Some(head(2, 1)), head(4, 2)),
        ("another root", Some(head(3, 9)), head(4, 2)),
        ("a smaller size to go to", Some(head(3, 1)), head(2, 1)),
    ] {
        assert!(raced(advance(from.as_ref(), &to, 2).await), "{what}");
        assert_eq!(store.witness_head(ORIGIN).await.expect("answers"), Some(head(3, 1)), "{what}");
    }
    advance(Some(&head(3, 1)), &head(3, 1), 3).await.expect("the same again");
    advance(Some(&head(3, 1)), &head(8, 2), 4).await.expect("it grows");
    assert!(raced(advance(Some(&head(3, 1)), &head(9, 3), 5).await), "somebody was faster");
    let known = WitnessedLog { origin: ORIGIN.to_owned(), size: 8, updated_at: at(4) };
    assert_eq!(store.witnessed_logs().await.expect("answers"), [known]);
    assert_eq!(store.witness_head("log.example/2").await.expect("answers"), None);
});
