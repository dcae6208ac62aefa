//! The same seed gives the same bits on any number of threads.

use contract::Deal;
use forecast::{Design, History, Scenario, Settings, project, scenario};

#[test]
fn one_two_and_seven_threads_give_the_same_bits() {
    let deal = Deal::parse(include_str!("../golden/deal.toml")).unwrap();
    let scenario = Scenario::parse(scenario::own("combined-stress").unwrap()).unwrap();
    let on = |threads: usize, seed: u64| {
        let settings = Settings { paths: 3_000, seed, design: Design::Sobol, sensitivity_paths: 500 };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let forecast =
            pool.install(|| project(&deal, &scenario, &History::default(), &settings, &|_| ()).unwrap());
        serde_json::to_string(&forecast).unwrap()
    };
    let one = on(1, 5);
    assert_eq!(one, on(2, 5));
    assert_eq!(one, on(7, 5));
    assert_ne!(one, on(1, 6));
}
