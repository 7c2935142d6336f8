//! The host name by which somebody asked for a page or an operation, and whose it is.

use axum::http::{HeaderMap, Uri, header};
use signin::{ident::DomainId, records::Records};

/// The name, in lower case and without a port; `None` where there is none or it is no host name. It is what the other side
/// says: good for telling apart whom they mean, and never a reason to let anybody in.
pub fn asked_for(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok())?;
    let uri: Uri = format!("http://{host}/").parse().ok()?;
    let is_allowed =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']' | b'_');
    let name = uri.host().filter(|name| name.len() <= 253 && name.bytes().all(is_allowed))?;
    Some(name.to_ascii_lowercase())
}

/// The domain whose host name it is; the first where it is nobody's.
pub fn domain(headers: &HeaderMap, records: &dyn Records) -> DomainId {
    asked_for(headers).map_or(DomainId::FIRST, |host| records.domain_of_host(&host))
}
