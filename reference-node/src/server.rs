//! The server's life: settings, log, store, listener, connections, graceful stop.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::config::{ConfigError, Settings, settings};
use crate::federation;
use crate::http::{self, App};
use crate::policy::{BrokenConnection, ConnectionSlots, FirstBytes, OpenHouse};
use crate::store::{Store, StoreError, StoreLimits};

/// The largest head of a request that is read; the HTTP layer refuses smaller ones with a proper answer already.
const HEAD_BUFFER: usize = 65_536;

/// Why the server did not start or did not stay.
#[derive(Debug, thiserror::Error)]
enum ServerError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("STIGMEM_LOG_LEVEL is '{0}', which is neither a level nor a filter")]
    LogLevel(String),
    #[error("the database {path} cannot be opened: {error}")]
    Store { path: String, error: StoreError },
    #[error("STIGMEM_HOST and STIGMEM_PORT name {address}, which cannot be listened on: {error}")]
    Bind { address: String, error: std::io::Error },
    #[error(
        "STIGMEM_AUTH_REQUIRED is false and STIGMEM_HOST is {0}, which is not loopback: anybody could write; \
         listen on 127.0.0.1 or turn authentication on"
    )]
    Exposed(String),
    #[cfg(feature = "deviations")]
    #[error("{0}")]
    Deviation(String),
    #[error("the runtime failed: {0}")]
    Runtime(#[from] std::io::Error),
}

/// Runs the server with the settings of the environment, until it is told to stop.
pub(crate) fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--help" | "-h") => return say(&help()),
        Some("--version" | "-V") => {
            return say(concat!("stigmem-node ", env!("CARGO_PKG_VERSION"), "\n"));
        }
        Some(other) => {
            complain(&format!(
                "there is no option '{other}'; settings come from the environment, see --help"
            ));
            return ExitCode::from(2);
        }
    }
    serve_from_env()
}

/// The same without looking at the command line, for a program that is more than the server.
pub(crate) fn serve_from_env() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ (ServerError::Config(_) | ServerError::LogLevel(_) | ServerError::Exposed(_))) => {
            complain(&error.to_string());
            ExitCode::from(2)
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> ExitCode {
    // A reader that went away is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "stigmem-node: {text}");
}

fn help() -> String {
    let mut text = String::from(
        "stigmem-node: the Stigmem reference node\n\n\
         Usage: stigmem-node [--help | --version]\n\n\
         The server is configured by the environment alone:\n\n",
    );
    for setting in settings() {
        let default = if setting.default.is_empty() {
            "not set"
        } else {
            setting.default
        };
        let _ = writeln!(text, "  {} (default: {default})\n      {}", setting.name, setting.help);
    }
    text + "\nMake the first key with: stigmem keys create --entity-uri URI --permissions admin,read,write\n"
}

fn run() -> Result<(), ServerError> {
    #[cfg(feature = "deviations")]
    crate::policy::deviations::check().map_err(ServerError::Deviation)?;
    let settings = Settings::from_env()?;
    start_log(&settings)?;
    warn_about_unknown_settings();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if settings.worker_threads > 0 {
        runtime.worker_threads(settings.worker_threads);
    }
    // Blocking threads read from the database; idle ones beyond the connections would only hold memory.
    let runtime = runtime
        .max_blocking_threads(settings.readers + 4)
        .enable_all()
        .build()?;
    runtime.block_on(serve(settings))
}

fn start_log(settings: &Settings) -> Result<(), ServerError> {
    // A lone word that is no level would be read as the name of a module, and silence everything else.
    let level = &settings.log_level;
    let plausible = level.contains('=') || level.parse::<tracing::Level>().is_ok();
    let filter = tracing_subscriber::EnvFilter::builder().parse(level);
    let filter = filter
        .ok()
        .filter(|_| plausible)
        .ok_or_else(|| ServerError::LogLevel(level.clone()))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second server in one process keeps the log that the first one set up.
    let _ = if settings.log_json {
        log.json().try_init()
    } else {
        log.with_ansi(false).try_init()
    };
    Ok(())
}

fn warn_about_unknown_settings() {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        #[cfg(feature = "deviations")]
        if name.starts_with(crate::policy::deviations::VARIABLE) {
            continue;
        }
        if name.starts_with("STIGMEM_") && !settings().any(|setting| setting.name == name) {
            tracing::warn!(setting = %name, "this setting is not known and has no effect");
        }
    }
}

async fn serve(settings: Settings) -> Result<(), ServerError> {
    let listener = listen(&settings).await?;
    let address = listener.local_addr()?;
    let exposed = !settings.auth_required && !address.ip().is_loopback();
    if exposed && OpenHouse::now() == OpenHouse::LoopbackAlone {
        return Err(ServerError::Exposed(address.ip().to_string()));
    }
    let limits = StoreLimits {
        readers: settings.readers,
        write_queue: settings.write_queue,
    };
    let store = Store::open(&settings.db_path, limits).map_err(|error| ServerError::Store {
        path: settings.db_path.display().to_string(),
        error,
    })?;
    let url = settings.node_url.clone().unwrap_or_else(|| format!("http://{address}"));
    tracing::info!(%address, url, node = store.node_id, auth = settings.auth_required, "the node is listening");
    say(&format!("listening on http://{address}\n"));

    let app = Arc::new(App::new(settings, store, url));
    let connections = Connections::new(&app);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let pulls = tokio::spawn(federation::pull::run(Arc::clone(&app), stopped));
    tokio::select! {
        () = connections.accept(listener) => {}
        () = told_to_stop() => {}
    }
    tracing::info!("the node is stopping");
    // Nothing receives when federation is off; then there is nothing to stop.
    let _ = stop.send(true);
    if tokio::time::timeout(app.settings.shutdown_timeout, pulls)
        .await
        .is_err()
    {
        tracing::warn!("a pull was still in flight when the time to stop was over");
    }
    connections.finish(app.settings.shutdown_timeout).await;
    app.store.close().await;
    tracing::info!("the node has stopped");
    Ok(())
}

async fn listen(settings: &Settings) -> Result<TcpListener, ServerError> {
    let address = (
        settings.host.trim_start_matches('[').trim_end_matches(']'),
        settings.port,
    );
    TcpListener::bind(address).await.map_err(|error| ServerError::Bind {
        address: format!("{}:{}", settings.host, settings.port),
        error,
    })
}

/// The open connections: how many there may be, and a way to let them finish.
struct Connections {
    server: http1::Builder,
    service: axum::Router,
    slots: Arc<Semaphore>,
    graceful: GracefulShutdown,
}

impl Connections {
    fn new(app: &Arc<App>) -> Self {
        let mut server = http1::Builder::new();
        // The header timeout also ends connections that idle, so that slow clients cannot keep their slots.
        server
            .timer(TokioTimer::new())
            .header_read_timeout(app.settings.header_timeout)
            .max_buf_size(HEAD_BUFFER);
        Self {
            server,
            service: http::router(app),
            slots: Arc::new(Semaphore::new(ConnectionSlots::now().of(app.settings.max_connections))),
            graceful: GracefulShutdown::new(),
        }
    }

    async fn accept(&self, listener: TcpListener) {
        loop {
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => self.serve(stream, slot),
                Err(error) => {
                    // Mostly too many open files: connections in progress have to end before the next can be taken.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, slot: tokio::sync::OwnedSemaphorePermit) {
        // Answers are short; waiting for more to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(self.service.clone());
        let (server, watcher) = (self.server.clone(), self.graceful.watcher());
        tokio::spawn(async move {
            FirstBytes::now().look(&stream).await;
            let connection = watcher.watch(server.serve_connection(TokioIo::new(stream), service));
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
                BrokenConnection::now().happened();
            }
            drop(slot);
        });
    }

    /// Lets requests in flight finish, for a while.
    async fn finish(self, patience: Duration) {
        if tokio::time::timeout(patience, self.graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests were still in flight when the time to stop was over");
        }
    }
}

/// Ctrl-C, or the signal by which a service manager ends a process.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
