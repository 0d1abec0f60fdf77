use super::*;
use crate::{
    data::Data,
    explore::{
        draw,
        file::{case, file, read, text},
    },
    registry::Registry,
    schemas::Schemas,
};

#[test]
fn every_script_is_a_vector_file_without_a_problem() {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).unwrap();
    let registry = Registry::load(&data).unwrap();
    let patience = Patience { arrive_ms: 60_000 };
    for seed in 0..24 {
        let nodes = 2 + usize::try_from(seed % 7).unwrap();
        let script = script(&draw::history(seed, nodes, 60), patience);
        let case = case(
            "explored",
            "a sentence of at least four words",
            &script.nodes,
            &script.steps,
        );
        let file = file("Explored", &case);
        let text = text(&file);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), file);
        let read = read("explored.json", &text, &registry, &schemas);
        let vectors = read.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(vectors.cases[0].steps().len(), script.steps.len());
        assert!(script.checked.held > 0 && script.checked.queries > 0, "seed {seed}");
    }
}

#[test]
fn a_script_ends_with_everything_whole() {
    for seed in 0..24 {
        let history = draw::history(seed, 5, 80);
        let script = script(&history, Patience { arrive_ms: 1 });
        let told = &script.steps[..script.told];
        let cut = |step: &&Value| step["link"]["state"] == "cut";
        let down = |verb: &str| told.iter().filter(|step| step.get(verb).is_some()).count();
        assert_eq!(down("kill"), down("start"), "seed {seed}");
        assert_eq!(down("pause"), down("resume"), "seed {seed}");
        let healed = |step: &&Value| step["link"]["state"] == "whole";
        assert!(
            told.iter().filter(cut).count() <= told.iter().filter(healed).count(),
            "seed {seed}"
        );
    }
}
