//! A node made of a listener and a key: it declares itself, serves what a test gives it, and writes down what it is asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use crate::support::{Answer, Node, PATIENCE};

pub(crate) struct Peer {
    pub(crate) node_id: String,
    pub(crate) url: String,
    pub(crate) scopes: Vec<&'static str>,
    key: SigningKey,
    served: Arc<Served>,
}

struct Served {
    document: Mutex<Value>,
    /// What the next pulls are answered with, the last one for ever: status, further head lines, body.
    answers: Mutex<Vec<(u16, String, Vec<u8>)>>,
    asked: Mutex<Vec<String>>,
}

impl Peer {
    pub(crate) fn start(name: u8) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let node_id = format!("stigmem:node:00000000-0000-4000-8000-0000000000{name:02x}");
        let key = SigningKey::from_bytes(&[name; 32]);
        let document = json!({
            "node_id": node_id, "node_url": url,
            "federation_pubkey": BASE64URL_NOPAD.encode(key.verifying_key().as_bytes()),
        });
        let served = Arc::new(Served {
            document: Mutex::new(document),
            answers: Mutex::new(vec![page(&[], None, false)]),
            asked: Mutex::default(),
        });
        let shared = Arc::clone(&served);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = shared.answer(stream);
            }
        });
        Self {
            node_id,
            url,
            scopes: vec!["company", "public"],
            key,
            served,
        }
    }

    /// Changes a member of the peer's own document.
    pub(crate) fn publish(&self, member: &str, value: Value) {
        self.served.document.lock().unwrap()[member] = value;
    }

    pub(crate) fn serve(&self, answers: Vec<(u16, String, Vec<u8>)>) {
        *self.served.answers.lock().unwrap() = answers;
    }

    /// The targets of the pulls so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.served.asked.lock().unwrap().clone()
    }

    pub(crate) fn declaration(&self) -> Value {
        let signed_at = date();
        let key = BASE64URL_NOPAD.encode(self.key.verifying_key().as_bytes());
        let signed = format!(
            r#"{{"allowed_scopes":{},"federation_pubkey":"{key}","node_id":"{}","node_url":"{}","signed_at":"{signed_at}"}}"#,
            json!(self.scopes),
            self.node_id,
            self.url
        );
        let mut declaration: Value = serde_json::from_str(&signed).unwrap();
        let signature = self.key.sign(signed.as_bytes());
        declaration["declaration_sig"] = BASE64URL_NOPAD.encode(&signature.to_bytes()).into();
        declaration
    }

    pub(crate) fn register_at(&self, node: &Node) -> Answer {
        node.post("/v1/federation/peers", "", &self.declaration())
    }

    /// A token with claims of the test's own over the usual ones.
    pub(crate) fn token(&self, node: &Node, changes: &Value) -> String {
        let now = now_millis();
        let mut claims = json!({
            "iss": self.node_id, "sub": node.node_id(), "iat": now, "exp": now + 60_000,
            "nonce": format!("nonce-{now}-{}", fresh()), "scopes": self.scopes,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let signed = format!(
            "{}.{}",
            encode(r#"{"alg":"EdDSA","typ":"JWT"}"#),
            encode(&claims.to_string())
        );
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
    }

    pub(crate) fn pull(&self, node: &Node, query: &str) -> Answer {
        let token = self.token(node, &json!({}));
        node.get(&format!("/v1/federation/facts{query}"), &token)
    }

    pub(crate) fn push(&self, node: &Node, facts: &[Value]) -> Answer {
        let token = self.token(node, &json!({}));
        node.post("/v1/federation/facts/push", &token, &json!({ "facts": facts }))
    }
}

impl Served {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(stream.try_clone()?).take(65_536);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
                break;
            }
        }
        let (status, head, body) = if target == "/.well-known/stigmem" {
            let document = self.document.lock().unwrap().to_string();
            (200, String::new(), document.into_bytes())
        } else {
            self.asked.lock().unwrap().push(target);
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0].clone()
            }
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{head}Connection: close\r\n\r\n"
        )?;
        stream.write_all(&body)
    }
}

/// A page of texts that need not be facts.
pub(crate) fn page(facts: &[String], cursor: Option<&str>, has_more: bool) -> (u16, String, Vec<u8>) {
    let body = format!(
        r#"{{"facts":[{}],"cursor":{},"has_more":{has_more}}}"#,
        facts.join(","),
        json!(cursor)
    );
    (200, String::new(), body.into_bytes())
}

/// A fact that any node accepts.
pub(crate) fn shared(n: u32, entity: &str, value: &str, scope: &str) -> Value {
    json!({
        "id": format!("7d9f2c8e-3f0b-4a55-9d4e-{n:012x}"), "entity": entity, "relation": "memory:role",
        "value": { "type": "string", "v": value }, "source": "agent:x", "timestamp": "2026-05-02T00:00:00Z",
        "hlc": format!("{}.{n}", now_millis()), "valid_until": null, "confidence": 1.0, "scope": scope, "cid": null,
    })
}

pub(crate) fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// A number that no other call in this process gets.
fn fresh() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Now, as RFC 3339 in UTC.
fn date() -> String {
    let seconds = i64::try_from(now_millis() / 1_000).unwrap();
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Counted from 2000-03-01, in years that start in March.
    let days = days - 11_017;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + 2_000 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}
