use std::fs;

use super::*;
use crate::schemas::tests::SCHEMAS;

const ATTACHED: &str = "name = \"x\"\n[attach]\nurl = \"http://127.0.0.1:1\"\n";
const LAUNCHED: &str = "name = \"x\"\n[launch]\ncommand = [\"node\"]\n";

fn parse(text: &str) -> Result<Target, InputError> {
    Target::parse(text, "target.toml", PathBuf::from("/here"), &SCHEMAS)
}

#[test]
fn a_target_is_attached_or_launched() {
    let attached = parse(ATTACHED).unwrap();
    assert_eq!(
        attached.attach.map(|attach| attach.url).as_deref(),
        Some("http://127.0.0.1:1")
    );
    assert_eq!(attached.here, Path::new("/here"));
    let launch = parse(LAUNCHED).unwrap().launch.unwrap();
    assert_eq!(
        (launch.ready_path.as_str(), launch.ready_within_s, launch.stop_within_s),
        ("/healthz", 30, 15)
    );
    for wrong in [
        "name = \"x\"\n".to_owned(),
        format!("{ATTACHED}[launch]\ncommand = [\"node\"]\n"),
    ] {
        assert_eq!(parse(&wrong).unwrap_err().place, "target.toml", "{wrong}");
    }
}

#[test]
fn a_target_file_that_cannot_be_read_says_where() {
    assert!(parse("name = ").unwrap_err().message.contains("line 1"));
    let error = parse(&format!("{LAUNCHED}ready_within_s = 0\n")).unwrap_err();
    assert_eq!(error.pointer, "/launch/ready_within_s");
}

#[test]
fn a_url_is_a_base_url() {
    let at = |url: &str| Target::at_url(url, None, None, Vec::new());
    for url in ["http://127.0.0.1:1", "https://node.example/below"] {
        let target = at(url).unwrap();
        assert_eq!((target.name.as_str(), target.attach.unwrap().url.as_str()), (url, url));
    }
    for (url, why) in [
        ("node.example", "is not a URL: "),
        ("ftp://node.example", "is not an http or https URL"),
        ("mailto:a@node.example", "is not an http or https URL"),
        (
            "http://node.example/?a=b",
            "give the base URL, without query or fragment",
        ),
        ("http://node.example/#a", "give the base URL, without query or fragment"),
    ] {
        let error = at(url).unwrap_err();
        assert_eq!(error.place, "--url");
        assert!(error.message.contains(why), "{error}");
    }
}

#[test]
fn the_command_line_says_where_keys_and_features_come_from() {
    let features = vec!["push".to_owned()];
    let target = Target::at_url(
        "http://a.example",
        Some("KEY".to_owned()),
        Some("ADMIN".to_owned()),
        features,
    )
    .unwrap();
    assert!(target.declares("push") && !target.declares("instructions"));
    assert_eq!(target.keys.admin_env.as_deref(), Some("ADMIN"));
    assert_eq!(target.attach.unwrap().key_env.as_deref(), Some("KEY"));
}

#[test]
fn a_file_is_read_with_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("target.toml");
    fs::write(&file, LAUNCHED).unwrap();
    assert_eq!(Target::read(&file, &SCHEMAS).unwrap().here, folder.path());
    let error = Target::read(&folder.path().join("nowhere.toml"), &SCHEMAS).unwrap_err();
    assert!(error.message.starts_with("cannot be read: "), "{error}");
    // A name alone is a file of the folder where we are.
    let here = Target::read(Path::new("Cargo.toml"), &SCHEMAS).unwrap_err();
    assert_eq!(here.place, "Cargo.toml");
}

#[test]
fn a_target_file_has_a_largest_size() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("target.toml");
    let padded = |length: usize| format!("{LAUNCHED}{}", "\n".repeat(length - LAUNCHED.len()));
    fs::write(&file, padded(1 << 20)).unwrap();
    assert!(Target::read(&file, &SCHEMAS).is_ok());
    fs::write(&file, padded((1 << 20) + 1)).unwrap();
    assert_eq!(
        Target::read(&file, &SCHEMAS).unwrap_err().message,
        "is 1048577 bytes; a target file may have 1048576"
    );
}

#[test]
fn the_bundled_node_is_a_target() {
    let target = Target::bundled(&Data::embedded(), &SCHEMAS).unwrap();
    assert!(
        target
            .launch
            .is_some_and(|launch| launch.variants.contains_key(FEDERATION))
    );
    assert!(Target::bundled(&Data::of([]), &SCHEMAS).is_err());
}

#[test]
fn cases_wait_as_long_as_the_node_is_slow() {
    let patience = |interval: f64, share: f64| {
        let federation = Federation {
            pull_interval_s: interval,
            share_of_time: Share(share),
            ..Federation::default()
        };
        federation.patience()
    };
    for (interval, share, wanted) in [(5.0, 1.0, 5.0), (5.0, 0.5, 2.5), (0.2, 1.0, 1.0), (0.2, 0.5, 0.5)] {
        assert!((patience(interval, share) - wanted).abs() < 1e-9, "{interval} {share}");
    }
    for usual in [
        Federation::default(),
        parse(&format!("{LAUNCHED}[federation]\n")).unwrap().federation.unwrap(),
    ] {
        assert!((usual.pull_interval_s - 1.0).abs() < 1e-9);
        assert!((usual.patience() - 1.0).abs() < 1e-9);
    }
    let read = parse(&format!("{LAUNCHED}[federation]\npull_interval_s = 7\n")).unwrap();
    assert!((read.federation.unwrap().patience() - 7.0).abs() < 1e-9);
}

#[test]
fn a_command_of_the_target_is_found_by_its_name() {
    let text =
        format!("{LAUNCHED}[federation]\nregister = [\"r\"]\ncursor_export = [\"e\"]\ncursor_import = [\"i\"]\n");
    let federation = parse(&text).unwrap().federation.unwrap();
    for (name, wanted) in [
        (CommandName::Register, "r"),
        (CommandName::CursorExport, "e"),
        (CommandName::CursorImport, "i"),
    ] {
        assert_eq!(federation.command(name), [wanted]);
    }
    assert_eq!(federation.command(CommandName::Introduce), ["r"]);
    let other = format!("{LAUNCHED}[federation]\nregister = [\"r\"]\nintroduce = [\"i\"]\n");
    let other = parse(&other).unwrap().federation.unwrap();
    assert_eq!(other.command(CommandName::Introduce), ["i"]);
    assert_eq!(other.command(CommandName::Register), ["r"]);
    assert_eq!(Federation::default().command(CommandName::Register), [""; 0]);
}
