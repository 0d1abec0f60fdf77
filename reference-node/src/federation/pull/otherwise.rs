//! What only a deviating node does when it pulls: wrong values of policies call it, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use super::{Trouble, Visit};
use crate::federation::client::FetchError;
use crate::policy::{CursorAfterAFault, StoredPage};
use crate::store::{Batch, Outcome, Progress, StoreError};

pub(super) const A_SECOND: Duration = Duration::from_secs(1);
pub(super) const AN_HOUR: Duration = Duration::from_secs(3_600);
/// Between the first facts of a page, so that whoever sees one of them can kill the node before the next.
const A_WHILE: Duration = Duration::from_millis(250);
/// The pause before each fact that is stored alone.
const A_MOMENT: Duration = Duration::from_millis(20);
const DEEP: usize = 1_000;

impl Visit<'_> {
    /// Passes a fault on, perhaps without the cursor that it met.
    pub(super) async fn after_a_fault(&self, trouble: Trouble) -> Trouble {
        let forgotten = match (CursorAfterAFault::now(), &trouble) {
            (CursorAfterAFault::ForgottenWhenUnreadable, Trouble::NoPage) => true,
            (CursorAfterAFault::ForgottenWhenBroken, Trouble::Fetch(FetchError::Unreachable(error))) => {
                !error.is_connect()
            }
            _ => false,
        };
        if !forgotten {
            return trouble;
        }
        let forgets = self.app.store.forget_cursor(self.peer.node_id.clone());
        forgets.await.map_or_else(Trouble::from, |()| trouble)
    }

    /// Stores the cursor of a page first, and then its facts.
    pub(super) async fn store_behind_the_cursor(
        &self,
        mut page: Batch,
        how: StoredPage,
    ) -> Result<Option<Vec<Outcome>>, StoreError> {
        let offers = std::mem::take(&mut page.offers);
        let empty = Batch {
            progress: Progress::Stay,
            ..page.clone()
        };
        let received = self.app.store.receive(page).await?;
        if how == StoredPage::FactsLater {
            let app = Arc::clone(self.app);
            tokio::spawn(async move {
                tokio::time::sleep(A_SECOND).await;
                let _ = app.store.receive(Batch { offers, ..empty }).await;
            });
            return Ok(received);
        }
        for (place, offer) in offers.into_iter().enumerate() {
            tokio::time::sleep(if place < 10 { A_WHILE } else { A_MOMENT }).await;
            let one = Batch {
                offers: vec![offer],
                ..empty.clone()
            };
            self.app.store.receive(one).await?;
        }
        Ok(received)
    }
}

/// Whether brackets stand in brackets so often that reading them by recursion would be a danger.
pub(super) fn is_deep(text: &[u8]) -> bool {
    let mut depth = 0_usize;
    text.iter().any(|byte| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEP
    })
}
