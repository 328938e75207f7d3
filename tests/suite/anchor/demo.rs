//! `bestow demo --chain`: the whole story on a chain of its own, and nothing left behind.

use std::fs;
use std::path::Path;

use support::{Ran, bestow};

/// Runs the demo with this anvil; temporary files go below the folder.
async fn demo(folder: &Path, anvil: &str) -> Ran {
    let environment = [("BESTOW_ANVIL", anvil), ("TMPDIR", folder.to_str().expect("a text"))];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    bestow(folder, &["demo", "--chain"], &environment).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_anchors_on_a_chain() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let anvil = std::env::var("BESTOW_TEST_ANVIL")
        .expect("BESTOW_TEST_ANVIL must name the binary of @foundry-rs/anvil: run scripts/test");
    let ran = demo(folder.path(), &anvil).await;
    let shown = ran.done();
    for part in [
        "log+evm:2",
        "transaction 0x",
        "confirmations: ",
        "to the chain: ",
        "is REMOVE",
        "All is as it should be",
    ] {
        assert!(shown.contains(part), "{part}: {ran:?}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn the_demo_says_how_to_get_a_chain() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = folder.path().join("no-anvil");
    let ran = demo(folder.path(), missing.to_str().expect("a text")).await;
    ran.refuses(1, "npm install @foundry-rs/anvil");
    assert_eq!(ran.out, "");
    // A program that is none.
    demo(folder.path(), "true").await.refuses(1, "npm install @foundry-rs/anvil");
}
