//! What else is different between reports, and makes their verdicts mean something else: never compared in silence.

use super::{Column, Group};

/// What has to be said before reports are compared.
pub fn notes(groups: &[Group<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    if groups.len() > 1 {
        let profiles: Vec<&str> = groups.iter().map(|group| group.profile).collect();
        notes.push(format!(
            "different profiles ({}): each report is compared within its own",
            profiles.join(", ")
        ));
    }
    for group in groups {
        if let [only] = &group.columns[..] {
            notes.push(format!(
                "{} is the only report of profile {}: there is nothing to compare it with",
                only.number, group.profile
            ));
        }
    }
    notes.extend(differences(groups));
    notes
}

/// A sentence for everything apart from verdicts about which reports of one profile do not agree.
pub fn differences(groups: &[Group<'_>]) -> Vec<String> {
    let said = |group: &Group<'_>| {
        let profile = match groups.len() {
            1 => String::new(),
            _ => format!("{}: ", group.profile),
        };
        let found = within(group).into_iter();
        found.map(|sentence| format!("{profile}{sentence}")).collect::<Vec<_>>()
    };
    groups.iter().flat_map(said).collect()
}

fn within(group: &Group<'_>) -> Vec<String> {
    let columns = &group.columns;
    let kit = difference(columns, "kits", "a verdict may differ because of the kit", |column| {
        column.source.report.kit.clone()
    });
    let selection = difference(
        columns,
        "selections",
        "what one of them leaves out is new or gone, which says nothing about the node",
        |column| or(column.source.report.selection.join(", "), "everything"),
    );
    let features = difference(
        columns,
        "declared features",
        "what is asked of a node hangs on what it declares",
        |column| or(column.source.report.target.features.join(", "), "none"),
    );
    let data = FOLDERS.map(|(folder, what, means)| difference(columns, what, means, |column| digest(column, folder)));
    [kit, selection, features]
        .into_iter()
        .chain(data)
        .flatten()
        .chain(reworded(group))
        .collect()
}

fn difference(
    columns: &[Column<'_>],
    what: &str,
    means: &str,
    value: impl Fn(&Column<'_>) -> String,
) -> Option<String> {
    let mut values: Vec<(String, Vec<usize>)> = Vec::new();
    for column in columns {
        let own = value(column);
        match values.iter_mut().find(|(known, _)| *known == own) {
            Some((_, numbers)) => numbers.push(column.number),
            None => values.push((own, vec![column.number])),
        }
    }
    let said = |(value, numbers): &(String, Vec<usize>)| format!("{value} in {}", listed(numbers));
    let each: Vec<String> = values.iter().map(said).collect();
    (values.len() > 1).then(|| format!("different {what} ({}): {means}", each.join("; ")))
}

/// Requirements whose text is another one although the id is the same.
fn reworded(group: &Group<'_>) -> Option<String> {
    let reworded = group.requirements.iter().filter(|row| row.reworded);
    let ids: Vec<&str> = reworded.map(|row| row.requirement.id.as_str()).collect();
    (!ids.is_empty()).then(|| {
        format!(
            "different texts under the same id ({}): shown is the text of the first report that has the requirement",
            ids.join(", ")
        )
    })
}

/// The whole of it would fill the line; so much tells two apart.
fn digest(column: &Column<'_>, folder: &str) -> String {
    let digest = column.source.report.digests.get(folder).map_or("none", String::as_str);
    digest
        .strip_prefix("sha256:")
        .unwrap_or(digest)
        .chars()
        .take(12)
        .collect()
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

/// `1`, `1 and 3`, `1, 3 and 4`.
fn listed(numbers: &[usize]) -> String {
    let texts: Vec<String> = numbers.iter().map(usize::to_string).collect();
    match texts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// Folder, what it is called, and what follows for the comparison.
const FOLDERS: [(&str, &str, &str); 3] = [
    (
        "spec",
        "editions of spec/",
        "requirements are matched by id, and may ask for something else",
    ),
    (
        "schemas",
        "editions of schemas/",
        "what a body has to look like may differ",
    ),
    (
        "vectors",
        "editions of vectors/",
        "cases are matched by id, and one with the same id may do something else; a case that only one of them has is new or gone",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{
        groups,
        tests::{OLD, report, sources},
    };

    #[test]
    fn of_reports_that_are_alike_nothing_is_said_before() {
        let sources = sources(vec![report("a", OLD), report("b", OLD)]);
        assert_eq!(notes(&groups(&sources)), [""; 0]);
    }

    #[test]
    fn each_difference_is_a_sentence() {
        let mut other = report("b", OLD);
        other.kit = "0.2.0".to_owned();
        other.selection = vec!["paging".to_owned(), "SEM".to_owned()];
        other.target.features = vec!["push".to_owned()];
        other
            .digests
            .insert("schemas".to_owned(), format!("sha256:{}", "ab".repeat(32)));
        other.digests.remove("vectors");
        other.requirements[1].text = "Something else.".to_owned();
        let sources = sources(vec![report("a", OLD), other, report("c", OLD)]);
        let said = differences(&groups(&sources));
        assert_eq!(
            said,
            [
                "different kits (0.1.0 in 1 and 3; 0.2.0 in 2): a verdict may differ because of the kit",
                "different selections (everything in 1 and 3; paging, SEM in 2): what one of them leaves out is new or gone, \
                 which says nothing about the node",
                "different declared features (none in 1 and 3; push in 2): what is asked of a node hangs on what it declares",
                "different editions of schemas/ (5f5f5f5f5f5f in 1 and 3; abababababab in 2): what a body has to look like \
                 may differ",
                "different editions of vectors/ (5f5f5f5f5f5f in 1 and 3; none in 2): cases are matched by id, and one with \
                 the same id may do something else; a case that only one of them has is new or gone",
                "different texts under the same id (SEM-02): shown is the text of the first report that has the requirement",
            ]
        );
        assert_eq!(notes(&groups(&sources)), said, "and that is all there is to say");
    }

    #[test]
    fn reports_of_another_profile_are_not_compared() {
        let mut federation = report("b", OLD);
        federation.profile = "federation".to_owned();
        let mut other = report("c", OLD);
        other.kit = "0.2.0".to_owned();
        let sources = sources(vec![report("a", OLD), federation, other]);
        let kits = "core: different kits (0.1.0 in 1; 0.2.0 in 3): a verdict may differ because of the kit";
        assert_eq!(
            notes(&groups(&sources)),
            [
                "different profiles (core, federation): each report is compared within its own",
                "2 is the only report of profile federation: there is nothing to compare it with",
                kits,
            ]
        );
        assert_eq!(differences(&groups(&sources)), [kits]);
    }

    #[test]
    fn numbers_are_listed_as_people_do() {
        assert_eq!(listed(&[1]), "1");
        assert_eq!(listed(&[1, 3]), "1 and 3");
        assert_eq!(listed(&[1, 3, 4]), "1, 3 and 4");
    }
}
