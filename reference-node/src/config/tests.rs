//! Settings: defaults, refusals, and the README's table.

use super::*;

fn with(pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let lookup = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Settings::read(lookup)
}

#[test]
fn defaults_are_valid_and_safe() {
    let settings = with(&[]).unwrap();
    assert_eq!((settings.host.as_str(), settings.port), ("127.0.0.1", 8765));
    assert!(settings.auth_required);
    assert_eq!(settings.max_body_bytes, 1_048_576);
    assert_eq!(settings.async_job_threshold, 100_000);
    assert_eq!(settings.node_url, None);
}

#[test]
fn values_are_understood() {
    let settings = with(&[
        ("STIGMEM_PORT", "0"),
        ("STIGMEM_AUTH_REQUIRED", "False"),
        ("STIGMEM_NODE_URL", "https://node.example/"),
        ("STIGMEM_LOG_FORMAT", "json"),
        ("STIGMEM_HOST", ""),
    ])
    .unwrap();
    assert_eq!(
        (settings.port, settings.auth_required, settings.log_json),
        (0, false, true)
    );
    assert_eq!(settings.node_url.as_deref(), Some("https://node.example"));
    assert_eq!(settings.host, "127.0.0.1");
}

#[test]
fn nonsense_is_refused_by_name() {
    for (name, value) in [
        ("STIGMEM_PORT", "65536"),
        ("STIGMEM_PORT", "http"),
        ("STIGMEM_ASYNC_JOB_THRESHOLD", "-1"),
        ("STIGMEM_ASYNC_JOB_THRESHOLD", "few"),
        ("STIGMEM_AUTH_REQUIRED", "maybe"),
        ("STIGMEM_NODE_URL", "node.example"),
        ("STIGMEM_NODE_URL", "http://"),
        ("STIGMEM_LOG_FORMAT", "xml"),
        ("STIGMEM_MAX_BODY_BYTES", "-1"),
        ("STIGMEM_MAX_BODY_BYTES", "10"),
        ("STIGMEM_READERS", "0"),
        ("STIGMEM_FEDERATION_PULL_INTERVAL_S", "0"),
        ("STIGMEM_FEDERATION_PULL_INTERVAL_S", "inf"),
        ("STIGMEM_FEDERATION_ENABLED", "soon"),
        ("STIGMEM_FEDERATION_ALLOWED_SCOPES", "local,public"),
        ("STIGMEM_FEDERATION_ALLOWED_SCOPES", "galaxy"),
        ("STIGMEM_FEDERATION_RELAY_LAG_HARD_MS", "0"),
        ("STIGMEM_REQUEST_TIMEOUT_S", "1.5"),
    ] {
        let error = with(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(value), "{error}");
    }
}

#[test]
fn federation_is_off_and_narrow_until_it_is_set() {
    let federation = with(&[]).unwrap().federation;
    assert!(!federation.enabled && !federation.push && federation.relay && federation.key.is_none());
    assert_eq!(federation.allowed.words(), ["company", "public"]);
    let set = with(&[
        ("STIGMEM_FEDERATION_ENABLED", "1"),
        ("STIGMEM_FEDERATION_PULL_INTERVAL_S", "0.2"),
        ("STIGMEM_FEDERATION_ALLOWED_SCOPES", " team , public "),
    ]);
    let federation = set.unwrap().federation;
    assert_eq!(federation.pull_interval, Duration::from_millis(200));
    assert!(federation.enabled);
    assert_eq!(federation.allowed.words(), ["team", "public"]);
}

#[test]
fn a_key_of_the_operators_own_comes_in_both_halves() {
    const PUBLIC: &str = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
    const SEED: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let keys = |public, seed| {
        with(&[
            ("STIGMEM_FEDERATION_PUBKEY", public),
            ("STIGMEM_FEDERATION_PRIVKEY", seed),
        ])
    };
    assert_eq!(
        keys(PUBLIC, SEED).unwrap().federation.key.unwrap().public_text(),
        PUBLIC
    );
    for (public, seed) in [
        (PUBLIC, ""),
        ("", SEED),
        (&PUBLIC[1..], SEED),
        (PUBLIC, PUBLIC),
        (PUBLIC, "secret"),
    ] {
        let error = keys(public, seed).unwrap_err().to_string();
        assert!(error.contains("STIGMEM_FEDERATION_P"), "{error}");
        assert!(seed.is_empty() || !error.contains(seed) || public == seed, "{error}");
    }
}

#[test]
fn the_readme_lists_every_setting() {
    let readme = include_str!("../../README.md");
    let mut rows: Vec<String> = readme
        .lines()
        .filter(|line| line.starts_with("| `STIGMEM_"))
        .map(str::to_owned)
        .collect();
    let mut expected: Vec<String> = settings()
        .map(|setting| {
            let default = if setting.default.is_empty() {
                String::new()
            } else {
                format!("`{}`", setting.default)
            };
            format!("| `{}` | {default} | {} |", setting.name, setting.help)
        })
        .collect();
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
}
