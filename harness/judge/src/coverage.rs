//! How much of the specification has cases: the table of the README.

use std::fmt::Write as _;

use crate::{registry::Registry, vectors::Vectors};

/// Per profile and area: how many requirements there are, how many have cases, and how many are excluded with a reason.
pub fn table(registry: &Registry, vectors: &Vectors) -> String {
    let mut groups: Vec<(&str, &str)> = Vec::new();
    for requirement in &registry.requirements {
        let group = (requirement.profile.as_str(), requirement.area());
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let mut profiles: Vec<&str> = Vec::new();
    for (profile, _) in &groups {
        if !profiles.contains(profile) {
            profiles.push(profile);
        }
    }
    let mut out = String::from(
        "| area | MUST | judged | not judged, with reason | SHOULD | judged | cases |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for profile in profiles {
        let mut sums = [0; 6];
        for (_, area) in groups.iter().filter(|(of, _)| *of == profile) {
            let row = row(registry, vectors, area);
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
            let cells = row.map(|value| value.to_string()).join(" | ");
            let _ = writeln!(out, "| {area} | {cells} |");
        }
        let cells = sums.map(|value| format!("**{value}**")).join(" | ");
        let _ = writeln!(out, "| **{profile}** | {cells} |");
    }
    out
}

fn row(registry: &Registry, vectors: &Vectors, area: &str) -> [usize; 6] {
    let own = || {
        registry
            .requirements
            .iter()
            .filter(|requirement| requirement.area() == area)
    };
    let judged = |id: &str| {
        vectors
            .cases
            .iter()
            .any(|case| case.covers.iter().any(|cover| cover == id))
    };
    let musts = || own().filter(|requirement| requirement.level.is_must());
    let shoulds = || own().filter(|requirement| !requirement.level.is_must());
    [
        musts().count(),
        musts().filter(|requirement| judged(&requirement.id)).count(),
        own().filter(|requirement| requirement.not_judged.is_some()).count(),
        shoulds().count(),
        shoulds().filter(|requirement| judged(&requirement.id)).count(),
        // A case that covers two areas counts where its first requirement is.
        vectors
            .cases
            .iter()
            .filter(|case| case.covers[0].split('-').next() == Some(area))
            .count(),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{data::Data, schemas::tests::SCHEMAS, vectors};

    #[test]
    fn the_table_adds_up_by_area_and_profile() {
        let spec = "> **SEM-01** · MUST · node · core\n> Text.\n\n> **SEM-02** · MUST NOT · node · core\n> Text.\n\n\
                    > **SEM-03** · SHOULD · node · core\n> Text.\n\n> **SEM-04** · MAY · node · core\n> Text.\n\n\
                    > **SEM-05** · MUST · node · core\n> Text.\n> not judged: nobody can see it\n\n\
                    > **CID-01** · MUST · node · core\n> Text.\n\n> **PULL-01** · MUST · node · federation\n> Text.\n";
        let case = |id: &str, covers: &[&str]| json!({"id": id, "covers": covers, "why": "people would act on it", "steps": [{"get": "/x"}]});
        let file = json!({"area": "facts", "title": "Some cases", "cases": [
            case("a", &["SEM-01"]),
            case("b", &["SEM-01", "CID-01"]),
            case("c", &["SEM-03"]),
            case("d", &["PULL-01"]),
        ]});
        let data = Data::of([
            ("spec/x.md".to_owned(), spec.to_owned()),
            ("vectors/facts/some.json".to_owned(), file.to_string()),
        ]);
        let vectors = vectors::load(&data, &SCHEMAS).unwrap();
        assert_eq!(
            table(&Registry::load(&data).unwrap(), &vectors),
            "\
| area | MUST | judged | not judged, with reason | SHOULD | judged | cases |
|---|---:|---:|---:|---:|---:|---:|
| SEM | 3 | 1 | 1 | 2 | 1 | 3 |
| CID | 1 | 1 | 0 | 0 | 0 | 0 |
| **core** | **4** | **2** | **1** | **2** | **1** | **3** |
| PULL | 1 | 1 | 0 | 0 | 0 | 1 |
| **federation** | **1** | **1** | **0** | **0** | **0** | **1** |
"
        );
    }
}
