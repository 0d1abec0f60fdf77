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
        ("STIGMEM_AUTH_REQUIRED", "maybe"),
        ("STIGMEM_NODE_URL", "node.example"),
        ("STIGMEM_NODE_URL", "http://"),
        ("STIGMEM_LOG_FORMAT", "xml"),
        ("STIGMEM_MAX_BODY_BYTES", "-1"),
        ("STIGMEM_MAX_BODY_BYTES", "10"),
        ("STIGMEM_READERS", "0"),
        ("STIGMEM_FEDERATION_PULL_INTERVAL_S", "0"),
        ("STIGMEM_REQUEST_TIMEOUT_S", "1.5"),
    ] {
        let error = with(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(value), "{error}");
    }
    assert_eq!(
        with(&[("STIGMEM_FEDERATION_ENABLED", "1")]).unwrap_err(),
        ConfigError::Federation
    );
}

#[test]
fn the_readme_lists_every_setting() {
    let readme = include_str!("../../README.md");
    let mut rows: Vec<String> = readme
        .lines()
        .filter(|line| line.starts_with("| `STIGMEM_"))
        .map(str::to_owned)
        .collect();
    let mut expected: Vec<String> = SETTINGS
        .iter()
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
