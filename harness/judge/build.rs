//! Embeds the data folders, so that the binary needs no files beside it.

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets this")).join("../..");
    let mut files = Vec::new();
    for folder in [
        "spec",
        "schemas",
        "vectors",
        "harness/targets",
        "harness/adapters",
        "harness/deviations",
    ] {
        let path = root.join(folder);
        println!("cargo::rerun-if-changed={}", path.display());
        collect(&path, folder, &mut files);
    }
    files.sort();
    let mut code = String::from("&[\n");
    for (name, path) in files {
        let name = name.strip_prefix("harness/").unwrap_or(&name);
        writeln!(code, "    ({name:?}, include_str!({path:?})),").expect("a string takes all");
    }
    code.push(']');
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets this")).join("data.rs");
    fs::write(out, code).expect("the build folder is writable");
}

/// Text files below `folder`, by their name from the top of the repository.
fn collect(folder: &Path, name: &str, files: &mut Vec<(String, String)>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let own = entry.file_name().to_string_lossy().into_owned();
        // What was installed there for a test is other people's.
        if own.starts_with('.') {
            continue;
        }
        let name = format!("{name}/{own}");
        if path.is_dir() {
            collect(&path, &name, files);
        } else if [".md", ".json", ".toml", ".txt", ".py", ".sh"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            let full = fs::canonicalize(&path).expect("it was just listed");
            files.push((name, full.display().to_string()));
        }
    }
}
