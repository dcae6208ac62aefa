//! Sobol points against SciPy's, and the balance that makes them worth having.

use sampling::{DIMENSIONS, Sobol};

const LOOKED_AT: [usize; 10] = [0, 1, 2, 9, 99, 160, 719, 1110, 1111, 1866];

/// From `scipy.stats.qmc.Sobol(1867, scramble=False, bits=30)` 1.17.1 (whose nth point is that of index
/// n ^ n >> 1): the index, some coordinates times 2^30, and all of them, each times its place from 1, summed.
const GOLDEN: [(u32, [u64; 10], u64); 9] = [
    (
        1,
        [
            536870912, 536870912, 536870912, 536870912, 536870912, 536870912, 536870912, 536870912,
            536870912, 536870912,
        ],
        936183685185536,
    ),
    (
        3,
        [
            805306368, 268435456, 268435456, 805306368, 805306368, 805306368, 268435456, 805306368,
            268435456, 268435456,
        ],
        961861684035584,
    ),
    (
        2,
        [
            268435456, 805306368, 805306368, 268435456, 268435456, 268435456, 805306368, 268435456,
            805306368, 805306368,
        ],
        910505686335488,
    ),
    (
        7,
        [
            939524096, 939524096, 134217728, 134217728, 402653184, 939524096, 134217728, 402653184,
            939524096, 671088640,
        ],
        927828094746624,
    ),
    (
        86,
        [
            444596224, 276824064, 830472192, 746586112, 947912704, 293601280, 595591168, 494927872, 75497472,
            746586112,
        ],
        928581492408320,
    ),
    (
        769,
        [
            540016640, 806354944, 487587840, 445644800, 449839104, 1070596096, 760217600, 370147328,
            659554304, 1060110336,
        ],
        936178767364096,
    ),
    (
        653,
        [
            743440384, 1005584384, 175112192, 347078656, 548405248, 3145728, 292552704, 628097024, 309329920,
            613416960,
        ],
        933494110814208,
    ),
    (
        1536,
        [
            1572864, 404226048, 480772096, 720896000, 384303104, 493355008, 379060224, 690487296, 1031274496,
            174587904,
        ],
        957562978566144,
    ),
    (
        524288,
        [
            1024, 1006648320, 828646400, 444587008, 38138880, 870052864, 971127808, 910169088, 833147904,
            714099712,
        ],
        937674377512960,
    ),
];

#[test]
fn the_plain_points_are_scipys() {
    let sobol = Sobol::plain(0..DIMENSIONS).unwrap();
    let coordinate = |index, dimension| (sobol.point(index, dimension) * 1_073_741_824.0) as u64;
    for (index, some, all) in GOLDEN {
        assert_eq!(LOOKED_AT.map(|dimension| coordinate(index, dimension)), some, "point {index}");
        let sum: u64 = (0..DIMENSIONS).map(|at| (at as u64 + 1) * coordinate(index, at)).sum();
        assert_eq!(sum, all, "point {index}");
    }
    assert_eq!(sobol.point(0, 5), f64::EPSILON / 2.0);
}

/// Every run of 2^m points from a multiple of 2^m on has one point in each of 2^m equal intervals.
fn check_balance(sobol: &Sobol, dimension: usize, m: u32, run: u32) {
    let cells = 1u32 << m;
    let mut hit = vec![false; cells as usize];
    for index in run * cells..(run + 1) * cells {
        let cell = (sobol.point(index, dimension) * f64::from(cells)) as usize;
        assert!(!hit[cell], "dimension {dimension}: two of points {index}.. in cell {cell}");
        hit[cell] = true;
    }
}

#[test]
fn each_dimension_is_balanced_scrambled_or_not() {
    for sobol in [Sobol::plain(0..DIMENSIONS).unwrap(), Sobol::scrambled(0..DIMENSIONS, 5).unwrap()] {
        for dimension in 0..DIMENSIONS {
            check_balance(&sobol, dimension, 6, 3);
        }
        for dimension in [0, 1, 719, 1866] {
            check_balance(&sobol, dimension, 13, 5);
            check_balance(&sobol, dimension, 20, 1);
        }
    }
}

/// The first two dimensions are a (0, 2)-sequence: 2^m points fill every grid of 2^a by 2^(m − a) cells.
#[test]
fn the_first_two_dimensions_are_balanced_together() {
    let sobol = Sobol::scrambled(0..2, 11).unwrap();
    let m = 10;
    for wide in 0..=m {
        let (columns, rows) = (1u32 << wide, 1u32 << (m - wide));
        let mut hit = vec![false; 1 << m];
        for index in 0..1 << m {
            let column = (sobol.point(index, 0) * f64::from(columns)) as usize;
            let row = (sobol.point(index, 1) * f64::from(rows)) as usize;
            let cell = &mut hit[column * rows as usize + row];
            assert!(!*cell, "two points in cell {column}, {row} of {columns} by {rows}");
            *cell = true;
        }
    }
}

#[test]
fn a_part_of_the_dimensions_has_the_same_points() {
    let (all, part) = (Sobol::scrambled(0..40, 3).unwrap(), Sobol::scrambled(30..40, 3).unwrap());
    for index in [0, 1, 77, 1 << 20, u32::MAX] {
        for dimension in 0..10 {
            assert_eq!(part.point(index, dimension), all.point(index, dimension + 30));
        }
    }
}

#[test]
fn seeds_differ_and_dimensions_end() {
    let (one, two) = (Sobol::scrambled(0..3, 1).unwrap(), Sobol::scrambled(0..3, 2).unwrap());
    assert!((0..3).all(|dimension| one.point(9, dimension) != two.point(9, dimension)));
    let error = Sobol::plain(1800..1900).unwrap_err();
    assert_eq!(error.to_string(), "`dimensions` must be from 1 to 1867, not `1868`");
}
