use super::*;
use crate::{
    compare::tests::{NEW, OLD, old_and_new, report, sources},
    report::Report,
};

const OLD_AND_NEW: &str = "# Stigmem: reports compared

**broken: 1 requirement, 1 case; newly inconclusive: 1 case; fixed: 1 requirement, 1 case**

## Profile core

| | node | MUSTs | cases | conclusion | kit | begun |
|---:|---|---|---|---|---|---|
| 1 | old 1.0 (base) | 1 of 3 MUSTs judged and passed, 2 judged and failed | 5 cases: 3 pass, 2 fail | undetermined: nothing failed, but not every MUST could be judged | 0.1.0 | 2026-01-02T03:04:05Z |
| 2 | new 1.0 | 2 of 4 MUSTs judged and passed, 2 judged and failed | 6 cases: 3 pass, 2 fail, 1 inconclusive | undetermined: nothing failed, but not every MUST could be judged | 0.1.0 | 2026-01-02T03:04:05Z |

### 2 new 1.0 against 1 old 1.0

| | requirements | cases | |
|---|---:|---:|---|
| broken | 1 | 1 | it held and does not any more, or a warning became a failure |
| newly inconclusive |  | 1 | its situation does not arise any more |
| fixed | 1 | 1 | it did not hold, and does now |
| new | 1 | 1 | the base does not have it |
| unchanged | 1 | 2 | the same verdict in both |

<details><summary>broken: 2</summary>

- pass → fail **SEM-01** MUST A node holds to SEM-01, `always`.
- pass → fail `breaks`: `what was found in breaks`

</details>

<details><summary>newly inconclusive: 1</summary>

- pass → inconclusive `blurs`: `what was found in blurs`

</details>

<details><summary>fixed: 2</summary>

- fail → pass **SEM-02** MUST A node holds to SEM-02, `always`.
- fail → pass `mends`

</details>

<details><summary>new: 2</summary>

- – → pass **SEM-04** MUST A node holds to SEM-04, `always`.
- – → pass `comes`

</details>
";

fn rendered(reports: Vec<Report>) -> String {
    render(&compare::groups(&sources(reports)))
}

#[test]
fn two_reports_are_held_against_each_other() {
    assert_eq!(render(&compare::groups(&old_and_new())), OLD_AND_NEW);
}

#[test]
fn what_makes_reports_incomparable_comes_first() {
    let mut other = report("new", NEW);
    other.kit = "0.2.0".to_owned();
    let page = rendered(vec![report("old", OLD), other]);
    let note =
        "\n\n- different kits (0.1.0 in 1; 0.2.0 in 2): a verdict may differ because of the kit\n\n## Profile core\n";
    assert!(page.contains(note), "{page}");
}

#[test]
fn a_report_that_is_alone_is_no_base() {
    let mut alone = report("alone", OLD);
    alone.profile = "federation".to_owned();
    let page = rendered(vec![report("old", OLD), report("new", NEW), alone]);
    assert_eq!(page.matches(" (base) | ").count(), 1, "{page}");
    assert!(page.contains("| 1 | old 1.0 (base) | ") && page.contains("| 3 | alone 1.0 | "));
}

fn matrix_of(reports: Vec<Report>) -> String {
    let sources = sources(reports);
    let mut page = String::new();
    matrix(&mut page, &compare::groups(&sources)[0]);
    page
}

#[test]
fn more_reports_have_a_matrix_of_what_is_not_alike() {
    let three = vec![report("old", OLD), report("new", NEW), report("older", OLD)];
    let matrix = "### Requirements that are not alike in all reports

| | 1 | 2 | 3 | what it asks |
|---|---|---|---|---|
| SEM-01 | pass | fail | pass | A node holds to SEM-01, `always`. |
| SEM-02 | fail | pass | fail | A node holds to SEM-02, `always`. |
| SEM-04 | – | pass | – | A node holds to SEM-04, `always`. |

1 requirement alike in all.

";
    assert_eq!(matrix_of(three.clone()), matrix);
    assert!(rendered(three).ends_with(&format!("{}\n", matrix.trim_end())));
    assert_eq!(
        matrix_of(vec![report("a", OLD), report("b", OLD), report("c", OLD)]),
        "### Requirements that are not alike in all reports\n\n3 requirements alike in all.\n\n"
    );
}

#[test]
fn what_a_list_has_no_room_for_is_counted() {
    let listed = |end| {
        let mut page = "ab".to_owned();
        list(&mut page, &["one", "two", "three"].map(str::to_owned), end);
        page
    };
    assert_eq!(listed(100), "abone\ntwo\nthree\n\n");
    assert_eq!(
        listed(10),
        "abone\ntwo\n\n1 more: `compare --html FILE` shows them.\n\n"
    );
    assert_eq!(listed(9), "abone\n\n2 more: `compare --html FILE` shows them.\n\n");
    assert_eq!(listed(0), "ab\n\n3 more: `compare --html FILE` shows them.\n\n");
}
