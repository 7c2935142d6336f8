//! A browser as far as these tests need one: it keeps cookies, fills forms and follows nothing by itself.

use std::{collections::BTreeMap, net::SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::phone::tls;

/// A browser with its cookies.
#[derive(Clone)]
pub(crate) struct Browser {
    server: SocketAddr,
    host: String,
    languages: String,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// 200 and so on.
    pub(crate) status: u16,
    /// Header lines but the first, as they came.
    pub(crate) headers: Vec<String>,
    /// The page.
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut pairs = self.headers.iter().filter_map(|line| line.split_once(": "));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// The hidden token of the page's forms.
    pub(crate) fn token(&self) -> String {
        let after = self.body.split("name=\"csrf\" value=\"").nth(1).unwrap_or_default();
        after.split('"').next().unwrap_or_default().to_owned()
    }
}

impl Answer {
    /// What an input of the page holds; empty when there is none.
    pub(crate) fn field(&self, name: &str) -> String {
        let named = format!(" name=\"{name}\"");
        let mut inputs = self.body.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
        let input = inputs.find(|input| input.contains(&named)).unwrap_or_default();
        input.split(" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }
}

impl Browser {
    pub(crate) fn at(server: SocketAddr) -> Self {
        Self { server, host: server.to_string(), languages: String::new(), cookies: BTreeMap::new() }
    }

    /// The same browser, with its cookies, at another port.
    pub(crate) fn moved_to(self, server: SocketAddr) -> Self {
        Self { server, host: server.to_string(), ..self }
    }

    /// The same browser, which was given this name of the server.
    pub(crate) fn asking_for(self, host: &str) -> Self {
        Self { host: host.into(), ..self }
    }

    /// The same browser, of somebody who reads these languages.
    pub(crate) fn reading(self, languages: &str) -> Self {
        Self { languages: format!("Accept-Language: {languages}\r\n"), ..self }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "").await
    }

    /// What it keeps under this name; empty when there is nothing.
    pub(crate) fn cookie(&self, name: &str) -> String {
        self.cookies.get(name).cloned().unwrap_or_default()
    }

    /// Keeps a cookie as if it had been set.
    pub(crate) fn put_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.into(), value.into());
    }

    /// Loads the page of a form, and sends the form with its token.
    pub(crate) async fn fill(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(page).await.token();
        self.post(action, &token, fields).await
    }

    /// Sends a form.
    pub(crate) async fn post(&mut self, action: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
        let body = {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("csrf", token).extend_pairs(fields).finish()
        };
        let head = format!(
            "POST {action} HTTP/1.1\r\nOrigin: https://{}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n",
            self.host,
            body.len()
        );
        self.ask(&head, &body).await
    }

    /// Sends a form with a file, with the token and the version of a page that was loaded.
    pub(crate) async fn post_file(&mut self, action: &str, page: &Answer, file: &str, known: &str) -> Answer {
        let mut body = String::new();
        let (token, version) = (page.token(), page.field("version"));
        let parts = [("csrf", &*token), ("version", &*version), ("file", file), ("known", known)];
        for (name, value) in parts {
            let of_file = if name == "file" { "; filename=\"office.draft\"" } else { "" };
            body.push_str(&format!(
                "--bound\r\nContent-Disposition: form-data; name=\"{name}\"{of_file}\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str("--bound--\r\n");
        let head = format!(
            "POST {action} HTTP/1.1\r\nOrigin: https://{}\r\nContent-Type: multipart/form-data; boundary=bound\r\n\
             Content-Length: {}\r\n",
            self.host,
            body.len()
        );
        self.ask(&head, &body).await
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.fill("/manager/login", "/manager/login", &[("name", name), ("password", password)]).await
    }

    pub(crate) async fn enter_portal(&mut self, name: &str, password: &str) -> Answer {
        self.fill("/portal/login", "/portal/login", &[("name", name), ("password", password)]).await
    }

    /// Sends whatever head it is given, the browser's own lines after it.
    pub(crate) async fn send(&mut self, head: &str, body: &str) -> Answer {
        self.ask(head, body).await
    }

    /// Loads a page that may go on for ever, as far as its head.
    pub(crate) async fn head_of(&mut self, path: &str) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: test\r\nCookie: {}\r\nConnection: close\r\n\r\n",
            self.host,
            cookies.join("; ")
        );
        let mut stream = tls(self.server, &[]).await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        let (mut answer, mut some) = (Vec::new(), [0; 4096]);
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut some).await.unwrap_or(0);
            assert!(read > 0, "{path}: no head");
            answer.extend_from_slice(&some[..read]);
        }
        let text = String::from_utf8_lossy(&answer).into_owned();
        let mut lines = text.lines().take_while(|line| !line.is_empty());
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        Answer {
            status: status.expect("a status"),
            headers: lines.map(str::to_owned).collect(),
            body: String::new(),
        }
    }

    async fn ask(&mut self, head: &str, body: &str) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{head}Host: {}\r\nUser-Agent: test\r\n{}Cookie: {}\r\nConnection: close\r\n\r\n{body}",
            self.host,
            self.languages,
            cookies.join("; ")
        );
        let mut stream = tls(self.server, &[]).await;
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        // A server that closes without a farewell has still said everything.
        drop(stream.read_to_end(&mut answer).await);
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers: Vec<String> = lines.map(str::to_owned).collect();
        for line in &headers {
            let Some((name, cookie)) = line.split_once(": ") else { continue };
            let Some((key, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if name.eq_ignore_ascii_case("set-cookie") {
                self.cookies.insert(key.to_owned(), value.to_owned());
            }
        }
        Answer { status: status.expect("a status"), headers, body: body.to_owned() }
    }
}
