//! A synthesis reckoned over plain records: slow, and simple enough to be believed. Tests hold the store's search to it, and a node
//! that deviates does what is reckoned here.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Alternative, Entry, SynthesisRequest, Tally};
use crate::domain::archive::{Archive, Record};
use crate::domain::instant::Instant;
use crate::domain::lint::is_bookkeeping;
use crate::domain::scope::Scope;
use crate::policy::{
    SynthesisAlternatives, SynthesisCounts, SynthesisDecisions, SynthesisEntity, SynthesisEntries, SynthesisExpired,
    SynthesisFlags, SynthesisLength, SynthesisMemory, SynthesisRetracted, SynthesisRunnerUp, SynthesisScope,
    SynthesisThreshold, SynthesisWinner,
};

/// Whether a synthesis tells something else than it should.
pub(crate) fn deviates() -> bool {
    SynthesisEntries::now() != SynthesisEntries::OnePerTriple
        || SynthesisScope::now() != SynthesisScope::TheAsked
        || SynthesisLength::now() != SynthesisLength::Whole
        || SynthesisWinner::now() != SynthesisWinner::SurestThenNewest
        || SynthesisAlternatives::now() != SynthesisAlternatives::UnsettledRivals
        || SynthesisFlags::now() != SynthesisFlags::TheTriple
        || SynthesisRunnerUp::now() != SynthesisRunnerUp::AsTheWinner
        || SynthesisDecisions::now() != SynthesisDecisions::TakePart
        || SynthesisRetracted::now() != SynthesisRetracted::TakeNoPart
        || SynthesisExpired::now() != SynthesisExpired::OnRequest
        || !matches!(
            SynthesisEntity::now(),
            SynthesisEntity::ByNormalForm | SynthesisEntity::AsSpelt
        )
        || SynthesisThreshold::now() != SynthesisThreshold::OfEntries
        || SynthesisCounts::now() != SynthesisCounts::OfTheAnswer
        || SynthesisMemory::now() != SynthesisMemory::TheStoreAlone
}

/// The entries of an answer, by the names of their triples.
pub(crate) fn synthesis(archive: &Archive, request: &SynthesisRequest, now: i64) -> (Vec<Entry>, Tally) {
    let view = View { archive, request, now };
    let mut groups: BTreeMap<(String, String, String), Vec<&Record>> = BTreeMap::new();
    for record in view.taking_part() {
        groups.entry(group(record)).or_default().push(record);
    }
    let mut tally = Tally::default();
    let mut entries = Vec::new();
    let mut triples = 0;
    for records in groups.values() {
        let Some(told) = view.entry(records) else {
            continue;
        };
        triples += 1;
        tally.facts += told.facts;
        let admitted = view.admits(&told.entry);
        if admitted || SynthesisCounts::now() == SynthesisCounts::DisputesBeforeTheThreshold {
            tally.contradictions += told.disputes;
        }
        if admitted {
            entries.push(told.entry);
        } else {
            tally.filtered += 1;
        }
    }
    view.recount(&mut tally, triples, entries.len());
    if SynthesisFlags::now() == SynthesisFlags::TheEntity {
        flag_entities(&mut entries);
        tally.contradictions = count(entries.iter().filter(|entry| entry.contradicted));
    }
    if SynthesisLength::now() == SynthesisLength::FirstHundred {
        entries.truncate(100);
    }
    (entries, tally)
}

/// What facts with one of these have one entry.
fn group(record: &Record) -> (String, String, String) {
    let (entity, relation) = (record.entity.clone(), record.relation.clone());
    match SynthesisEntries::now() {
        SynthesisEntries::OnePerTriple => (entity, relation, String::new()),
        SynthesisEntries::OneForEachSource => (entity, relation, record.source.clone()),
        SynthesisEntries::RelationsFolded => (entity, relation.to_lowercase(), String::new()),
    }
}

struct View<'a> {
    archive: &'a Archive,
    request: &'a SynthesisRequest,
    now: i64,
}

/// An entry, and what is counted of its triple.
struct Told {
    entry: Entry,
    facts: i64,
    disputes: i64,
}

impl<'a> View<'a> {
    /// Facts of the scope and the entity that nobody has taken back, expired ones among them.
    fn taking_part(&self) -> impl Iterator<Item = &'a Record> {
        let records = self.archive.records.iter();
        records.filter(move |record| {
            let scope = record.scope == self.request.scope || SynthesisScope::now() == SynthesisScope::FactsOfAll;
            let decided = SynthesisDecisions::now() == SynthesisDecisions::AreLeftOut && record.decides;
            let heard = match (SynthesisThreshold::now(), self.request.min_confidence) {
                (SynthesisThreshold::OfFacts, Some(least)) => record.confidence >= least,
                _ => true,
            };
            let told = SynthesisMemory::now().holds(record.seq) && !is_bookkeeping(&record.relation);
            scope && heard && told && !decided && self.is_entity(record) && !self.is_withdrawn(record)
        })
    }

    fn is_entity(&self, record: &Record) -> bool {
        self.request
            .entity
            .as_deref()
            .is_none_or(|asked| match SynthesisEntity::now() {
                SynthesisEntity::ByPrefix => record.entity.starts_with(asked),
                SynthesisEntity::ByPattern => matches(asked, &record.entity),
                _ => record.entity == asked,
            })
    }

    fn is_withdrawn(&self, record: &Record) -> bool {
        let mut others = self.archive.records.iter().filter(|other| {
            let about = other.entity == record.entity && other.relation == record.relation;
            other.is_retraction() && about
        });
        match (SynthesisRetracted::now(), SynthesisScope::now()) {
            (SynthesisRetracted::EndTheTriple, _) => others.any(|other| other.scope == record.scope),
            (SynthesisRetracted::WithExpired, _) if self.request.include_expired => record.is_retraction(),
            (_, SynthesisScope::RetractionsOfAll) => record.withdrawn || others.any(|other| other.hlc > record.hlc),
            _ => record.withdrawn,
        }
    }

    fn is_expired(&self, record: &Record) -> bool {
        let own_end = || record.valid_until.as_deref().and_then(Instant::parse);
        match SynthesisExpired::now() {
            SynthesisExpired::TtlFactsIgnored => own_end().is_some_and(|end| end.micros <= self.now),
            _ => record.expires_at.is_some_and(|at| at <= self.now),
        }
    }

    fn entry(&self, records: &[&'a Record]) -> Option<Told> {
        let (expired, live): (Vec<&Record>, Vec<&Record>) =
            records.iter().copied().partition(|record| self.is_expired(record));
        let on_request = self.request.include_expired;
        let competing = match SynthesisExpired::now() {
            SynthesisExpired::StillWin => records.to_vec(),
            _ if live.is_empty() && on_request => expired.clone(),
            _ => live.clone(),
        };
        let winner = *competing.iter().max_by(|one, other| order(one, other, &competing))?;
        if SynthesisExpired::now() == SynthesisExpired::StillWin && self.is_expired(winner) && !on_request {
            return None;
        }
        let among: &[&Record] = match SynthesisAlternatives::now() {
            SynthesisAlternatives::AlsoExpired => records,
            _ => &live,
        };
        let rivals = rivals(winner, among);
        let past_counts = on_request && SynthesisExpired::now() != SynthesisExpired::NotCountedOnRequest;
        let facts = live.iter().chain(expired.iter().filter(|_| past_counts));
        let facts = match (SynthesisCounts::now(), self.request.min_confidence) {
            (SynthesisCounts::FactsAboveTheThreshold, Some(least)) => {
                count(facts.filter(|record| record.confidence >= least))
            }
            _ => count(facts),
        };
        let alternative = runner_up(&rivals, among);
        let contradicted = alternative.is_some();
        Some(Told {
            entry: Entry {
                entity: winner.entity.clone(),
                relation: winner.relation.clone(),
                scope: winner.scope,
                value: winner.value.clone(),
                confidence: winner.confidence,
                hlc: winner.hlc_text.clone().unwrap_or_else(|| winner.hlc.to_string()),
                contradicted,
                alternative,
            },
            facts,
            disputes: disputes(winner, &rivals),
        })
    }

    fn admits(&self, entry: &Entry) -> bool {
        let hundredths = |number: f64| (number * 100.0).round();
        match (SynthesisThreshold::now(), self.request.min_confidence) {
            (SynthesisThreshold::MoreThan, Some(least)) => entry.confidence > least,
            (SynthesisThreshold::ToTheHundredth, Some(least)) => hundredths(entry.confidence) >= hundredths(least),
            _ => self.request.admits(entry),
        }
    }

    /// Counts anew what a deviating node counts otherwise.
    fn recount(&self, tally: &mut Tally, triples: i64, entries: usize) {
        let everything = |entity: Option<String>, scope| {
            let request = SynthesisRequest {
                entity,
                scope,
                ..self.request.clone()
            };
            let view = View {
                archive: self.archive,
                request: &request,
                now: self.now,
            };
            count(view.taking_part().filter(|record| !view.is_expired(record)))
        };
        match SynthesisCounts::now() {
            SynthesisCounts::FactsAreEntries => tally.facts = triples,
            SynthesisCounts::LosersAreFiltered => tally.filtered = tally.facts - i64::try_from(entries).unwrap_or(0),
            _ => {}
        }
        if SynthesisEntity::now() == SynthesisEntity::ForTheSummaryAlone {
            tally.facts = everything(None, self.request.scope);
        }
        if SynthesisScope::now() == SynthesisScope::CountsOfAll {
            let scopes = Scope::ALL.into_iter();
            tally.facts = scopes.map(|scope| everything(self.request.entity.clone(), scope)).sum();
        }
        if SynthesisRetracted::now() == SynthesisRetracted::Counted {
            let withdrawn = self
                .archive
                .records
                .iter()
                .filter(|record| record.withdrawn && record.scope == self.request.scope && self.is_entity(record));
            tally.facts += count(withdrawn);
        }
    }
}

fn count<T>(things: impl Iterator<Item = T>) -> i64 {
    i64::try_from(things.count()).unwrap_or(i64::MAX)
}

/// The winner is the greatest.
fn order(one: &Record, other: &Record, all: &[&Record]) -> Ordering {
    let surer = one.confidence.total_cmp(&other.confidence);
    let newer = (one.hlc, one.seq).cmp(&(other.hlc, other.seq));
    let voices = |record: &Record| all.iter().filter(|voice| voice.agrees(record)).count();
    let hundredths = |record: &Record| (record.confidence * 100.0).round();
    match SynthesisWinner::now() {
        SynthesisWinner::SurestThenNewest => surer.then(newer),
        SynthesisWinner::Newest => newer,
        SynthesisWinner::Oldest => newer.reverse(),
        SynthesisWinner::SurestThenOldest => surer.then(newer.reverse()),
        SynthesisWinner::SurestAsText => {
            let text = |record: &Record| format!("{:e}", record.confidence);
            text(one).cmp(&text(other)).then(newer)
        }
        SynthesisWinner::SurestInHundredths => hundredths(one).total_cmp(&hundredths(other)).then(newer),
        SynthesisWinner::MostRepeated => voices(one).cmp(&voices(other)).then(surer).then(newer),
    }
}

/// What speaks against a winner.
fn rivals<'r>(winner: &Record, among: &[&'r Record]) -> Vec<&'r Record> {
    let how = SynthesisAlternatives::now();
    let decided = among.iter().any(|record| record.settled || record.decides);
    if how == SynthesisAlternatives::NoneAfterADecision && decided {
        return Vec::new();
    }
    let speaks_against = |record: &&Record| {
        let unlike = !record.agrees(winner) || how == SynthesisAlternatives::AlsoAgreeing;
        let open = !record.settled || how == SynthesisAlternatives::AlsoSettled;
        let heard = match how {
            SynthesisAlternatives::OfOtherSources => record.source != winner.source,
            SynthesisAlternatives::SureEnough => record.confidence >= 0.1,
            _ => true,
        };
        record.seq != winner.seq && unlike && open && heard
    };
    among.iter().copied().filter(speaks_against).collect()
}

fn runner_up(rivals: &[&Record], among: &[&Record]) -> Option<Alternative> {
    let how = SynthesisRunnerUp::now();
    let mut by_order = rivals.to_vec();
    by_order.sort_by(|one, other| match how {
        SynthesisRunnerUp::Newest => (one.hlc, one.seq).cmp(&(other.hlc, other.seq)),
        SynthesisRunnerUp::LeastSure => order(other, one, among),
        SynthesisRunnerUp::AsTheWinner | SynthesisRunnerUp::AsSureAsItsNewest => order(one, other, among),
    });
    let best = by_order.pop()?;
    let voices = among.iter().filter(|record| record.agrees(best));
    let newest = voices.max_by_key(|record| (record.hlc, record.seq));
    let confidence = match (how, newest) {
        (SynthesisRunnerUp::AsSureAsItsNewest, Some(newest)) => newest.confidence,
        _ => best.confidence,
    };
    Some(Alternative {
        value: best.value.clone(),
        confidence,
    })
}

/// How much a triple adds to the contradictions.
fn disputes(winner: &Record, rivals: &[&Record]) -> i64 {
    if SynthesisCounts::now() != SynthesisCounts::DisputesInPairs {
        return i64::from(!rivals.is_empty());
    }
    let mut keys: Vec<Vec<u8>> = rivals.iter().map(|rival| rival.value.equality_key()).collect();
    keys.push(winner.value.equality_key());
    keys.sort_unstable();
    keys.dedup();
    count(keys.iter()) * (count(keys.iter()) - 1) / 2
}

fn flag_entities(entries: &mut [Entry]) {
    let disputed: Vec<String> = entries
        .iter()
        .filter(|entry| entry.contradicted)
        .map(|entry| entry.entity.clone())
        .collect();
    for entry in entries {
        entry.contradicted |= disputed.contains(&entry.entity);
    }
}

/// Whether a name is like a pattern, in which `_` is any letter and `%` and `*` are any letters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => name.is_empty(),
        Some('%' | '*') => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            let rest = letters.as_str();
            ends.into_iter().any(|at| matches(rest, &name[at..]))
        }
        Some(letter) => {
            let mut rest = name.chars();
            let met = rest.next().is_some_and(|other| letter == '_' || letter == other);
            met && matches(letters.as_str(), rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_letters_that_stand_for_others() {
        for (pattern, name, alike) in [
            ("a_b", "axb", true),
            ("a_b", "ab", false),
            ("a*b", "axxb", true),
            ("%", "", true),
            ("a%", "ba", false),
            ("é_", "éé", true),
        ] {
            assert_eq!(matches(pattern, name), alike, "{pattern} {name}");
        }
    }
}
