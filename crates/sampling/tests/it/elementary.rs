//! The elementary functions against values made with 60 digits (mpmath), and across kernels.

use sampling::{Kernel, Lanes, Random, Task, Wide, exp, inverse_normal, ln};

const QUANTILES: [(f64, f64); 30] = [
    (1e-300, -37.0470962993612),
    (1e-100, -21.273453560965326),
    (1e-30, -11.464024688443615),
    (2e-16, -8.138562060199721),
    (1e-10, -6.361340902404057),
    (1e-05, -4.264890793922825),
    (0.001, -3.0902323061678136),
    (0.0015, -2.9677379253417833),
    (0.0017, -2.929049748937626),
    (0.01, -2.326347874040841),
    (0.02425, -1.972961051311885),
    (0.075, -1.439531470938456),
    (0.1, -1.2815515655446004),
    (0.25, -0.6744897501960817),
    (0.3, -0.5244005127080408),
    (0.45, -0.12566134685507402),
    (0.49, -0.025068908258711057),
    (0.4999, -0.00025066283008800747),
    (0.4999999, -2.5066282747031063e-07),
    (0.5, 0.0),
    (0.5000001, 2.506628273311648e-07),
    (0.51, 0.025068908258711057),
    (0.6, 0.2533471031357997),
    (0.75, 0.6744897501960817),
    (0.9, 1.2815515655446006),
    (0.975, 1.9599639845400538),
    (0.99, 2.3263478740408408),
    (0.9983, 2.92904974893762),
    (0.9999, 3.7190164854557084),
    (0.999999999, 5.9978070196016375),
];

const POWERS: [(f64, f64); 23] = [
    (-745.0, 5e-324),
    (-720.0, 2.0322308024e-313),
    (-708.0, 3.307553003638408e-308),
    (-700.5, 5.980196118639791e-305),
    (-100.25, 2.897198083210148e-44),
    (-10.1, 4.1079555225300724e-05),
    (-1.0, 0.36787944117144233),
    (-0.35, 0.7046880897187134),
    (-0.1, 0.9048374180359595),
    (-1e-09, 0.999999999),
    (0.0, 1.0),
    (1e-12, 1.000000000001),
    (0.3, 1.3498588075760032),
    (0.3466, 1.4142509118505286),
    (0.35, 1.4190675485932571),
    (0.5, 1.6487212707001282),
    (1.0, 2.718281828459045),
    (2.5, 12.182493960703473),
    (10.0, 22026.465794806718),
    (33.3, 289738526663660.5),
    (100.7, 5.413203172330057e+43),
    (700.1, 1.120899771073261e+304),
    (709.7, 1.6549840276802644e+308),
];

const LOGARITHMS: [(f64, f64); 24] = [
    (5e-324, -744.4400719213812),
    (1e-310, -713.8013788281542),
    (2.3e-308, -708.363299519231),
    (1e-100, -230.25850929940458),
    (1e-05, -11.512925464970229),
    (0.1, -2.3025850929940455),
    (0.5, -0.6931471805599453),
    (0.7, -0.35667494393873245),
    (0.7072, -0.3464417676587033),
    (0.9, -0.10536051565782628),
    (0.999, -0.0010005003335835344),
    (0.9999999, -1.0000000494736474e-07),
    (1.0, 0.0),
    (1.0000001, 9.999999505838704e-08),
    (1.001, 0.0009995003330834232),
    (1.2, 0.1823215567939546),
    (1.4142, 0.3465640001880033),
    (1.4143, 0.34663470904431704),
    (2.0, 0.6931471805599453),
    (3.0, 1.0986122886681098),
    (10.0, 2.302585092994046),
    (12345.678, 9.421061321291832),
    (1e+100, 230.25850929940458),
    (1.7e+308, 709.7268368932282),
];

fn check(name: &str, function: fn(f64) -> f64, golden: &[(f64, f64)], relative: f64) {
    for (x, wanted) in golden {
        let off = (function(*x) - wanted).abs();
        assert!(off <= relative * wanted.abs(), "{name}({x:e}) is {:e}, not {wanted:e}", function(*x));
    }
}

#[test]
fn agrees_with_golden_values() {
    check("inverse_normal", inverse_normal, &QUANTILES, 1e-15);
    check("exp", exp, &POWERS, 4e-16);
    check("ln", ln, &LOGARITHMS, 3e-16);
}

#[test]
fn edges_are_what_they_are_called() {
    assert_eq!(exp(-746.0), 0.0);
    assert_eq!(exp(f64::NEG_INFINITY), 0.0);
    assert_eq!(exp(709.8), f64::INFINITY);
    assert_eq!(exp(f64::INFINITY), f64::INFINITY);
    assert!(exp(f64::NAN).is_nan());
    assert_eq!(ln(0.0), f64::NEG_INFINITY);
    assert_eq!(ln(f64::INFINITY), f64::INFINITY);
    assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
    assert_eq!(inverse_normal(0.0), f64::NEG_INFINITY);
    assert_eq!(inverse_normal(1.0), f64::INFINITY);
    assert!(
        inverse_normal(-0.1).is_nan() && inverse_normal(1.1).is_nan() && inverse_normal(f64::NAN).is_nan()
    );
}

#[test]
fn the_quantile_rises_across_the_seam_to_the_tail() {
    // 4p(1 - p) = e^-5 lies at p = 0.0016873...
    let quantiles = (0..4000).map(|step| inverse_normal(0.001_687 + 1e-9 * f64::from(step)));
    let mut last = f64::NEG_INFINITY;
    for quantile in quantiles {
        assert!(quantile > last, "{quantile} after {last}");
        last = quantile;
    }
}

/// A function of many numbers, once for one and once for many at a time.
macro_rules! same_on_all_kernels {
    ($function:path, $numbers:expr) => {{
        struct Each<'a>(&'a [Lanes]);

        impl Task for Each<'_> {
            type Output = Vec<Lanes>;

            #[inline(always)]
            fn run<V: Wide>(self) -> Vec<Lanes> {
                let mut answers = self.0.to_vec();
                for lanes in &mut answers {
                    $function(V::load(lanes)).store(lanes);
                }
                answers
            }
        }

        let bits = |lanes: &[Lanes]| -> Vec<u64> {
            lanes.iter().flat_map(|lanes| lanes.0).map(f64::to_bits).collect()
        };
        let numbers: &[Lanes] = &$numbers;
        let wanted: Vec<Lanes> = numbers.iter().map(|lanes| lanes.map($function)).collect();
        for kernel in Kernel::available() {
            assert_eq!(bits(&kernel.run(Each(numbers))), bits(&wanted), "{}", kernel.name());
        }
    }};
}

#[test]
fn every_kernel_gives_the_same_bits() {
    let random = Random::new(7);
    let uniforms = |path| random.uniforms::<Lanes>(0, path, 0)[0];
    let edges = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, 1.0, -1.0, 5e-324, 1e-310];
    let uniforms = (0..4096).map(|at| uniforms(8 * at));
    let uniforms: Vec<Lanes> = uniforms.chain([Lanes(edges)]).collect();
    let spread: Vec<Lanes> = uniforms.iter().map(|u| *u * 1500.0 - 750.0).collect();
    same_on_all_kernels!(exp, spread);
    same_on_all_kernels!(ln, uniforms);
    same_on_all_kernels!(inverse_normal, uniforms);
}
