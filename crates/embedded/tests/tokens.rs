//! Prompts token by token against llama.cpp (`golden/make.py`). Skipped where the model file is missing.

mod common;

use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    text: String,
    tokens: Vec<u32>,
}

#[test]
fn prompts_have_the_tokens_llama_cpp_gives_them() {
    let Some(model) = common::model() else { return };
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/prompts.json")).unwrap();
    assert!(cases.len() >= 50);
    let differ: Vec<_> = cases
        .iter()
        .map(|case| (case, model.prompt(&common::user(&case.text)).unwrap()))
        .filter(|(case, prompt)| prompt.tokens() != case.tokens)
        .map(|(case, prompt)| {
            format!("{:?}\n  ours {:?}\n  gold {:?}", case.text, prompt.tokens(), case.tokens)
        })
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
