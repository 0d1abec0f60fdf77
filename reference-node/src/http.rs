//! The HTTP surface: the route table and what every route shares.

mod auth;
mod body;
mod conflicts;
mod decay;
mod errors;
mod facts;
mod federation;
mod jobs;
mod keys;
mod limits;
mod lint;
mod meta;
mod metrics;
mod otherwise;
mod path;
pub(crate) mod query;
pub(crate) mod render;
mod stream;
mod synthesis;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use self::errors::ApiError;
use self::jobs::Jobs;
use self::metrics::Metrics;
use crate::config::Settings;
use crate::domain::signing::FederationKey;
use crate::federation::Exchange;
use crate::store::Store;

/// What the handlers work with.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) node_url: String,
    pub(crate) exchange: Exchange,
    jobs: Jobs,
    metrics: Metrics,
}

impl App {
    pub(crate) fn new(settings: Settings, store: Store, node_url: String) -> Self {
        let kept = || FederationKey::from_seed(&store.federation_seed);
        let key = settings.federation.key.clone().unwrap_or_else(kept);
        Self {
            exchange: Exchange::new(key),
            settings,
            store,
            node_url,
            jobs: Jobs::default(),
            metrics: Metrics::default(),
        }
    }
}

/// One path and what answers on it. `methods` is what `/openapi.json` lists; a test holds the two together.
struct Route {
    path: &'static str,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the table is compared with the OpenAPI document in a test")
    )]
    methods: &'static [&'static str],
    handlers: MethodRouter<Arc<App>>,
}

fn routes() -> Vec<Route> {
    let route = |path, methods, handlers| Route {
        path,
        methods,
        handlers,
    };
    vec![
        route("/.well-known/stigmem", &["get"], get(meta::well_known)),
        route("/healthz", &["get"], get(meta::healthz)),
        route("/metrics", &["get"], get(meta::metrics)),
        route("/openapi.json", &["get"], get(meta::openapi)),
        route("/docs", &["get"], get(meta::docs)),
        route("/v1/me", &["get"], get(keys::me)),
        route("/v1/auth/keys", &["get", "post"], get(keys::list).post(keys::create)),
        route("/v1/auth/keys/{id}", &["delete"], delete(keys::revoke)),
        route("/v1/facts", &["get", "post"], get(facts::query).post(facts::assert)),
        route("/v1/facts/{id}", &["get"], otherwise::beside(get(facts::get))),
        route("/v1/conflicts", &["get"], get(conflicts::list)),
        route("/v1/conflicts/{id}/resolve", &["post"], post(conflicts::resolve)),
        route("/v1/lint", &["post"], post(lint::run)),
        route("/v1/lint/jobs/{id}", &["get"], get(lint::job)),
        route("/v1/synthesis", &["post"], post(synthesis::synthesise)),
        route(
            "/v1/decay/policies",
            &["get", "post"],
            get(decay::list).post(decay::create),
        ),
        route("/v1/decay/policies/{id}", &["delete"], delete(decay::delete)),
        route("/v1/decay/sweep", &["post"], post(decay::sweep)),
        route("/v1/decay/jobs/{id}", &["get"], get(decay::job)),
        route(
            "/v1/federation/peers",
            &["get", "post"],
            get(federation::peers::list).post(federation::peers::register),
        ),
        route(
            "/v1/federation/peers/{id}",
            &["delete"],
            delete(federation::peers::revoke),
        ),
        route(
            "/v1/federation/peers/{id}/capabilities",
            &["get"],
            get(federation::peers::capabilities),
        ),
        route("/v1/federation/facts", &["get"], get(federation::facts::pull)),
        route("/v1/federation/facts/push", &["post"], post(federation::push::push)),
        route("/v1/federation/audit", &["get"], get(federation::audit::list)),
    ]
}

pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for Route { path, handlers, .. } in routes() {
        router = router.route(path, handlers);
    }
    router
        .fallback(|| async { ApiError::not_found("there is no such route") })
        .method_not_allowed_fallback(|| async {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            ApiError::new(
                status,
                "method_not_allowed",
                "the header Allow lists the methods of this route",
            )
        })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(app), limits::surround))
        .with_state(Arc::clone(app))
}

/// A bug of ours: the caller gets an answer, the log the message.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over by value")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let message = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(message, "a handler panicked");
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let detail = "the node could not complete the request";
    ApiError::new(status, "internal_error", detail).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_openapi_document_lists_exactly_the_routes() {
        let document: serde_json::Value = serde_json::from_str(meta::OPENAPI).expect("the document is JSON");
        let documented: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .expect("the document has paths")
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().expect("a path is an object").keys();
                methods.map(move |method| (path.clone(), method.clone()))
            })
            .collect();
        let served: BTreeSet<(String, String)> = routes()
            .iter()
            .flat_map(|route| {
                route
                    .methods
                    .iter()
                    .map(|method| (route.path.to_owned(), (*method).to_owned()))
            })
            .collect();
        assert_eq!(documented, served);
    }
}
