//! The letters of a PDF's built-in Helvetica: their codes (WinAnsi) and widths, in thousandths of the size.
//!
//! Source of the widths: Adobe's font metrics of the 14 standard PDF fonts (Helvetica.afm).

const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// The text in WinAnsi; letters it lacks are written in ones it has.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            ' '..='~' | '\u{a0}'..='\u{ff}' => bytes.extend(u8::try_from(u32::from(letter))),
            '€' => bytes.push(0x80),
            '…' => bytes.push(0x85),
            '‘' => bytes.push(0x91),
            '’' => bytes.push(0x92),
            '“' => bytes.push(0x93),
            '”' => bytes.push(0x94),
            '•' => bytes.push(0x95),
            '–' => bytes.push(0x96),
            '—' => bytes.push(0x97),
            '−' => bytes.push(b'-'),
            '→' => bytes.extend(b"->"),
            '≤' => bytes.extend(b"<="),
            '≥' => bytes.extend(b">="),
            '≈' => bytes.push(b'~'),
            '\u{2009}' | '\u{202f}' => bytes.push(b' '),
            _ => bytes.push(b'?'),
        }
    }
    bytes
}

/// How wide `text` is at a size of one point.
pub(super) fn width(text: &str) -> f64 {
    encode(text).into_iter().map(|byte| f64::from(one(byte))).sum::<f64>() / 1000.0
}

fn one(byte: u8) -> u16 {
    match byte {
        0x85 | 0x97 => 1000,
        0x91 | 0x92 => 222,
        0x93 | 0x94 | 0xb7 => 333,
        0x95 => 350,
        0xa0 => 278,
        0xd7 | 0xf7 => 584,
        byte => WIDTHS.get(usize::from(byte.wrapping_sub(32))).copied().unwrap_or(556),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_their_codes_and_widths() {
        assert_eq!(encode("1–2 × €3 ≥ ü"), b"1\x962 \xd7 \x803 >= \xfc");
        assert_eq!(encode("漢"), b"?");
        assert!((width("Hello") - 2.278).abs() < 1e-12, "H 722, e 556, l 222, l 222, o 556");
    }
}
