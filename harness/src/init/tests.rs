use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::Duration,
};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::*;
use crate::{data::Data, target::Target};

/// The variable every process of `cargo test` has, as a key that is sent nowhere but to the servers here.
const KEY_ENV: &str = "CARGO_MANIFEST_DIR";

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn discovery(auth: &str) -> Value {
    json!({"version": "1.0", "node_id": "stigmem:node:1", "node_url": "http://n", "auth": auth, "federation": "disabled",
           "namespaces": ["stigmem:"], "spec": "https://example.com/spec"})
}

/// A node that takes any key, when it wants one.
fn node(auth: &'static str, permissions: &'static [&'static str]) -> Router {
    let guarded = move |headers: &HeaderMap, body: Value| -> Response {
        if auth == "required" && !headers.contains_key(header::AUTHORIZATION) {
            return (
                StatusCode::UNAUTHORIZED,
                Json(json!({"error": "unauthorized", "detail": "no key"})),
            )
                .into_response();
        }
        Json(body).into_response()
    };
    let page = json!({"facts": [], "total": 0, "cursor": null});
    let me = json!({"entity_uri": "agent:a", "permissions": permissions});
    Router::new()
        .route(
            "/.well-known/stigmem",
            get(move || async move { Json(discovery(auth)) }),
        )
        .route(
            "/v1/facts",
            get(move |headers: HeaderMap| async move { guarded(&headers, page) }),
        )
        .route(
            "/v1/me",
            get(move |headers: HeaderMap| async move { guarded(&headers, me) }),
        )
        .route(
            "/v1/auth/keys",
            get(move |headers: HeaderMap| async move { guarded(&headers, json!([])) }),
        )
}

struct Ran {
    outcome: Result<InitReport, RunError>,
    folder: tempfile::TempDir,
}

async fn run(url: &str, key_env: Option<&str>) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let args = InitArgs {
        url: url.to_owned(),
        key_env: key_env.map(str::to_owned),
        out: folder.path().join("t.toml"),
        force: false,
    };
    let schemas = Schemas::load(&Data::embedded()).unwrap();
    let limits = Limits {
        time: Duration::from_secs(5),
        ..Limits::default()
    };
    Ran {
        outcome: init(&args, &schemas, limits).await,
        folder,
    }
}

/// What keeps the kit from a node there.
async fn gone(url: &str) -> String {
    let ran = run(url, None).await;
    assert!(!ran.folder.path().join("t.toml").exists());
    match ran.outcome.unwrap_err() {
        RunError::TargetGone(message) => message,
        other => panic!("{other:?}"),
    }
}

impl Ran {
    fn says(&self, mark: Mark, text: &str) {
        let findings = &self.outcome.as_ref().unwrap().findings;
        assert!(
            findings
                .iter()
                .any(|finding| finding.mark == mark && finding.text.contains(text)),
            "{text}: {findings:#?}"
        );
    }

    fn target(&self) -> Target {
        let path = self.folder.path().join("t.toml");
        Target::read(&path, &Schemas::load(&Data::embedded()).unwrap()).unwrap()
    }
}

#[tokio::test]
async fn an_open_node_gets_a_target_file_that_can_be_run() {
    let url = serve(node("none", &[])).await;
    let ran = run(&url, None).await;
    ran.says(Mark::Good, "stigmem:node:1");
    ran.says(Mark::Good, "discovery document is valid");
    ran.says(Mark::Good, "no key is needed");
    ran.says(Mark::Unknown, "include-retracted");
    ran.says(Mark::Wrong, "calls itself http://n");
    let attach = ran.target().attach.unwrap();
    assert_eq!((attach.url, attach.key_env), (url, None));
    let report = ran.outcome.as_ref().unwrap();
    assert!(
        report.next[0].starts_with("stigmem-conformance run --target "),
        "{:?}",
        report.next
    );
    assert!(report.requests <= probe::MAX_REQUESTS);
}

#[tokio::test]
async fn a_key_is_tried_and_named_in_the_file() {
    let url = serve(node("required", &["read", "write", "admin"])).await;
    let ran = run(&url, Some(KEY_ENV)).await;
    ran.says(Mark::Good, "refused (401)");
    ran.says(Mark::Good, "permissions read, write, admin");
    ran.says(Mark::Good, "may list keys");
    let target = ran.target();
    assert_eq!(target.attach.unwrap().key_env.as_deref(), Some(KEY_ENV));
    assert_eq!(target.keys.admin_env.as_deref(), Some(KEY_ENV));
    let text = std::fs::read_to_string(ran.folder.path().join("t.toml")).unwrap();
    assert!(!text.contains(&std::env::var(KEY_ENV).unwrap()), "{text}");
}

#[tokio::test]
async fn what_a_key_lacks_is_said() {
    let url = serve(node("required", &["read"])).await;
    let ran = run(&url, Some(KEY_ENV)).await;
    ran.says(Mark::Wrong, "lacks write");
    ran.says(Mark::Wrong, "no admin permission");
    assert_eq!(ran.target().keys.admin_env, None);
    let without = run(&url, None).await;
    without.says(Mark::Wrong, "no key was given");
    assert_eq!(without.outcome.unwrap().next.len(), 3);
}

#[tokio::test]
async fn a_key_that_is_refused_ends_it() {
    let refuse = || async {
        (
            StatusCode::UNAUTHORIZED,
            Json(json!({"error": "unauthorized", "detail": "no"})),
        )
    };
    let document = || async { Json(discovery("required")) };
    let url = serve(
        Router::new()
            .route("/.well-known/stigmem", get(document))
            .fallback(refuse),
    )
    .await;
    let error = run(&url, Some(KEY_ENV)).await.outcome.unwrap_err();
    assert!(
        matches!(error, RunError::Input(_)) && error.to_string().contains("refuses the key"),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_at_the_port_is_said() {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let message = gone(&format!("http://{free}")).await;
    assert!(message.contains("nothing listens there"), "{message}");
}

#[tokio::test]
async fn a_web_page_is_told_from_a_node() {
    let url = serve(Router::new().fallback(|| async { Html("<!doctype html><title>Welcome\u{1b}[2J</title>") })).await;
    let message = gone(&url).await;
    assert!(message.contains("web page") && message.contains("Welcome"), "{message}");
    assert!(!message.contains('\u{1b}'));
}

#[tokio::test]
async fn other_answers_have_their_own_messages() {
    let cases: [(StatusCode, &str, &str); 5] = [
        (StatusCode::OK, "{\"name\":\"other\"}", "no Stigmem discovery document"),
        (StatusCode::OK, "plain words", "not JSON"),
        (StatusCode::NOT_FOUND, "", "no Stigmem node at this path"),
        (StatusCode::BAD_GATEWAY, "", "behind a proxy is down"),
        (StatusCode::FORBIDDEN, "{}", "a gateway wants credentials"),
    ];
    for (status, body, said) in cases {
        let url = serve(Router::new().fallback(move || async move { (status, body) })).await;
        let message = gone(&url).await;
        assert!(message.contains(said), "{message}");
    }
}

#[tokio::test]
async fn a_circle_of_redirects_is_shown() {
    let to = |to: &'static str| get(move || async move { (StatusCode::FOUND, [(header::LOCATION, to)]) });
    let router = Router::new()
        .route("/.well-known/stigmem", to("/b"))
        .route("/b", to("/.well-known/stigmem"));
    let message = gone(&serve(router).await).await;
    assert!(
        message.contains("redirected in a circle") && message.contains("/b → http"),
        "{message}"
    );
    let endless = |uri: axum::http::Uri| async move { (StatusCode::FOUND, [(header::LOCATION, format!("{uri}x"))]) };
    let message = gone(&serve(Router::new().fallback(endless)).await).await;
    assert!(message.contains("redirected more than 3 times"), "{message}");
}

#[tokio::test]
async fn a_redirect_to_a_node_names_the_url_to_give() {
    let node = serve(node("none", &[])).await;
    let to = format!("{node}/.well-known/stigmem");
    let url =
        serve(Router::new().fallback(move || async move { (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]) }))
            .await;
    let message = gone(&url).await;
    assert!(
        message.contains(&format!("stigmem-conformance init {node}")),
        "{message}"
    );
}

#[tokio::test]
async fn a_url_below_the_node_is_corrected() {
    let below = Router::new().nest("/mem", node("none", &[]));
    let url = serve(below).await;
    for path in ["/mem", "/mem/", "/mem/v1", "/mem/v1/facts", "/mem/.well-known/stigmem"] {
        let ran = run(&format!("{url}{path}"), None).await;
        assert_eq!(ran.target().attach.unwrap().url, format!("{url}/mem"), "{path}");
    }
    assert!(gone(&url).await.contains("its sub-path"));
}

#[tokio::test]
async fn a_wrong_discovery_document_does_not_keep_the_kit_away() {
    let mut document = discovery("none");
    document["auth"] = json!("maybe");
    document["node_id"] = json!("evil\u{1b}[2J\nname = \"injected\"");
    let answer = move || async move { Json(document) };
    let url = serve(Router::new().route("/.well-known/stigmem", get(answer))).await;
    let ran = run(&url, None).await;
    ran.says(Mark::Wrong, "not valid: at \"/auth\"");
    ran.says(Mark::Wrong, "a query without a key is answered 404");
    assert!(ran.target().name.starts_with("node at 127.0.0.1"));
    let shown = ran.outcome.unwrap().to_string();
    assert!(!shown.contains('\u{1b}') && !shown.contains("\nname"), "{shown}");
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // A TLS alert, as a secure port answers plain text.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(&[0x15, 3, 1, 0, 2, 2, 70]);
        }
    });
    let message = gone(&url).await;
    assert!(message.contains("https://"), "{message}");
    let plain = serve(node("none", &[])).await.replace("http:", "https:");
    let message = gone(&plain).await;
    assert!(
        message.contains("TLS fails") && message.contains("http://"),
        "{message}"
    );
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_is_asked_before_that_is_clear() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("t.toml");
    std::fs::write(&out, "mine").unwrap();
    let schemas = Schemas::load(&Data::embedded()).unwrap();
    let url = serve(node("none", &[])).await;
    let mut args = InitArgs {
        url,
        key_env: None,
        out: out.clone(),
        force: false,
    };
    let error = init(&args, &schemas, Limits::default()).await.unwrap_err();
    assert!(
        matches!(error, RunError::Input(_)) && error.to_string().contains("--force"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
    args.force = true;
    init(&args, &schemas, Limits::default()).await.unwrap();
    assert!(std::fs::read_to_string(&out).unwrap().contains("[attach]"));
}

#[tokio::test]
async fn a_key_on_the_command_line_is_not_repeated() {
    for wrong in ["sk-12345-secret", "", "1X", "STIGMEM_KEY_THAT_NOBODY_SET"] {
        let error = run("http://127.0.0.1:1", Some(wrong)).await.outcome.unwrap_err();
        assert!(matches!(error, RunError::Input(_)), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn the_features_that_are_named_are_those_of_the_schema() {
    let schema: Value = serde_json::from_str(Data::embedded().get("schemas/target.schema.json").unwrap()).unwrap();
    let features: Vec<&str> = schema["properties"]["features"]["items"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature.as_str().unwrap())
        .collect();
    let found = discover::Found {
        base: "http://n".to_owned(),
        document: discovery("none"),
        findings: Vec::new(),
    };
    let text = toml_file::text(&found, &Access::default());
    for feature in &features {
        assert!(text.contains(&format!("#   {feature} ")), "{feature}\n{text}");
    }
    assert_eq!(features.len(), 7);
}
