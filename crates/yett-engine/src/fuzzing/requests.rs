//! Whole requests against a small shop whose contract uses every kind of parameter and body.

use crate::receive::{HOP_BY_HOP, receive};
use crate::{BodyNeed, Caller, Engine, Exchange, Now, Pepper};
use bytes::Bytes;
use http::request::Parts;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;

const NOW: Now = Now { unix_ms: 1_700_000_000_000, mono_us: 0 };
const KEY: &str = "yett_test_0000000000000000000000000000000000000000_2SiFRe";
const SHOP: &str = include_str!("shop.json");

pub(super) fn pepper() -> Option<Pepper> {
    Pepper::new(&[9; 32])
}

/// The shop, with its one key.
pub(super) fn shop() -> Option<&'static Engine> {
    static SHOP_ENGINE: OnceLock<Option<Engine>> = OnceLock::new();
    SHOP_ENGINE
        .get_or_init(|| {
            let pepper = pepper()?;
            let hash: String = pepper.hash(KEY).iter().map(|byte| format!("{byte:02x}")).collect();
            let snapshot = SHOP.replace("{pepper_id}", pepper.id()).replace("{hash}", &hash);
            let engine = Engine::new(pepper);
            let applied = engine.apply(snapshot.as_bytes());
            assert!(applied.is_ok(), "the shop is no snapshot: {applied:?}");
            Some(engine)
        })
        .as_ref()
}

/// A request as it stands on the wire, head and body: through receive, route, identify, authorize, limit, inspect and
/// forward. What goes upstream has nothing of the hop, no key, one Host and a path without a second reading.
pub fn request(bytes: &[u8]) {
    let Some((parts, body)) = read(bytes) else { return };
    if let Ok(received) = receive(&parts) {
        assert!(received.path.starts_with('/') && !received.host.contains(['@', '/', ' ', ',']), "{received:?}");
    }
    let Some((engine, plan)) = shop().and_then(|engine| Some((engine, engine.plan()?))) else { return };
    let caller = Caller::new(IpAddr::V4(Ipv4Addr::LOCALHOST), false);
    let mut exchange = Exchange::new(plan, engine.counters().clone(), caller, NOW, 7);
    let Ok(need) = exchange.judge_head(&parts) else { return };
    if body.len() as u64 > exchange.max_body_bytes() {
        return;
    }
    let body = (need == BodyNeed::Collect).then(|| Bytes::copy_from_slice(body));
    if exchange.judge_body(&parts, body).is_err() {
        return;
    }
    let mut upstream = parts.clone();
    assert!(exchange.upstream_request(&mut upstream).is_some(), "there is nowhere to go");
    check(&upstream);
}

fn check(upstream: &Parts) {
    let headers = &upstream.headers;
    assert!(HOP_BY_HOP.iter().all(|name| !headers.contains_key(name)), "a field of the hop goes on: {headers:?}");
    assert_eq!(headers.get_all("host").iter().count(), 1, "{headers:?}");
    assert_eq!(headers.get_all("yett-app").iter().count() + headers.get_all("x-forwarded-for").iter().count(), {
        1 + usize::from(headers.contains_key("yett-app"))
    });
    let target = upstream.uri.path_and_query().map_or("", |target| target.as_str());
    let said = format!("{target} {headers:?}");
    assert!(!crate::identity::key::is_in(&said), "a key goes upstream: {said}");
    super::target(target.as_bytes());
}

/// Head and body, if these are the bytes of a request that a strict library reads.
fn read(bytes: &[u8]) -> Option<(Parts, &[u8])> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(length) = head.parse(bytes).ok()? else { return None };
    let mut request = http::Request::builder().method(head.method?).uri(head.path?);
    for field in head.headers.iter() {
        request = request.header(field.name, field.value);
    }
    Some((request.body(()).ok()?.into_parts().0, bytes.get(length..)?))
}

/// A request as plain data, as `yett explain` decides it: there is an answer or a sentence.
pub fn decide(bytes: &[u8]) {
    let Ok(request) = serde_json::from_slice::<yett_model::Request>(bytes) else { return };
    let Some(engine) = shop() else { return };
    match crate::decide(engine, &request, NOW, 7) {
        Ok(decision) => assert_eq!(decision.allowed, decision.code.is_none(), "{decision:?}"),
        Err(reason) => assert!(!reason.is_empty(), "no reason is given"),
    }
}
