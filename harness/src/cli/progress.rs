//! How far a run is, on the error stream: one line that changes for a person, a line now and then for a log.

use std::io::{IsTerminal as _, Write as _};

pub(super) struct Progress {
    total: usize,
    live: bool,
}

impl Progress {
    pub(super) fn of(total: usize) -> Self {
        Self {
            total,
            live: std::io::stderr().is_terminal(),
        }
    }

    /// `done` cases are over, `case` the last of them. Nobody is left to tell when the error stream is closed.
    pub(super) fn tell(&self, done: usize, case: &str) {
        let total = self.total;
        if self.live {
            let _ = write!(anstream::stderr(), "\r\x1b[K{done}/{total} cases  {case}");
        } else if done.is_multiple_of(100) || done == total {
            let _ = writeln!(anstream::stderr(), "{done}/{total} cases");
        }
    }

    /// Takes the changing line away.
    pub(super) fn end(&self) {
        if self.live {
            let _ = write!(anstream::stderr(), "\r\x1b[K");
        }
    }
}
