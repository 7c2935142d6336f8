//! Webhooks, as Standard Webhooks has them: JSON, posted, with an id that is the same for each try and an HMAC-SHA256 over
//! id, moment and body.
//!
//! Redirects are not followed: the receiver is the one that somebody with the right has named, and no other.

use std::sync::Arc;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use data_encoding::{BASE64, HEXLOWER};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1::handshake,
};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signin::{
    audit::AuditEvent,
    records::Records as _,
    target::{WebAddress, Webhook},
    timestamp::Timestamp,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use super::{
    Failure,
    connect::{self, PATIENCE, Reach},
    item::Item,
};
use crate::{moment, system::System};

/// How much of an answer is read.
const ANSWER_MAX: usize = 4096;

/// A way to one receiver.
#[derive(Debug)]
pub struct Outlet {
    address: WebAddress,
    tls: Option<Arc<ClientConfig>>,
    key: Key,
    /// What keeps the ids of several systems apart at one receiver.
    print: String,
}

impl Outlet {
    /// A way to this receiver; nothing is sent yet.
    ///
    /// # Errors
    /// Its address, its key or its certificates are of no use.
    pub fn new(webhook: &Webhook) -> Result<Self, Failure> {
        let address = WebAddress::parse(&webhook.url)
            .ok_or_else(|| Failure::unreachable("its address cannot be read"))?;
        let key = webhook.key.bytes().ok_or_else(|| Failure::unreachable("its key cannot be read"))?;
        let tls = if address.is_https { Some(connect::tls_config(&webhook.roots)?) } else { None };
        let mut print = HEXLOWER.encode(&Sha256::digest([b"hookswitch webhook ", key.as_slice()].concat()));
        print.truncate(12);
        Ok(Self { address, tls, key: Key::new(HMAC_SHA256, &key), print })
    }

    /// Posts, and tells what the receiver said.
    ///
    /// # Errors
    /// It could not be reached, or answered with something else than success.
    pub async fn send(&self, item: &Item, system: &System) -> Result<String, Failure> {
        let body = body(item, &system.ledger.settings().system_name);
        let request = self.request(item, &body, system.clock.now());
        let exchanged = timeout(PATIENCE, self.exchange(request)).await;
        let (status, said) = exchanged.map_err(|_| Failure::unreachable("no answer in time"))??;
        let answer = if said.is_empty() { status.to_string() } else { format!("{status}: {said}") };
        if status.is_success() {
            return Ok(answer);
        }
        let problem = if status.is_redirection() {
            format!("it answered {answer} (redirects are not followed)")
        } else {
            format!("it answered {answer}")
        };
        // Too many at once and a server's own faults pass; whatever else it says, it means this one.
        let passes = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Err(Failure { problem, is_refusal: !passes })
    }

    fn request(&self, item: &Item, body: &str, now: Timestamp) -> Request<Full<Bytes>> {
        let id = format!("{}_{}", self.print, item.id());
        let seconds = now.as_secs();
        let signature = sign(&self.key, format!("{id}.{seconds}.{body}").as_bytes());
        let host = &self.address.host;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
        let mut request = Request::new(Full::new(Bytes::from(body.to_owned())));
        *request.method_mut() = http::Method::POST;
        if let Ok(path) = self.address.path.parse() {
            *request.uri_mut() = path;
        }
        let headers = [
            (header::HOST.as_str(), format!("{host}:{}", self.address.port)),
            (header::CONTENT_TYPE.as_str(), "application/json".into()),
            (header::USER_AGENT.as_str(), concat!("Hookswitch/", env!("CARGO_PKG_VERSION")).into()),
            (header::CONNECTION.as_str(), "close".into()),
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", format!("v1,{}", BASE64.encode(signature.as_ref()))),
        ];
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) =
                (http::HeaderName::from_bytes(name.as_bytes()), http::HeaderValue::from_str(&value))
            {
                request.headers_mut().insert(name, value);
            }
        }
        request
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, String), Failure> {
        let reach = if self.tls.is_some() { Reach::Anywhere } else { Reach::Nearby };
        let stream = connect::tcp(&self.address.host, self.address.port, reach).await?;
        match &self.tls {
            Some(config) => talk(connect::tls(config, &self.address.host, stream).await?, request).await,
            None => talk(stream, request).await,
        }
    }
}

/// One request and its answer.
async fn talk<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(StatusCode, String), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: hyper::Error| Failure::unreachable(format!("no answer: {error}"));
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let asked = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        Ok((status, said(response.into_body()).await))
    };
    // The connection moves only while it is looked at, and ends with the answer.
    tokio::pin!(connection);
    tokio::pin!(asked);
    let mut is_over = false;
    loop {
        tokio::select! {
            answer = &mut asked => return answer,
            _ended = &mut connection, if !is_over => is_over = true,
        }
    }
}

/// The beginning of what the receiver said, fit for a page.
async fn said(body: Incoming) -> String {
    let read = Limited::new(body, ANSWER_MAX).collect().await;
    let bytes = read.map_or_else(|_| Bytes::from_static(b"(a long answer)"), Collected::to_bytes);
    AuditEvent::text(String::from_utf8_lossy(&bytes).trim()).into()
}

/// What is posted.
fn body(item: &Item, system: &str) -> String {
    let data = match item {
        Item::Alarm { alarm, .. } => {
            let row = alarm.key.kind.row();
            json!({
                "id": alarm.id,
                "kind": row.name,
                "title": row.title,
                "severity": row.severity,
                "subject": alarm.key.subject,
                "domain": alarm.key.domain,
                "count": alarm.count,
                "raised_at": moment::for_programs(alarm.raised_at),
                "cleared_at": alarm.cleared_at.map(moment::for_programs),
            })
        }
        Item::Row(row) => {
            let event = serde_json::to_value(&row.event).map_or(Value::Null, moment::dated);
            json!({ "seq": row.seq, "title": row.event.action.title(), "event": event })
        }
        Item::Test { .. } => json!({ "title": "A test from Hookswitch" }),
    };
    let timestamp = moment::for_programs(item.at());
    json!({ "type": item.kind(), "timestamp": timestamp, "system": system, "data": data }).to_string()
}
