//! The HTTP surface: the route table and what every route shares.

mod auth;
mod body;
mod conflicts;
mod errors;
mod facts;
mod keys;
mod limits;
mod meta;
mod metrics;
mod path;
mod query;
mod render;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use self::errors::ApiError;
use self::metrics::Metrics;
use crate::config::Settings;
use crate::store::Store;

/// What the handlers work with.
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) node_url: String,
    metrics: Metrics,
}

impl App {
    pub(crate) fn new(settings: Settings, store: Store, node_url: String) -> Self {
        Self {
            settings,
            store,
            node_url,
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
        route("/v1/facts/{id}", &["get"], get(facts::get)),
        route("/v1/conflicts", &["get"], get(conflicts::list)),
        route("/v1/conflicts/{id}/resolve", &["post"], post(conflicts::resolve)),
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
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or(panic.downcast_ref::<&str>().copied());
    tracing::error!(message = message.unwrap_or("unknown"), "a handler panicked");
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    ApiError::new(status, "internal_error", "the node could not complete the request").into_response()
}
