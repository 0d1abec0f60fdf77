use super::*;

fn some() -> Data {
    let files = [
        ("spec/a.md", "one"),
        ("spec/b.md", "two"),
        ("spec/b.txt", "three"),
        ("specs/c.md", "four"),
    ];
    Data::of(files.map(|(name, text)| (name.to_owned(), text.to_owned())))
}

/// A folder that `--data` accepts.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["spec", "schemas/wire", "vectors"] {
        fs::create_dir_all(folder.path().join(part)).unwrap();
    }
    folder
}

#[test]
fn files_are_found_by_folder_and_ending() {
    let data = some();
    assert_eq!(data.get("spec/a.md"), Some("one"));
    assert_eq!(data.get("spec/c.md"), None);
    assert_eq!(data.origin, None);
    let found: Vec<(&str, &str)> = data.below("spec/", ".md").collect();
    assert_eq!(found, [("spec/a.md", "one"), ("spec/b.md", "two")]);
}

#[test]
fn a_digest_covers_names_and_bytes_of_a_folder() {
    let two = Data::of([
        ("spec/a.md".to_owned(), "one".to_owned()),
        ("spec/b.md".to_owned(), "two".to_owned()),
    ]);
    assert_eq!(
        two.digest("spec/"),
        "sha256:659cde5791b72c416ba128360314b67c2e90b7b345b17f896f9550ea7a30e338"
    );
    assert_ne!(two.digest("spec/"), some().digest("spec/"));
    assert_eq!(two.digest("spec/a"), some().digest("spec/a"));
}

#[test]
fn the_program_brings_all_folders_along() {
    let data = Data::embedded();
    for file in [
        "spec/README.md",
        "schemas/vector.schema.json",
        "targets/bundled.toml",
        "adapters/bundled.toml",
        "deviations/README.md",
    ] {
        assert!(data.get(file).is_some_and(|text| !text.is_empty()), "{file}");
    }
    assert!(data.below("vectors/", ".json").count() > 10);
    assert_eq!(data.origin, None);
}

#[test]
fn a_folder_is_read_with_what_is_below_it() {
    let folder = folder();
    for (name, text) in [
        ("spec/a.md", "one"),
        ("spec/ids.txt", "two"),
        ("spec/a.bin", "three"),
        ("schemas/wire/fact.json", "{}"),
        ("notes.md", "four"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let data = Data::read(folder.path()).unwrap();
    assert_eq!(data.origin.as_deref(), Some(folder.path()));
    let own: Vec<&str> = ["spec/", "schemas/", "vectors/", "notes"]
        .iter()
        .flat_map(|part| data.below(part, "").map(|(name, _)| name))
        .collect();
    assert_eq!(own, ["spec/a.md", "spec/ids.txt", "schemas/wire/fact.json"]);
    assert_eq!(data.get("spec/a.md"), Some("one"));
    // These are the kit's own, whatever the specification.
    for file in ["targets/bundled.toml", "adapters/bundled.toml", "deviations/README.md"] {
        assert_eq!(data.get(file), Data::embedded().get(file), "{file}");
    }
}

#[test]
fn a_folder_that_lacks_one_is_refused() {
    let folder = folder();
    fs::remove_dir(folder.path().join("vectors")).unwrap();
    let error = Data::read(folder.path()).unwrap_err();
    assert_eq!(error.place, folder.path().join("vectors").display().to_string());
    assert!(error.message.starts_with("this folder is missing"), "{error}");
}

#[test]
fn a_file_has_a_largest_size() {
    let folder = folder();
    let file = folder.path().join("spec/large.md");
    fs::write(&file, " ".repeat(4 << 20)).unwrap();
    assert!(Data::read(folder.path()).is_ok());
    fs::write(&file, " ".repeat((4 << 20) + 1)).unwrap();
    let error = Data::read(folder.path()).unwrap_err();
    assert_eq!(error.place, file.display().to_string());
    assert_eq!(error.message, "is 4194305 bytes; a data file may have 4194304");
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let folder = folder();
    fs::write(folder.path().join("spec/a.md"), b"\xff").unwrap();
    let error = Data::read(folder.path()).unwrap_err();
    assert!(error.message.starts_with("cannot be read: "), "{error}");
}
