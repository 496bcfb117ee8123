//! Changes of the plan under full load: not one request may notice.

use crate::common::{Caller, Origin, PATIENCE, Stage, get, options, post, reply, snapshot};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// Changes of the plan; `YETT_SWAPS` asks for more.
fn swaps() -> usize {
    std::env::var("YETT_SWAPS").ok().and_then(|count| count.parse().ok()).unwrap_or(60)
}

/// One of several configurations: other targets, weights, ways to choose, checks, prefixes.
fn variant(number: usize, origins: &[Origin]) -> Value {
    let target =
        |index: usize| json!({"url": format!("http://{}/v{}", origins[index].address, number % 3), "weight": 1 + number % 4});
    let upstream = match number % 4 {
        0 => json!({"targets": [target(0)]}),
        1 => json!({"targets": [target(0), target(1)], "health": {"path": "/healthz", "interval_ms": 50}}),
        2 => json!({"targets": [target(1), target(0)], "balance": "least-loaded", "affinity": {"cookie": "at"}}),
        _ => json!({"versions": [{"name": "a", "targets": [target(0)]}, {"name": "b", "targets": [target(1)]}]}),
    };
    snapshot(&upstream)
}

/// Asks until it is told to stop; gives what was not right.
fn drive(address: std::net::SocketAddr, done: &AtomicBool, count: &AtomicUsize) -> Vec<String> {
    let mut caller = Caller::connect(address);
    let mut wrong = Vec::new();
    while !done.load(Ordering::SeqCst) {
        for request in [get("/shop/books"), post("/shop/books", "once")] {
            caller.send(request);
            match caller.read() {
                Ok(answer) if answer.status() == 200 => {}
                other => wrong.push(format!("{other:?}")),
            }
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
    wrong
}

#[test]
fn changing_the_plan_again_and_again_fails_no_request() {
    let origins: Vec<Origin> = (0..2).map(|_| Origin::start(|_, stream| reply(stream, "200 OK", "", b"ok"))).collect();
    let mut settings = options();
    settings.workers = Some(2);
    let stage = Stage::start(settings, &variant(0, &origins));
    let (done, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (address, done, count) = (stage.address, done.clone(), count.clone());
            std::thread::spawn(move || drive(address, &done, &count))
        })
        .collect();
    for number in 1..=swaps() {
        stage.gateway.apply(variant(number, &origins).to_string().as_bytes()).unwrap();
        // The plan must have served before it gives way.
        let (before, began) = (count.load(Ordering::SeqCst), Instant::now());
        while count.load(Ordering::SeqCst) < before + 16 {
            assert!(began.elapsed() < PATIENCE, "no request came through");
            std::thread::yield_now();
        }
    }
    done.store(true, Ordering::SeqCst);
    let wrong: Vec<String> = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
    assert_eq!(wrong, Vec::<String>::new());
    let events = stage.finish();
    assert!(events.iter().all(|event| event.status == 200 && event.code.is_none()));
    let digests: std::collections::HashSet<&String> = events.iter().map(|event| &event.digest).collect();
    assert!(digests.len() >= swaps().min(12), "{} plans served", digests.len());
}
