//! Scenario files: the binary's own, and what is wrong with others' and where.

use forecast::{Error, Scenario, scenario};

#[test]
fn every_own_scenario_reads_and_says_why() {
    for name in scenario::NAMES {
        let own =
            Scenario::parse(scenario::own(name).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(own.id, name);
        assert!(!own.note.is_empty() && !own.title.is_empty());
        assert!(name == "base" || own.extends.last().map(String::as_str) == Some("base"));
        for (path, setting) in &own.settings {
            assert!(!setting.reason.is_empty(), "{name}: `{path}` does not say why it is so");
        }
    }
}

#[test]
fn what_a_file_sets_lies_over_what_it_extends() {
    let mine = Scenario::parse(
        "schema = \"offtake.scenario/1\"\nid = \"mine\"\nextends = \"combined-stress\"\n[demand]\nvolatility = 0.9\n",
    )
    .unwrap();
    assert_eq!(mine.extends, ["combined-stress", "open-weights-commoditise", "base"]);
    assert_eq!(mine.number("demand.volatility"), 0.9);
    assert_eq!(mine.number("demand.cap"), 4.0);
    assert_eq!(mine.number("lock_in.portable"), 0.6);
    assert_eq!(mine.settings["demand.cap"].from, "combined-stress");
    assert_eq!(mine.number("value.margin"), 0.35);
}

fn fault(text: &str) -> Error {
    Scenario::parse(text).expect_err(text)
}

#[test]
fn faults_have_their_place_and_their_mend() {
    const HEAD: &str = "schema = \"offtake.scenario/1\"\nid = \"x\"\n";
    for (rest, message, at, mend) in [
        (
            "[demand]\nvolatilty = 0.3\n",
            "there is no parameter `demand.volatilty`",
            "volatilty",
            "did you mean `volatility`?",
        ),
        ("[demnd]\nvolatility = 0.3\n", "there is no parameter `demnd`", "demnd", "did you mean `demand`?"),
        ("extends = \"bse\"\n", "there is no scenario `bse`", "\"bse\"", "did you mean `base`?"),
        (
            "[equity]\ngrowth = -1.2\n",
            "`equity.growth` is `-1.2`; it lies between -0.999999 and 100",
            "-1.2",
            "a rate of -1 or below would leave less than nothing",
        ),
        ("[demand]\ncurve = \"bas\"\n", "there is no choice `bas`", "\"bas\"", "did you mean `bass`?"),
        (
            "[demand]\nvolatility = \"0.3\"\n",
            "`demand.volatility` is a number (a square root of a year), without quotes",
            "\"0.3\"",
            "",
        ),
        (
            "[demand]\nvolatility = nan\n",
            "`demand.volatility` is a number (a square root of a year), without quotes",
            "nan",
            "",
        ),
        ("[capacity]\nlimits_spend = 1\n", "`capacity.limits_spend` is `true` or `false`", "1", ""),
        (
            "[horizon]\nstep_months = 5\n",
            "a step of 5 months does not divide a year",
            "5",
            "write 1, 2, 3, 4, 6 or 12",
        ),
        (
            "[lock_in]\nshare = 0.7\nothers = [0.4]\n",
            "the vendors' shares add up to 1.1, more than 1",
            "[0.4]",
            "lower `lock_in.share` or one of `others`",
        ),
        (
            "[metric.m]\ndriver = \"event\"\nevent = \"ipo\"\n[event.listing]\nper_year = 1\n",
            "there is no event `ipo`",
            "\"ipo\"",
            "write `event = \"…\"` in `metric.m`, and describe it in `event.…`",
        ),
        (
            "[event.e]\nperyear = 1\n",
            "there is no parameter `event.e.peryear`",
            "peryear",
            "did you mean `per_year`?",
        ),
        (
            "[[mix]]\nshare = 0.5\n",
            "the shares of the mix add up to 0.5, not to 1",
            "[[mix]]\nshare = 0.5",
            "mend a `share`",
        ),
    ] {
        let text = format!("{HEAD}{rest}");
        let error = fault(&text);
        assert_eq!(error.to_string(), message, "{rest}");
        assert_eq!(error.mend, mend, "{rest}");
        let span = error.span.clone().unwrap();
        assert!(
            text[span.clone()].trim_end().starts_with(at) || at.starts_with(text[span.clone()].trim()),
            "{rest}: {:?}",
            &text[span]
        );
    }
    assert_eq!(fault("id = \"x\"\n").to_string(), "missing field `schema`");
    assert_eq!(
        fault("schema = \"offtake.scenario/2\"\nid = \"x\"\n").to_string(),
        "there is no schema `offtake.scenario/2`"
    );
    assert!(fault("schema = ").span.is_some());
    let twisted =
        format!("{HEAD}[correlation]\ndemand-price = 0.9\ndemand-equity = 0.9\nprice-equity = -0.9\n");
    assert!(fault(&twisted).to_string().contains("contradict each other"));
}
