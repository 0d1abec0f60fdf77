//! Request bodies: the content type, the size, the time they may take.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;

use super::App;
use super::errors::ApiError;
use crate::policy::{BodyText, ContentTypes, LargeBodies};

/// How much of a refused body is still taken off the wire, and for how long, so that a client that is busy sending gets
/// to read the refusal instead of a reset connection.
const LINGER_BYTES: usize = 4 * 1_048_576;
const LINGER_TIME: Duration = Duration::from_secs(2);

/// The bytes of a JSON body within the node's limit.
pub(crate) async fn json(app: &App, request: Request) -> Result<Bytes, ApiError> {
    let (parts, body) = request.into_parts();
    // A client that waits for permission to send has nothing on the way, and asking for the body would grant it.
    let waits = parts.headers.contains_key(header::EXPECT);
    let refuse = |body| if waits { drop(body) } else { linger(body) };
    if !is_json(&parts.headers) && ContentTypes::now() == ContentTypes::JsonAlone {
        refuse(body);
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send the body as application/json",
        ));
    }
    let limit = app.settings.max_body_bytes;
    let announced = announced_length(&parts.headers).filter(|_| LargeBodies::now() != LargeBodies::AtTheirEnd);
    if announced.is_some_and(|length| length > limit as u64) {
        refuse(body);
        return Err(too_large(limit));
    }
    match tokio::time::timeout(app.settings.request_timeout, collect(body, limit)).await {
        Ok(result) => result.map(|bytes| BodyText::now().of(bytes)),
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "the body took too long to arrive",
        )),
    }
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| ApiError::bad_request("invalid_body", "the body could not be read to its end"))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > limit {
                if LargeBodies::now() == LargeBodies::AtTheirEnd {
                    while let Some(Ok(_)) = body.frame().await {}
                }
                linger(body);
                return Err(too_large(limit));
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(Bytes::from(bytes))
}

fn too_large(limit: usize) -> ApiError {
    let detail = format!("a request body has at most {limit} bytes");
    match LargeBodies::now() {
        LargeBodies::AsBadRequests => ApiError::bad_request("body_too_large", detail),
        LargeBodies::AtTheLimit | LargeBodies::AtTheirEnd => ApiError::too_large(detail),
    }
}

/// Takes a bounded part of an unwanted body off the wire, after the answer has been given.
fn linger(mut body: Body) {
    let drain = async move {
        let mut taken = 0;
        while let Some(Ok(frame)) = body.frame().await {
            taken += frame.data_ref().map_or(0, Bytes::len);
            if taken > LINGER_BYTES {
                break;
            }
        }
    };
    tokio::spawn(tokio::time::timeout(LINGER_TIME, drain));
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// `application/json` or `application/*+json`, parameters allowed.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/").unwrap_or_default();
    subtype == "json" || (subtype.len() > "+json".len() && subtype.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_content_types_are_taken() {
        for (content_type, taken) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/ld+json", true),
            ("application/+json", false),
            ("text/json", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            assert_eq!(is_json(&headers), taken, "{content_type:?}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
