//! Policies of what passes between nodes, and of how peers are told it.

use crate::domain::fact::Fact;
use crate::domain::hlc::Hlc;
use crate::domain::instant::now_micros;
use crate::domain::number::float_text;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::uri::normalise;
use crate::domain::value::ValueType;

policies! {
    /// What a peer that asks for one scope is shown.
    ScopeFilter {
        ThatScope,
        /// Wider ones as well.
        WiderOnesToo,
    }

    /// Which scopes pass between the node and a peer.
    PermittedScopes {
        DeclaredAndAllowed,
        /// `local` as well, when it is declared.
        LocalAsDeclared,
        /// Wider ones than those as well.
        WiderOnesToo,
        /// All.
        All,
    }

    /// Which scopes a peer reads with a token.
    ReadableScopes {
        PermittedAndListed,
        /// Those that the token lists.
        Listed,
        /// Those that are allowed and listed.
        AllowedAndListed,
        /// Those that are declared and listed.
        DeclaredAndListed,
        /// Those that are permitted.
        Permitted,
    }

    /// Facts as peers are told them.
    ToldFacts {
        AsStored,
        /// Numbers are doubles.
        NumbersAsDoubles,
        /// Numbers without a fraction are integers.
        NumbersAsIntegers,
        /// Numbers have an exponent.
        NumbersWithExponents,
        /// `valid_until` is the end that counts here.
        EffectiveEnds,
        /// A received fact has the clock value of the moment.
        StampedByRelays,
        /// Names in a received fact have their normal form.
        TidiedByRelays,
    }

    /// Whether peers see who brought a fact.
    Neighbours {
        Unseen,
        /// They do.
        Shown,
    }

    /// Facts of the team between nodes.
    TeamFacts {
        LeaveNoted,
        /// That they left is not written down.
        LeaveUnnoted,
        /// Those of peers are not stored.
        NeverArrive,
    }

    /// Which peers are served.
    ServedPeers {
        All,
        /// Those that can be reached themselves.
        ReachableOnes,
    }
}

impl PermittedScopes {
    /// What passes where `permitted` would be right.
    pub(crate) fn amend(self, permitted: ScopeSet, declared: ScopeSet) -> ScopeSet {
        let all = ScopeSet::ALL.iter();
        match self {
            Self::DeclaredAndAllowed => permitted,
            Self::LocalAsDeclared => all
                .filter(|scope| permitted.contains(*scope) || (*scope == Scope::Local && declared.contains(*scope)))
                .collect(),
            Self::WiderOnesToo => all
                .filter(|scope| permitted.iter().any(|narrower| narrower.code() <= scope.code()))
                .collect(),
            Self::All => all.collect(),
        }
    }
}

impl ToldFacts {
    pub(crate) fn change(self, fact: &mut Fact) {
        let relayed = fact.received_from.is_some();
        match self {
            Self::NumbersAsDoubles => reprint(fact, float_text),
            Self::NumbersAsIntegers => reprint(fact, |double| double.to_string()),
            Self::NumbersWithExponents => reprint(fact, |double| format!("{double:E}")),
            Self::StampedByRelays if relayed => {
                let wall = now_micros() / 1_000;
                fact.hlc_text = Some(Hlc { wall, counter: 0 }.to_string());
            }
            Self::TidiedByRelays if relayed => {
                for name in [&mut fact.entity, &mut fact.source] {
                    if let Ok(normal) = normalise(name) {
                        *name = normal;
                    }
                }
            }
            _ => {}
        }
    }
}

fn reprint(fact: &mut Fact, print: impl Fn(f64) -> String) {
    if fact.value.kind == ValueType::Number
        && let Ok(double) = fact.value.text.parse()
    {
        fact.value.text = print(double);
    }
}
