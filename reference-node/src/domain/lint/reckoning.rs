//! All findings of a run, reckoned fact by fact over plain records: slow, and simple enough to be believed. Tests hold the store's
//! search to it, and a node that deviates does what is reckoned here.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Check, Finding, LintRun, Severity, Subject, Target, broken_ref, contradiction, is_bare, is_bookkeeping,
    namespacing, orphan, stale, staleness,
};
use crate::domain::archive::{Archive, Record};
use crate::domain::id::Id;
use crate::domain::instant::print;
use crate::domain::value::ValueType;
use crate::policy::{
    LintDisputes, LintEnds, LintEntityFilter, LintFilterReach, LintLooksAt, LintNames, LintOrphans, LintRefs,
    LintRelationFilter, LintStale, LintTargets,
};

/// What the node's own document lists.
const REGISTERED: [&str; 6] = ["stigmem", "rel", "memory", "intent", "roadmap", "preference"];

/// Whether a run finds something else than it should.
pub(crate) fn deviates() -> bool {
    LintLooksAt::now() != LintLooksAt::TheScope
        || LintTargets::now() != LintTargets::InTheScope
        || LintOrphans::now() != LintOrphans::WithoutLiveFacts
        || LintEntityFilter::now() == LintEntityFilter::ByItsBeginning
        || LintRelationFilter::now() != LintRelationFilter::Exact
        || LintFilterReach::now() != LintFilterReach::FindingsAlone
        || LintDisputes::now() != LintDisputes::Unresolved
        || LintStale::now() != LintStale::EndedOrSoon
        || LintEnds::now() != LintEnds::OfTheFact
        || LintRefs::now() != LintRefs::ToNothingLive
        || LintNames::now() != LintNames::WithoutAColon
}

pub(crate) fn findings(archive: &Archive, run: &LintRun, now: i64) -> Vec<Finding> {
    let look = Look {
        archive,
        run,
        now,
        horizon: run.horizon(now),
    };
    let of = |check: Check| match check {
        Check::Contradiction => look.contradictions(),
        Check::Stale => look.ends(),
        Check::Orphan => look.orphans(),
        Check::BrokenRef => look.references(),
        Check::Namespacing => look.names(),
    };
    run.checks.iter().flat_map(of).collect()
}

struct Look<'a> {
    archive: &'a Archive,
    run: &'a LintRun,
    now: i64,
    horizon: i64,
}

/// When a fact ends, by what is read of it.
enum End<'r> {
    At(i64),
    Text(&'r str),
}

impl<'a> Look<'a> {
    /// The facts that are looked at.
    fn seen(&self) -> impl Iterator<Item = &'a Record> {
        let records = self.archive.records.iter();
        records.filter(move |record| self.is_seen(record) && !is_bookkeeping(&record.relation))
    }

    fn is_seen(&self, record: &Record) -> bool {
        let all = LintLooksAt::now() == LintLooksAt::EveryScope;
        let narrowed = LintFilterReach::now() == LintFilterReach::TheLookToo;
        (all || record.scope == self.run.scope) && (!narrowed || self.is_chosen(record))
    }

    /// Whether the filters let through what there is to tell of a fact.
    fn is_chosen(&self, record: &Record) -> bool {
        self.is_entity(&record.entity) && self.is_relation(&record.relation)
    }

    fn is_entity(&self, entity: &str) -> bool {
        self.run
            .entity
            .as_deref()
            .is_none_or(|asked| match LintEntityFilter::now() {
                LintEntityFilter::ByItsBeginning => entity.starts_with(asked),
                LintEntityFilter::Normalised | LintEntityFilter::AsSent => entity == asked,
            })
    }

    fn is_relation(&self, relation: &str) -> bool {
        self.run
            .relation
            .as_deref()
            .is_none_or(|asked| match LintRelationFilter::now() {
                LintRelationFilter::Exact => relation == asked,
                LintRelationFilter::IgnoringCase => relation.eq_ignore_ascii_case(asked),
                LintRelationFilter::ByItsBeginning => relation.starts_with(asked),
            })
    }

    fn chosen(&self) -> impl Iterator<Item = &'a Record> {
        self.seen().filter(move |record| self.is_chosen(record))
    }

    fn is_live(&self, record: &Record) -> bool {
        let over = end(record).is_some_and(|end| self.staleness(&end) == Some(Severity::Warning));
        !record.is_retraction() && !record.withdrawn && !over
    }

    fn staleness(&self, end: &End<'_>) -> Option<Severity> {
        match end {
            End::At(at) => staleness(*at, self.now, self.horizon),
            End::Text(text) if **text <= *clock(self.now) => Some(Severity::Warning),
            End::Text(text) => (**text <= *clock(self.horizon)).then_some(Severity::Info),
        }
    }

    fn contradictions(&self) -> Vec<Finding> {
        let unlike_texts = |one: &Record, other: &Record| one.scope == other.scope && one.value != other.value;
        let unlike_scopes = |one: &Record, other: &Record| one.scope != other.scope && !one.agrees(other);
        match LintDisputes::now() {
            LintDisputes::ByTheText => self.pairs(unlike_texts),
            LintDisputes::AcrossScopes => {
                let mut findings = self.disputes();
                findings.extend(self.pairs(unlike_scopes));
                findings
            }
            _ => self.disputes(),
        }
    }

    fn disputes(&self) -> Vec<Finding> {
        let how = LintDisputes::now();
        let mut told = BTreeSet::new();
        let mut findings = Vec::new();
        for dispute in &self.archive.disputes {
            let sides = self
                .archive
                .record(dispute.newer)
                .zip(self.archive.record(dispute.older));
            let Some((newer, older)) = sides.filter(|(newer, _)| self.is_seen(newer) && self.is_chosen(newer)) else {
                continue;
            };
            let open = !dispute.resolved || how == LintDisputes::ResolvedToo;
            let held = how == LintDisputes::OfEndedSidesToo || (self.is_held(newer) && self.is_held(older));
            let triple = (&newer.entity, &newer.relation, newer.scope.code());
            let first = told.insert(triple) || how != LintDisputes::FirstAlone;
            if open && held && first && !is_bookkeeping(&newer.relation) {
                findings.push(contradiction(&dispute.entity, subject(newer), older.id));
            }
        }
        findings
    }

    /// Whether some live fact says on its triple what this one does.
    fn is_held(&self, record: &Record) -> bool {
        let mut others = self.archive.records.iter();
        others.any(|other| other.shares_triple(record) && self.is_live(other) && other.agrees(record))
    }

    /// Pairs of live facts with one entity and relation that are no pair for others.
    fn pairs(&self, unlike: impl Fn(&Record, &Record) -> bool) -> Vec<Finding> {
        let live: Vec<&Record> = self
            .archive
            .records
            .iter()
            .filter(|record| self.is_chosen(record) && self.is_live(record) && !is_bookkeeping(&record.relation))
            .collect();
        let mut findings = Vec::new();
        for (place, &newer) in live.iter().enumerate() {
            for &older in &live[..place] {
                let about_one = newer.entity == older.entity && newer.relation == older.relation;
                if about_one && (self.is_seen(newer) || self.is_seen(older)) && unlike(newer, older) {
                    findings.push(contradiction("what they disagree about", subject(newer), older.id));
                }
            }
        }
        findings
    }

    fn ends(&self) -> Vec<Finding> {
        let how = LintStale::now();
        let mut findings: Vec<(&Record, Finding)> = Vec::new();
        for record in self.chosen() {
            let counts = match how {
                LintStale::WithdrawnToo => !record.is_retraction(),
                LintStale::RetractionsToo => !record.withdrawn || record.is_retraction(),
                _ => !record.withdrawn,
            };
            let Some(end) = end(record).filter(|_| counts) else {
                continue;
            };
            let any = (how == LintStale::AnyEnd).then_some(Severity::Info);
            if let Some(severity) = self.staleness(&end).or(any) {
                let at = record.expires_at.unwrap_or_default();
                findings.push((record, stale(severity, at, subject(record))));
            }
        }
        if how == LintStale::NewestOfATriple {
            let later = findings.clone();
            findings.retain(|(record, _)| {
                let mut later = later.iter();
                !later.any(|(other, _)| other.seq > record.seq && other.shares_triple(record))
            });
        }
        findings.into_iter().map(|(_, finding)| finding).collect()
    }

    fn orphans(&self) -> Vec<Finding> {
        let how = LintOrphans::now();
        let mut entities: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
        for record in self.seen().filter(|record| self.is_entity(&record.entity)) {
            entities.entry(&record.entity).or_default().push(record);
        }
        let mut findings = Vec::new();
        for (entity, records) in &entities {
            let concerned = records.iter().any(|record| self.is_relation(&record.relation));
            let known = how != LintOrphans::RetractionsUnknown || records.iter().any(|record| !record.is_retraction());
            if concerned && known && self.is_orphan(entity, records) {
                let relations: BTreeSet<&str> = records.iter().map(|record| record.relation.as_str()).collect();
                let times = if how == LintOrphans::OncePerTriple {
                    relations.len()
                } else {
                    1
                };
                let last = records.iter().max_by_key(|record| (record.hlc, record.seq));
                let last: Vec<Id> = last.into_iter().map(|record| record.id).collect();
                let finding = orphan((*entity).to_owned(), self.run.scope, last);
                findings.extend(std::iter::repeat_n(finding, times));
            }
        }
        if let Some(entity) = self
            .run
            .entity
            .as_ref()
            .filter(|entity| !entities.contains_key(entity.as_str()))
            && how == LintOrphans::UnknownToo
        {
            findings.push(orphan(entity.clone(), self.run.scope, Vec::new()));
        }
        findings
    }

    fn is_orphan(&self, entity: &str, records: &[&Record]) -> bool {
        let mut everywhere = self.archive.records.iter();
        let mut live = records.iter().filter(|record| self.is_live(record));
        match (LintOrphans::now(), LintFilterReach::now()) {
            (LintOrphans::OfTheNode, _) => {
                !everywhere.any(|r| r.entity == entity && self.is_live(r) && !is_bookkeeping(&r.relation))
            }
            (LintOrphans::WithARetraction, _) => {
                records.iter().any(|record| record.is_retraction()) || live.next().is_none()
            }
            (LintOrphans::DisputedToo, _) => live.all(|record| {
                let mut others = records.iter();
                others.any(|other| other.shares_triple(record) && self.is_live(other) && !other.agrees(record))
            }),
            (_, LintFilterReach::OrphansByRelation) => !live.any(|record| self.is_relation(&record.relation)),
            _ => live.next().is_none(),
        }
    }

    fn references(&self) -> Vec<Finding> {
        let how = LintRefs::now();
        let mut told = BTreeSet::new();
        let mut findings = Vec::new();
        for record in self.chosen() {
            let reference = record.value.text.as_str();
            let refers = match record.value.kind {
                ValueType::Ref => true,
                ValueType::String | ValueType::Text => how == LintRefs::TextsToo && reads_like_a_name(reference),
                _ => false,
            };
            let stands = self.is_live(record) || (how == LintRefs::EndedOnesToo && !record.is_retraction());
            let Some(target) = Target::of(reference).filter(|_| refers && stands) else {
                continue;
            };
            if !self.is_there(record, &target) && (told.insert(reference) || how != LintRefs::OncePerTarget) {
                findings.push(broken_ref(reference, subject(record)));
            }
        }
        findings
    }

    fn is_there(&self, referring: &Record, target: &Target) -> bool {
        let how = LintRefs::now();
        let is_named = |record: &Record| {
            let name = match how {
                LintRefs::AsWritten => record.entity == referring.value.text,
                _ => target.spellings.contains(&record.entity),
            };
            let counts = match how {
                LintRefs::ByTheSameRelation => record.relation == referring.relation,
                LintRefs::NeverToOneself => record.seq != referring.seq,
                _ => true,
            };
            name && counts && (target.is_shown_by_notes() || !is_bookkeeping(&record.relation))
        };
        let is_it = |record: &Record| {
            let passes =
                LintFilterReach::now() != LintFilterReach::FactsByRelation || self.is_relation(&record.relation);
            target.fact == Some(record.id) && how != LintRefs::ToEntitiesAlone && passes
        };
        let is_withdrawn_elsewhere = |record: &Record| {
            let mut others = self.archive.records.iter();
            let withdraws = |other: &Record| other.entity == record.entity && other.relation == record.relation;
            LintTargets::now() == LintTargets::WithdrawnNowhere
                && others.any(|other| other.is_retraction() && withdraws(other))
        };
        let mut records = self.archive.records.iter();
        records.any(|record| {
            let seen = LintTargets::now() == LintTargets::InEveryScope || self.is_seen(record);
            let stands = how == LintRefs::AnyRecordWillDo || self.is_live(record);
            seen && stands && (is_named(record) || is_it(record)) && !is_withdrawn_elsewhere(record)
        })
    }

    fn names(&self) -> Vec<Finding> {
        let how = LintNames::now();
        let mut told = BTreeSet::new();
        let mut findings = Vec::new();
        for record in self.chosen() {
            let stands = self.is_live(record) || (how == LintNames::EndedOnesToo && !record.is_retraction());
            let first = told.insert((&record.entity, &record.relation)) || how != LintNames::FirstOfEach;
            let unregistered = || {
                let namespace = record.relation.split(':').next().unwrap_or_default();
                how == LintNames::RegisteredAlone && !REGISTERED.contains(&namespace)
            };
            if stands && first && (is_bare(&record.relation) || unregistered()) {
                findings.push(namespacing(subject(record)));
            }
        }
        findings
    }
}

fn end(record: &Record) -> Option<End<'_>> {
    match (LintEnds::now(), record.valid_until.as_deref()) {
        (LintEnds::ValidUntilAlone, None) => None,
        (LintEnds::NeverWhenUnusual, Some(text)) if !(text.ends_with('Z') && matches!(text.len(), 20 | 24)) => None,
        (LintEnds::ByTheText, Some(text)) => Some(End::Text(text)),
        _ => record.expires_at.map(End::At),
    }
}

/// What a clock in UTC shows, to the second.
fn clock(micros: i64) -> String {
    let shown = print(micros);
    shown.split(['.', '+']).next().unwrap_or_default().to_owned() + "Z"
}

fn reads_like_a_name(text: &str) -> bool {
    text.contains(':') && !text.contains(char::is_whitespace)
}

fn subject(record: &Record) -> Subject {
    Subject {
        id: record.id,
        entity: record.entity.clone(),
        relation: record.relation.clone(),
    }
}
