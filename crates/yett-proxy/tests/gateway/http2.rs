//! The stage of the tests with HTTP/2 on both sides.
#![allow(unreachable_pub, reason = "a program has no outside")]

use crate::common::{Stage, options, snapshot};
use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version};
use serde_json::{Value, json};
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::net::TcpStream;

pub type Asked = Request<RecvStream>;
pub type Answering = SendResponse<Bytes>;

/// An origin that speaks HTTP/2 with prior knowledge; `answer` gets each request and the number of its connection.
pub fn origin<F>(
    builder: h2::server::Builder,
    answer: impl Fn(Asked, Answering, usize) -> F + Send + Sync + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        run(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, builder) = (answer.clone(), builder.clone());
                tokio::spawn(async move {
                    let Ok(mut connection) = builder.handshake(stream).await else { return };
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        tokio::spawn(answer(request, respond, number));
                    }
                });
            }
        });
    });
    address
}

pub fn plain() -> h2::server::Builder {
    h2::server::Builder::new()
}

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A gateway before an upstream of HTTP/2 with one gRPC method and the usual operations.
pub fn snapshot_before(origin: SocketAddr) -> Value {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{origin}")}], "protocol": "http2"}));
    let operations = snapshot["apis"][0]["operations"].as_array_mut().unwrap();
    operations.push(json!({"id": "shop:Talk", "method": "POST", "path": "/shop.Desk/Talk", "public": true}));
    operations.push(json!({"id": "shop:Hide", "method": "POST", "path": "/shop.Desk/Hide"}));
    snapshot["apis"][0]["guards"]["contract"]["mode"] = json!("enforce");
    for operation in snapshot["apis"][0]["operations"].as_array_mut().unwrap() {
        if operation["method"] == "POST" || operation["method"] == "PUT" {
            operation["body"] =
                json!({"required": operation["id"] == "shop:Talk", "media": [{"range": "*/*", "kind": "binary"}]});
        }
    }
    snapshot["apis"][0]["guards"]["contract"]["unknown_query"] = json!("allow");
    snapshot
}

pub fn stage(origin: SocketAddr) -> Stage {
    Stage::start(options(), &snapshot_before(origin))
}

pub async fn connect(stage: &Stage) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    send.ready().await.unwrap()
}

pub fn call(path: &str) -> Request<()> {
    let request = Request::post(format!("http://shop.example{path}")).version(Version::HTTP_2);
    request.header("content-type", "application/grpc").header("te", "trailers").body(()).unwrap()
}

pub fn fields(named: &[(&'static str, &'static str)]) -> HeaderMap {
    named.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

pub async fn all(body: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut whole = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        let _ = body.flow_control().release_capacity(data.len());
        whole.extend(data);
    }
    Ok(whole)
}

pub fn start(respond: &mut Answering) -> h2::SendStream<Bytes> {
    let head = Response::builder().header("content-type", "application/grpc").header("server", "x").body(()).unwrap();
    respond.send_response(head, false).unwrap()
}
