//! What vendors call themselves, and what rules call them.
//!
//! A bill names a vendor by its brand, its company or one of its sellers (`AWS`, `Amazon Web Services, Inc.`,
//! `Amazon Web Services EMEA SARL`); a rule of a deal says `provider == "aws"`.

/// Words that make a company of a name.
const FORMS: [&str; 22] = [
    "inc",
    "llc",
    "ltd",
    "limited",
    "gmbh",
    "sarl",
    "corp",
    "corporation",
    "company",
    "co",
    "plc",
    "sa",
    "ag",
    "bv",
    "nv",
    "srl",
    "spa",
    "pte",
    "pty",
    "private",
    "kk",
    "ulc",
];

/// The word that rules know a vendor by: `aws`, `microsoft`, `google`, `oracle`, or its name in small letters
/// without what makes a company of it.
pub(crate) fn short(name: &str) -> String {
    let small = name.to_lowercase();
    let words: Vec<&str> =
        small.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let starts = |start: &[&str]| words.starts_with(start);
    if starts(&["aws"]) || starts(&["amazon", "web", "services"]) || words == ["amazon"] {
        "aws".to_owned()
    } else if starts(&["microsoft"]) || starts(&["azure"]) {
        "microsoft".to_owned()
    } else if starts(&["google"]) || starts(&["gcp"]) {
        "google".to_owned()
    } else if starts(&["oracle"]) || starts(&["oci"]) {
        "oracle".to_owned()
    } else {
        words.into_iter().filter(|word| !FORMS.contains(word)).collect::<Vec<_>>().join(" ")
    }
}

/// Whether two names are the same vendor's; a name that says less than the other may be.
pub(crate) fn same(one: &str, two: &str) -> bool {
    let (one, two) = (short(one), short(two));
    let begins = |long: &str, start: &str| {
        long.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    one.is_empty() || two.is_empty() || begins(&one, &two) || begins(&two, &one)
}

/// Whether a service's name, code or meter says that it is support.
pub(crate) fn is_support(service: &str, code: &str, meter: &str) -> bool {
    let says = |text: &str| {
        text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("support"))
    };
    says(service) || says(meter) || code.contains("Support")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_have_one_short_name() {
        for (name, word) in [
            ("AWS", "aws"),
            ("Amazon Web Services, Inc.", "aws"),
            ("Amazon Web Services EMEA SARL", "aws"),
            ("Microsoft Azure", "microsoft"),
            ("Microsoft Corporation", "microsoft"),
            ("Google Cloud", "google"),
            ("Oracle", "oracle"),
            ("Red Hat Inc.", "red hat"),
            ("CloudCo", "cloudco"),
            ("Snowflake Inc.", "snowflake"),
            ("", ""),
        ] {
            assert_eq!(short(name), word, "{name}");
        }
    }

    #[test]
    fn sellers_of_one_vendor_are_the_same() {
        for (one, two, is) in [
            ("AWS", "Amazon Web Services India Private Limited", true),
            ("Microsoft", "Microsoft Azure", true),
            ("Snowflake", "Snowflake Computing Inc", true),
            ("AWS", "Red Hat Inc.", false),
            ("Google Cloud", "", true),
            ("Red Hat", "Redis", false),
        ] {
            assert_eq!(same(one, two), is, "{one} {two}");
        }
    }

    #[test]
    fn support_is_told_from_its_name() {
        assert!(is_support("AWS Support (Enterprise)", "", ""));
        assert!(is_support("", "AWSSupportBusiness", ""));
        assert!(is_support("", "", "Professional Support"));
        assert!(!is_support("Supportbee", "AmazonEC2", "Virtual Machines"));
    }
}
