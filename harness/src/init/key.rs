//! Whether the node wants a key, and what the given one can do.

use super::{Access, Finding, discover::Found, one_line, probe::Probe};
use crate::{
    error::{InputError, RunError},
    schemas::Schemas,
    trace::Response,
    world::keys::Key,
};

/// Asks without a key, then with it.
pub(super) async fn look(
    found: &mut Found,
    key: Option<&Key>,
    variable: Option<&str>,
    schemas: &Schemas,
    probe: &mut Probe,
) -> Result<Access, RunError> {
    let mut access = without(found, schemas, probe).await?;
    let (Some(key), Some(variable)) = (key, variable) else {
        if access.required {
            found.findings.push(Finding::wrong(
                "no key was given (--key-env NAME): nearly every case needs one",
            ));
        }
        return Ok(access);
    };
    warn_of_plain_text(found);
    let permissions = me(found, key, variable, schemas, probe).await?;
    reads(found, key, schemas, probe).await?;
    access.key_env = Some(variable.to_owned());
    access.manages_keys = manages_keys(found, key, &permissions, schemas, probe).await?;
    found.findings.push(Finding::unknown(
        "whether the key may use all four scopes: that would take writing",
    ));
    Ok(access)
}

async fn without(found: &mut Found, schemas: &Schemas, probe: &mut Probe) -> Result<Access, RunError> {
    let Some(response) = probe.get(&found.base, FACTS, None).await? else {
        found.findings.push(Finding::unknown("whether a key is required"));
        return Ok(Access {
            required: true,
            ..Access::default()
        });
    };
    let said = found.member("auth").map(|auth| one_line(auth, 40)).unwrap_or_default();
    let (required, word) = match response.status {
        401 => (true, "required"),
        200 => (false, "none"),
        status => {
            found.findings.push(Finding::wrong(format!(
                "a query without a key is answered {status}; 200 or 401 was expected"
            )));
            return Ok(Access {
                required: true,
                ..Access::default()
            });
        }
    };
    let seen = if required {
        "a query without a key is refused (401)"
    } else {
        "a query without a key is answered: no key is needed"
    };
    found.findings.push(if said == word {
        Finding::good(seen)
    } else {
        Finding::wrong(format!("{seen}, but discovery says `auth`: {said:?}"))
    });
    if !required {
        page(found, &response, schemas);
    }
    Ok(Access {
        required,
        ..Access::default()
    })
}

fn warn_of_plain_text(found: &mut Found) {
    let local = ["http://127.", "http://localhost", "http://[::1]"]
        .iter()
        .any(|start| found.base.starts_with(start));
    if found.base.starts_with("http:") && !local {
        found.findings.push(Finding::wrong(
            "the key travels over plain http and can be read on the way",
        ));
    }
}

/// Who the key is. The error is a key that is not valid there.
async fn me(
    found: &mut Found,
    key: &Key,
    variable: &str,
    schemas: &Schemas,
    probe: &mut Probe,
) -> Result<Vec<String>, RunError> {
    let Some(response) = probe.get(&found.base, "/v1/me", Some(key)).await? else {
        found.findings.push(Finding::unknown("who the key belongs to"));
        return Ok(Vec::new());
    };
    if response.status == 401 {
        let message = format!(
            "{} refuses the key in {variable} (401): unknown, revoked or expired there",
            one_line(&found.base, 200)
        );
        return Err(InputError::at("--key-env", "", message).into());
    }
    let body = response.body.json().unwrap_or_default();
    if response.status != 200 {
        found.findings.push(Finding::wrong(format!(
            "GET /v1/me with the key is answered {}",
            response.status
        )));
        return Ok(Vec::new());
    }
    let words = body["permissions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str());
    let permissions: Vec<String> = words.map(|word| one_line(word, 40)).take(20).collect();
    let who = body["entity_uri"]
        .as_str()
        .map_or_else(|| "nobody".to_owned(), |uri| one_line(uri, 120));
    found.findings.push(match schemas.mismatch("wire/me", &body) {
        None => Finding::good(format!(
            "the key belongs to {who}, permissions {}",
            permissions.join(", ")
        )),
        Some(wrong) => Finding::wrong(format!(
            "the answer of GET /v1/me is not valid: {}",
            one_line(&wrong.message, 200)
        )),
    });
    let missing: Vec<&str> = ["read", "write"]
        .into_iter()
        .filter(|wanted| !permissions.iter().any(|word| word == wanted))
        .collect();
    if !missing.is_empty() && !permissions.is_empty() {
        found.findings.push(Finding::wrong(format!(
            "the key lacks {}: a run needs a key with read and write",
            missing.join(" and ")
        )));
    }
    Ok(permissions)
}

async fn reads(found: &mut Found, key: &Key, schemas: &Schemas, probe: &mut Probe) -> Result<(), RunError> {
    let Some(response) = probe.get(&found.base, FACTS, Some(key)).await? else {
        found.findings.push(Finding::unknown("whether the key may query"));
        return Ok(());
    };
    match response.status {
        200 => page(found, &response, schemas),
        403 => found.findings.push(Finding::wrong("the key may not query facts (403)")),
        status => found.findings.push(Finding::wrong(format!(
            "a query with the key is answered {status}; 200 was expected"
        ))),
    }
    Ok(())
}

fn page(found: &mut Found, response: &Response, schemas: &Schemas) {
    let Some(page) = response.body.json() else {
        found.findings.push(Finding::wrong(
            "GET /v1/facts answers 200 with something that is not JSON",
        ));
        return;
    };
    found.findings.push(match schemas.mismatch("wire/page", &page) {
        None => Finding::good("GET /v1/facts answers with a valid page"),
        Some(wrong) => {
            let (pointer, message) = (one_line(&wrong.pointer, 100), one_line(&wrong.message, 200));
            Finding::wrong(format!(
                "the answer of GET /v1/facts is not valid: at {pointer:?}: {message}"
            ))
        }
    });
}

/// To list keys is all that can be tried without making one.
async fn manages_keys(
    found: &mut Found,
    key: &Key,
    permissions: &[String],
    schemas: &Schemas,
    probe: &mut Probe,
) -> Result<bool, RunError> {
    let Some(response) = probe.get(&found.base, "/v1/auth/keys", Some(key)).await? else {
        found.findings.push(Finding::unknown("whether the key may manage keys"));
        return Ok(false);
    };
    let admin = permissions.iter().any(|word| word == "admin");
    let lists = response.status == 200
        && response
            .body
            .json()
            .is_some_and(|keys| schemas.mismatch("wire/keys", &keys).is_none());
    found.findings.push(match (admin, lists, response.status) {
        (true, true, _) => {
            Finding::good("the key has admin and may list keys; that it can make keys shows when a run asks for one")
        }
        (true, false, status) => Finding::wrong(format!(
            "the key has admin, but GET /v1/auth/keys is answered {status} without a valid list of keys"
        )),
        (false, _, 200) => {
            Finding::wrong("the key has no admin permission: cases that need further keys will be inconclusive")
        }
        (false, _, status) => Finding::wrong(format!(
            "the key may not manage keys ({status}): cases that need further keys will be inconclusive"
        )),
    });
    Ok(admin && lists)
}

const FACTS: &str = "/v1/facts?limit=1";
