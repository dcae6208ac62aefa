//! Model files good and bad, made here: nothing in a file makes the loader panic or run away.
#![allow(clippy::unwrap_used, reason = "the lints spare test functions only")]

mod common;
#[allow(clippy::cast_possible_truncation, reason = "a builder for tests")]
#[path = "common/tiny.rs"]
mod tiny;

use std::io::Write;
use std::sync::Arc;

use embedded::{LoadError, Model, Options, Request, Runner, Sampling};
use proptest::prelude::*;

fn load(bytes: &[u8]) -> Result<Model, LoadError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Model::load(file.path())
}

fn refusal(file: &tiny::Builder) -> String {
    load(&file.build().0).unwrap_err().to_string()
}

#[test]
fn the_tiny_model_answers_up_to_its_context() {
    let model = Arc::new(load(&tiny::model().build().0).unwrap());
    assert_eq!((model.name(), model.context()), ("tiny", 64));
    let prompt = model.prompt(&common::user("abc </s>")).unwrap();
    // <s>, `user:`, `ab` merged, `c </s>` as characters, </s>, <s>.
    assert_eq!(prompt.len(), 1 + 5 + 1 + 6 + 1 + 1);
    let runner = Runner::start(Arc::clone(&model), Options { threads: 2, ..Options::default() });
    let mut ends = Vec::new();
    for seed in 0..20 {
        let sampling = Sampling::Random { temperature: 1.5, top_p: 1.0, top_k: 0, seed };
        let request = Request { prompt: prompt.clone(), max_tokens: 1000, sampling, stop: vec![] };
        let answer = common::answer(&runner, request);
        assert_eq!(answer.input_tokens, 15);
        assert!(answer.output_tokens <= 64 - 15, "{answer:?}");
        ends.push(answer.output_tokens);
    }
    assert!(ends.contains(&(64 - 15)), "no answer reached the context's end: {ends:?}");
    runner.stop();
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let (file, head) = tiny::model().build();
    for length in (0..head).step_by(7).chain(head..head + 64).chain([file.len() - 64]) {
        load(&file[..length]).map(|_| length).unwrap_err();
    }
}

#[test]
fn what_is_wrong_is_said() {
    let check = |change: &dyn Fn(&mut tiny::Builder), expected: &str| {
        let mut file = tiny::model();
        change(&mut file);
        assert_eq!(refusal(&file), expected);
    };
    check(&|f| f.int("general.name", 1), "the file is damaged: the key `general.name` comes twice");
    check(&|f| f.text("llama.rope.scaling.type", "yarn"), "not supported: rotary scaling `yarn`");
    check(
        &|f| f.tensor("blk.0.attn_q.bias", &[32], 0, &[0; 128]),
        "not supported: a model with the tensor `blk.0.attn_q.bias`",
    );
    check(
        &|f| f.int("llama.attention.head_count_kv", 2),
        "the file is damaged: `llama.attention.head_count_kv` is 2, and must be from 1 to 1",
    );
    check(
        &|f| f.tensor("output.weight", &[32, 259], 2, &[0; 32]),
        "not supported: tensor `output.weight` is stored as type 2",
    );
    check(
        &|f| f.tensor("output.weight", &[32, u64::MAX], 8, &[0; 32]),
        "the file is damaged: the tensor `output.weight` is larger than the file",
    );
    check(
        &|f| f.tensor("output.weight", &[32, 16], 8, &[0; 34 * 16]),
        "the file is damaged: the tensor `output.weight` is 32 by 16, and must be 32 by 259",
    );
    check(
        &|f| f.tensor("output.weight", &[32, 259], 8, &[0xff; 34 * 259]),
        "the file is damaged: the tensor `output.weight` has a scale that is not finite",
    );
    assert_eq!(load(b"GGML").unwrap_err().to_string(), "not a GGUF file");
    assert!(matches!(Model::load(std::path::Path::new("/nonexistent")), Err(LoadError::Io(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn changed_bytes_in_the_head_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let (mut file, head) = tiny::model().build();
        for (at, byte) in changes {
            let at = at.index(head);
            file[at] = byte;
        }
        if let Ok(model) = load(&file) {
            // Whatever still loads also runs.
            if let Ok(prompt) = model.prompt(&common::user("hi")) {
                let runner = Runner::start(Arc::new(model), Options { threads: 1, ..Options::default() });
                let request = Request { prompt, max_tokens: 2, sampling: Sampling::Greedy, stop: vec![] };
                let (sender, events) = std::sync::mpsc::channel();
                if runner.submit(request, Box::new(common::Collector(sender))).is_ok() {
                    common::collect(&events);
                }
            }
        }
    }
}
