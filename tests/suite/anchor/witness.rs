//! Being a witness, over HTTP: C2SP tlog-witness, case by case.

use futures_util::future::join_all;
use reqwest::Method;
use server::Limits;
use support::{Answer, Server, Setup, SplitLog, on_both};
use tlog::checkpoint::SignedCheckpoint;
use tlog::hash::EMPTY_ROOT;
use tlog::key::{SignatureType, VerifierKey};
use tlog::note::NoteSigner;
use tlog::witness::{AddCheckpoint, MAX_REQUEST_LEN, verify_cosignature};

const ADD: &str = "/witness/add-checkpoint";
const SIZE: &str = "text/x.tlog.size";

async fn post(server: &Server, body: impl Into<reqwest::Body>) -> Answer {
    server.send(server.request(Method::POST, ADD).body(body)).await
}

async fn ask(server: &Server, request: &AddCheckpoint) -> Answer {
    post(server, request.to_string()).await
}

async fn key(server: &Server) -> VerifierKey {
    let answer = server.get("/witness/key").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    answer.text.strip_suffix('\n').expect("a line").parse().expect("a verifier key")
}

/// Asks for a cosignature, which must be given, good and of this moment.
async fn cosigned(server: &Server, request: &AddCheckpoint) {
    let begun = server.clock_seconds() as u64;
    let answer = ask(server, request).await;
    let ended = server.clock_seconds() as u64;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let witness = key(server).await;
    let (line, time) = verify_cosignature(&request.checkpoint, &answer.text, &witness).expect("cosigned");
    assert_eq!(line.to_string(), answer.text, "one key, one line");
    assert!((begun..=ended).contains(&time), "{begun} to {ended}: {time}");
}

/// The witness must know this size of the log, and say so as the specification has it.
fn assert_conflict(answer: &Answer, size: u64) {
    assert_eq!((answer.status, answer.header("content-type")), (409, Some(SIZE)), "{}", answer.text);
    assert_eq!(answer.text, format!("{size}\n"));
}

/// What the database remembers of the log.
async fn remembered(server: &Server, log: &SplitLog) -> Option<(i64, Vec<u8>, String)> {
    let head = server.store.witness_head(&log.origin()).await.expect("answers");
    head.map(|head| (head.size, head.root, head.checkpoint))
}

on_both!(consistent_growth_is_cosigned, async |server: Server| {
    let log = SplitLog::witnessed();
    let witness = key(&server).await;
    assert_eq!(witness.name().as_str(), "test.example/witness");
    assert_eq!(witness.signature_type(), SignatureType::Cosignature);
    assert_eq!(remembered(&server, &log).await, None);
    for (old, new) in [(0, 0), (0, 1), (1, 5), (5, 8), (8, 8), (8, 31), (31, 40)] {
        let request = log.request(0, old, new);
        cosigned(&server, &request).await;
        let root = log.root(0, new).as_bytes().to_vec();
        let kept = (new as i64, root, request.checkpoint.to_string());
        assert_eq!(remembered(&server, &log).await, Some(kept), "it is durable when it is answered");
        server.clock.advance(7);
    }
});

on_both!(what_was_cosigned_last_is_cosigned_again, async |server: Server| {
    let log = SplitLog::witnessed();
    cosigned(&server, &log.request(0, 0, 9)).await;
    // The answer was lost, say: the client asks the same, learns the size, and asks from there.
    assert_conflict(&ask(&server, &log.request(0, 0, 9)).await, 9);
    server.clock.advance(60);
    cosigned(&server, &log.request(0, 9, 9)).await;
    cosigned(&server, &log.request(0, 9, 9)).await;
});

on_both!(each_refusal_is_the_specifications_and_changes_nothing, async |server: Server| {
    let log = SplitLog::witnessed();
    let other = SplitLog::new("other.example/log", 5, 40);
    assert_conflict(&ask(&server, &log.request(0, 3, 9)).await, 0);
    cosigned(&server, &log.request(0, 0, 9)).await;
    let before = remembered(&server, &log).await;
    let forged = |signer: &NoteSigner| {
        let good = log.request(0, 9, 20);
        let checkpoint = SignedCheckpoint::sign(good.checkpoint.unverified().clone(), signer);
        AddCheckpoint { checkpoint, ..good }
    };
    let stranger = NoteSigner::new("stranger.example".parse().expect("a name"), &[3; 32]);
    let namesake = NoteSigner::new(log.origin().parse().expect("a name"), &[3; 32]);
    // The line of the right key, with another signature.
    let damaged = log.request(0, 9, 20).to_string();
    let line = log.sign(19, log.root(0, 19)).to_string();
    let split = damaged.rfind("\n\n").expect("a note") + 2;
    let damaged = format!("{}{}", &damaged[..split], &line[line.rfind("\n\n").expect("a note") + 2..]);

    for (status, what, body) in [
        (404, "a log that it does not follow", other.request(0, 0, 9).to_string()),
        (403, "a stranger's signature", forged(&stranger).to_string()),
        (403, "a signature by another key of that name", forged(&namesake).to_string()),
        (403, "a signature that does not verify", damaged),
        (400, "an old size above the new one", log.request(0, 8, 8).to_string().replace("old 8", "old 9")),
        (422, "the other history", log.request(1, 9, 20).to_string()),
        (422, "a proof that it does not need", {
            let hash = log.root(0, 9);
            AddCheckpoint { proof: vec![hash], ..log.request(0, 9, 9) }.to_string()
        }),
        (422, "no proof", AddCheckpoint { proof: Vec::new(), ..log.request(0, 9, 20) }.to_string()),
        (422, "the proof of another size", {
            AddCheckpoint { proof: log.request(0, 9, 21).proof, ..log.request(0, 9, 20) }.to_string()
        }),
    ] {
        let answer = post(&server, body).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        assert!(!answer.message().is_empty(), "{what}");
        assert_eq!(remembered(&server, &log).await, before, "{what}");
    }
    for (what, request) in [
        ("an old size that it has left", log.request(0, 5, 20)),
        ("no old size", log.request(0, 0, 20)),
        ("an old size that it has not reached", log.request(0, 10, 20)),
        ("a smaller size", log.request(0, 5, 8)),
        ("the other history at the same size", log.request(1, 9, 9)),
    ] {
        assert_conflict(&ask(&server, &request).await, 9);
        assert_eq!(remembered(&server, &log).await, before, "{what}");
    }
    assert_eq!(remembered(&server, &other).await, None);
    cosigned(&server, &log.request(0, 9, 20)).await;
});

on_both!(what_is_no_request_is_a_400, async |server: Server| {
    let log = SplitLog::witnessed();
    let good = log.request(0, 0, 9).to_string();
    let checkpoint = good.strip_prefix("old 0\n\n").expect("no proof");
    for (what, body) in [
        ("nothing", String::new()),
        ("a checkpoint alone", checkpoint.to_owned()),
        ("no empty line", format!("old 0\n{checkpoint}")),
        ("a leading zero", good.replacen("old 0", "old 00", 1)),
        ("a negative size", good.replacen("old 0", "old -1", 1)),
        ("a carriage return", good.replace('\n', "\r\n")),
        ("a line that is no hash", good.replacen("old 0\n", "old 0\nAAAA\n", 1)),
        (
            "64 hashes",
            good.replacen("old 0\n", &format!("old 0\n{}", format!("{EMPTY_ROOT}\n").repeat(64)), 1),
        ),
        ("no signature", good[..=good.rfind("\n\n").expect("a note") + 1].to_owned()),
        ("JSON", "{}".to_owned()),
    ] {
        let answer = post(&server, body).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text);
        assert!(answer.message().starts_with("Invalid request: "), "{what}: {}", answer.text);
    }
    let answer = post(&server, vec![0xff, 0xfe]).await;
    assert_eq!((answer.status, answer.message().as_str()), (400, "Invalid body: it is not UTF-8."));
    let answer = post(&server, "x".repeat(MAX_REQUEST_LEN + 1)).await;
    assert_eq!(answer.status, 413, "{}", answer.text);
    let answer = server.get(ADD).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_eq!(remembered(&server, &log).await, None);
});

on_both!(signatures_of_others_are_ignored, async |server: Server| {
    let log = SplitLog::witnessed();
    let mut request = log.request(0, 0, 9);
    let stranger = NoteSigner::new("stranger.example".parse().expect("a name"), &[3; 32]);
    for _ in 0..20 {
        let line = stranger.sign("something else\n");
        request.checkpoint = request.checkpoint.with_signature(line).expect("room");
    }
    cosigned(&server, &request).await;
    let (_, _, kept) = remembered(&server, &log).await.expect("it is remembered");
    assert_eq!(kept, log.request(0, 0, 9).checkpoint.to_string(), "only what the log signed is kept");
    // As a log submits what other witnesses, and this one, have signed already.
    let cosignature = ask(&server, &log.request(0, 9, 9)).await.text.parse().expect("a line");
    let checkpoint = log.request(0, 9, 9).checkpoint.with_signature(cosignature).expect("room");
    cosigned(&server, &AddCheckpoint { checkpoint, ..log.request(0, 9, 9) }).await;
});

on_both!(who_is_no_witness_says_that_there_is_none, async |server: Server| {
    let none = server.afresh(Setup { witness: Vec::new(), ..Setup::default() }).await;
    let answer = ask(&none, &SplitLog::witnessed().request(0, 0, 9)).await;
    let message = "This server is no witness: an operator names the logs that it is to follow.";
    assert_eq!((answer.status, answer.message().as_str()), (404, message));
    let answer = none.get("/witness/key").await;
    assert_eq!((answer.status, answer.message().as_str()), (404, message));
});

on_both!(an_address_may_ask_only_so_often, async |server: Server| {
    let limits = Limits { public_requests_per_minute: std::num::NonZeroU32::new(3), ..Limits::default() };
    let limited = server.afresh(Setup { limits, ..Setup::default() }).await;
    for _ in 0..3 {
        assert_eq!(post(&limited, "garbage").await.status, 400);
    }
    let answer = ask(&limited, &SplitLog::witnessed().request(0, 0, 9)).await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert!(answer.header("retry-after").is_some());
});

on_both!(a_log_may_have_two_keys, async |server: Server| {
    let log = SplitLog::witnessed();
    let second = NoteSigner::new(log.origin().parse().expect("a name"), &[3; 32]);
    let both = vec![log.key(), second.verifier_key()];
    let following = server.replica(Setup { witness: both, ..Setup::default() }).await;
    cosigned(&following, &log.request(0, 0, 9)).await;
    let grown = log.request(0, 9, 20);
    let checkpoint = SignedCheckpoint::sign(grown.checkpoint.unverified().clone(), &second);
    let grown = AddCheckpoint { checkpoint, ..grown };
    assert_eq!(ask(&server, &grown).await.status, 403, "the first server follows one key only");
    cosigned(&following, &grown).await;
    assert_conflict(&ask(&server, &log.request(0, 9, 20)).await, 20);
});

on_both!(replicas_are_one_witness, async |server: Server| {
    let log = SplitLog::witnessed();
    let second = server.replica(Setup::default()).await;
    assert_eq!(key(&server).await, key(&second).await);
    cosigned(&server, &log.request(0, 0, 9)).await;
    assert_eq!(ask(&second, &log.request(1, 9, 20)).await.status, 422);
    cosigned(&second, &log.request(0, 9, 20)).await;
    assert_conflict(&ask(&server, &log.request(1, 9, 20)).await, 20);
    // Two histories at once, from the same size: one of them is signed, by whichever replica.
    let logs: Vec<SplitLog> =
        (5..25).map(|fork| SplitLog::new(&format!("race{fork}.example/log"), fork, 40)).collect();
    let keys: Vec<VerifierKey> = logs.iter().map(SplitLog::key).collect();
    let setup = || Setup { witness: keys.clone(), ..Setup::default() };
    let replicas = [server.replica(setup()).await, server.replica(setup()).await];
    for (fork, log) in (5..).zip(&logs) {
        cosigned(&replicas[0], &log.request(0, 0, fork)).await;
        let requests = [0, 1, 0, 1].map(|branch| log.request(branch, fork, fork + 1));
        let asked = requests.iter().zip(replicas.iter().chain(&replicas));
        let answers = join_all(asked.map(|(request, replica)| ask(replica, request))).await;
        let signed: Vec<usize> = (0..4).filter(|number| answers[*number].status == 200).collect();
        assert_eq!(signed.len(), 1, "{answers:?}");
        let branch = signed[0] % 2;
        assert_eq!(remembered(&server, log).await.expect("one").1, log.root(branch, fork + 1).as_bytes());
        answers
            .iter()
            .filter(|answer| answer.status != 200)
            .for_each(|answer| assert_conflict(answer, fork + 1));
    }
});

on_both!(a_damaged_record_signs_nothing, async |server: Server| {
    let log = SplitLog::witnessed();
    cosigned(&server, &log.request(0, 0, 9)).await;
    let damage = "UPDATE witness_log SET root = root || root";
    support::execute_sql(&server.database_url, damage).await;
    let answer = ask(&server, &log.request(0, 9, 20)).await;
    assert_eq!(answer.status, 500, "{}", answer.text);
});
