//! A program that uses the management interface, as far as these tests need one.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{browser::Answer, phone::tls};

/// A program, with the token that it shows.
#[derive(Clone)]
pub(crate) struct Program {
    server: SocketAddr,
    host: String,
    pub(crate) token: String,
}

impl Answer {
    /// The body; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The last part of the problem's type.
    pub(crate) fn problem(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        kind.rsplit('/').next().unwrap_or_default().to_owned()
    }
}

impl Program {
    pub(crate) fn at(server: SocketAddr) -> Self {
        Self { server, host: server.to_string(), token: String::new() }
    }

    /// The same with another token.
    pub(crate) fn with(&self, token: impl Into<String>) -> Self {
        Self { token: token.into(), ..self.clone() }
    }

    /// The same, which was given this name of the server.
    pub(crate) fn asking_for(self, host: &str) -> Self {
        Self { host: host.into(), ..self }
    }

    /// Signs in; shows the session's token from now on.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let answer = self.post("/session", &json!({"name": name, "password": password})).await;
        if answer.status == 201 {
            self.token = answer.json()["token"].as_str().expect("a token").to_owned();
        }
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[], Some(body)).await
    }

    /// Changes what is there as it was read with this tag.
    pub(crate) async fn put(&self, path: &str, tag: &str, body: &Value) -> Answer {
        self.ask("PUT", path, &[("If-Match", tag)], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str, tag: &str) -> Answer {
        self.ask("DELETE", path, &[("If-Match", tag)], None).await
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let mut lines: Vec<(&str, String)> = vec![
            ("Host", self.host.clone()),
            ("User-Agent", "test".into()),
            ("Connection", "close".into()),
            ("Content-Length", body.len().to_string()),
        ];
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "Content-Type") {
            lines.push(("Content-Type", "application/json".into()));
        }
        if !self.token.is_empty() {
            lines.push(("Authorization", format!("Bearer {}", self.token)));
        }
        lines.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let lines: String = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!("{method} /api/v1{path} HTTP/1.1\r\n{lines}\r\n{body}");
        let mut stream = tls(self.server, &[]).await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        // A server that closes without a farewell has still said everything.
        drop(stream.read_to_end(&mut answer).await);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers = lines.map(str::to_owned).collect();
        Answer { status: status.expect("a status"), headers, body: body.to_owned() }
    }
}
