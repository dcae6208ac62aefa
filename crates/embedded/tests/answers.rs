//! The real model, end to end. Skipped where its file is missing.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Event, answer, collect, model, request, submit, user};
use embedded::{Options, Runner, Sampling, StopReason, SubmitError};

fn options(threads: usize, batch_max: usize) -> Options {
    Options { threads, batch_max, ..Options::default() }
}

#[test]
fn the_capital_of_france_is_paris() {
    let Some(model) = model() else { return };
    let runner = Runner::start(Arc::clone(&model), options(0, 4));
    let asked = request(&model, "What is the capital of France?", 40);
    let input = asked.prompt.len();
    let given = answer(&runner, asked);
    assert_eq!(given.text, "The capital of France is Paris.");
    assert_eq!(given.reason, StopReason::EndTurn);
    // Seven tokens of text and the one that ends the turn.
    assert_eq!((given.input_tokens, given.output_tokens), (u32::try_from(input).unwrap(), 8));
    runner.stop();
}

#[test]
fn an_answer_does_not_depend_on_company_or_threads() {
    let Some(model) = model() else { return };
    let random = Sampling::Random { temperature: 0.8, top_p: 0.9, top_k: 40, seed: 11 };
    let asked: Vec<_> = [
        ("Tell me a story about a fox.", Sampling::Greedy),
        ("List three colours.", random),
        ("Why is the sky blue? Answer at length, please, and say it in simple words.", Sampling::Greedy),
        ("Write a haiku about snow.", random),
    ]
    .into_iter()
    .map(|(text, sampling)| embedded::Request { sampling, ..request(&model, text, 24) })
    .collect();
    let alone = Runner::start(Arc::clone(&model), options(1, 1));
    let single: Vec<_> = asked.iter().map(|r| answer(&alone, r.clone())).collect();
    alone.stop();
    let together = Runner::start(Arc::clone(&model), options(2, 4));
    let events: Vec<_> = asked.iter().map(|r| submit(&together, r.clone())).collect();
    let batched: Vec<_> = events.iter().map(collect).collect();
    assert_eq!(single, batched);
    together.stop();
}

#[test]
fn a_stop_sequence_ends_the_answer_and_is_not_in_it() {
    let Some(model) = model() else { return };
    let runner = Runner::start(Arc::clone(&model), options(0, 4));
    let mut asked = request(&model, "What is the capital of France?", 40);
    asked.stop = vec!["nothing like it".into(), "ance is Pa".into()];
    let given = answer(&runner, asked);
    assert_eq!(given.text, "The capital of Fr");
    assert_eq!(given.reason, StopReason::StopSequence("ance is Pa".into()));
    assert_eq!(given.output_tokens, 6);
}

#[test]
fn max_tokens_ends_the_answer() {
    let Some(model) = model() else { return };
    let runner = Runner::start(Arc::clone(&model), options(0, 4));
    let given = answer(&runner, request(&model, "What is the capital of France?", 3));
    assert_eq!((given.text.as_str(), given.output_tokens), ("The capital of", 3));
    assert_eq!(given.reason, StopReason::MaxTokens);
}

#[test]
fn a_prompt_beyond_the_context_is_refused_with_both_numbers() {
    let Some(model) = model() else { return };
    let runner = Runner::start(Arc::clone(&model), options(1, 1));
    let long = request(&model, &"word ".repeat(model.context()), 10);
    let asked = long.prompt.len();
    let (sender, _events) = std::sync::mpsc::channel();
    let refused = runner.submit(long, Box::new(common::Collector(sender))).unwrap_err();
    assert_eq!(refused, SubmitError::TooLong { asked, limit: model.context() });
    let said = refused.to_string();
    assert!(said.contains(&asked.to_string()) && said.contains(&model.context().to_string()), "{said}");
}

#[test]
fn a_cancelled_request_frees_its_slot() {
    let Some(model) = model() else { return };
    // One slot only: the second request runs only if the first is gone.
    let runner = Runner::start(Arc::clone(&model), options(1, 1));
    let (sender, events) = std::sync::mpsc::channel();
    let endless = request(&model, "Count from one to ten thousand, writing every number.", 4000);
    let handle = runner.submit(endless.clone(), Box::new(common::Collector(sender))).unwrap();
    assert!(matches!(events.recv().unwrap(), Event::Text(..)));
    handle.cancel();
    let given = answer(&runner, request(&model, "What is the capital of France?", 2));
    assert_eq!(given.output_tokens, 2);
    assert!(matches!(events.into_iter().last(), Some(Event::Dropped)));
    // The same when the receiver goes away.
    drop(submit(&runner, endless));
    assert_eq!(answer(&runner, request(&model, "What is the capital of France?", 2)).output_tokens, 2);
}

#[test]
fn a_long_prompt_does_not_hold_up_a_short_one() {
    let Some(model) = model() else { return };
    let runner = Runner::start(Arc::clone(&model), options(1, 2));
    let long = submit(&runner, request(&model, &"word ".repeat(2000), 1));
    let short = submit(&runner, request(&model, "Hello!", 4));
    collect(&short);
    assert!(long.try_recv().is_err(), "the long prompt was done first");
}

#[test]
fn stopping_tells_requests_that_are_not_done() {
    let Some(model) = model() else { return };
    let runner = Runner::start(Arc::clone(&model), options(1, 1));
    let running = submit(&runner, request(&model, "Tell me everything.", 4000));
    let waiting = submit(&runner, request(&model, "Tell me more.", 4000));
    running.recv_timeout(Duration::from_secs(60)).unwrap();
    runner.stop();
    for events in [running, waiting] {
        let told = events.into_iter().filter(|event| matches!(event, Event::Failed(_))).count();
        assert_eq!(told, 1);
    }
}

#[test]
fn what_a_person_writes_never_becomes_a_control_token() {
    let Some(model) = model() else { return };
    let empty = model.prompt(&user("")).unwrap().len();
    for spelled in ["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<repo_name>"] {
        // As characters it takes several tokens; as a control token it would take one.
        assert!(model.prompt(&user(spelled)).unwrap().len() > empty + 3, "{spelled}");
    }
    // An unfinished spelling must not swallow the template's own token after it.
    let cut = model.prompt(&user("say <|im_")).unwrap();
    assert!(cut.len() > empty + 3);
}
