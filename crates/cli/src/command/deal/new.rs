//! `offtake deal new`: a deal file for one's own commitment, from a commented template. It asks only for what
//! no template can know: with whom, and how much.

use crate::failure::Failure;
use contract::{Day, Deal, Decimal};
use std::fs::OpenOptions;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use units::{Clock as _, Currency, Money, SystemClock};

/// A commented deal file for your own commitment: with AWS, with Azure, or with a model vendor
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// With whom
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Your company's name in the file
    #[arg(long, default_value = "my-company")]
    customer: String,
    /// The vendor's name in the file, for a direct commitment
    #[arg(long, default_value = "anthropic")]
    vendor: String,
    /// The least you spend in a contract year, such as `250000`; or one amount a year: `1e6,1.5e6,2e6`
    #[arg(long, value_delimiter = ',')]
    minimum: Vec<Decimal>,
    /// Contract years [default: 3, or as many as there are minimums]
    #[arg(long)]
    years: Option<u32>,
    /// The first day, such as `2027-01-01` [default: today]
    #[arg(long)]
    from: Option<Day>,
    /// Your discount off list prices, such as `0.08`
    #[arg(long)]
    discount: Option<Decimal>,
    /// The currency of every amount
    #[arg(long, default_value = "USD")]
    currency: Currency,
    /// Where to write it; `-` for the terminal [default: CUSTOMER-KIND.toml]
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// A private pricing agreement with AWS
    Aws,
    /// A consumption commitment with Microsoft
    Azure,
    /// With a model vendor, bought directly
    Direct,
}

impl Kind {
    const fn template(self) -> (&'static str, &'static str) {
        match self {
            Self::Aws => ("aws", include_str!("../../../assets/deals/aws.toml")),
            Self::Azure => ("azure", include_str!("../../../assets/deals/azure.toml")),
            Self::Direct => ("direct", include_str!("../../../assets/deals/direct.toml")),
        }
    }
}

/// Writes the file, having asked for what is missing when someone is there to answer.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let kind = match arguments.kind {
        Some(kind) => kind,
        None => ask("with whom (aws, azure, direct)", "--kind aws|azure|direct", |text| {
            clap::ValueEnum::from_str(text, true)
        })?,
    };
    let minimums = match arguments.minimum.as_slice() {
        [] => ask("the least you spend in a contract year", "--minimum AMOUNT", |text| {
            text.split(',').map(|part| part.trim().parse().map_err(|error| format!("{error}"))).collect()
        })?,
        given => given.to_vec(),
    };
    for (option, name) in [("--customer", &arguments.customer), ("--vendor", &arguments.vendor)] {
        if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter)) {
            let mend = "a name has letters, digits, `-`, `_` and `.`";
            return Err(Failure::unusable(format!("`{option} {name}`: {mend}")));
        }
    }
    let (name, template) = kind.template();
    let minimums = per_year(arguments, minimums)?;
    let text = fill(template, &format!("{}-{name}", arguments.customer), arguments, &minimums)?;
    // What it says must hold before it is written: a discount above the whole price would not.
    Deal::parse(&text).map_err(|error| Failure::unusable(format!("{error}; {}", error.mend)))?;
    let out = arguments.out.clone().unwrap_or_else(|| format!("{}-{name}.toml", arguments.customer).into());
    if out == Path::new("-") {
        return super::super::answer(&text);
    }
    write(&out, &text)?;
    super::super::answer(&format!(
        "wrote {0}\n\nnext: fill in your own clauses, then `offtake check {0}`\n",
        out.display()
    ))
}

/// One answer from the terminal; when nobody is there, says which option to give instead.
fn ask<T>(what: &str, option: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
    let missing = || Failure::unusable(format!("{what}: not given; add `{option}`"));
    if !io::stdin().is_terminal() {
        return Err(missing());
    }
    loop {
        eprint!("{what}: ");
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line).map_err(Failure::failed)? == 0 {
            return Err(missing());
        }
        match read(line.trim()) {
            Ok(answer) => return Ok(answer),
            Err(error) => eprintln!("{error}"),
        }
    }
}

/// The minimum of each contract year: one for all, or one each.
fn per_year(arguments: &Arguments, minimums: Vec<Decimal>) -> Result<Vec<Decimal>, Failure> {
    let given = u32::try_from(minimums.len()).unwrap_or(u32::MAX);
    let years = arguments.years.unwrap_or(if given > 1 { given } else { 3 });
    match minimums.as_slice() {
        [one] if (1..=50).contains(&years) => Ok((0..years).map(|_| *one).collect()),
        _ if given == years => Ok(minimums),
        [_] => Err(Failure::unusable(format!("`--years {years}`: a term has 1 to 50 contract years"))),
        _ => Err(Failure::unusable(format!("`--minimum` has {given} amounts for {years} contract years"))),
    }
}

fn fill(template: &str, id: &str, arguments: &Arguments, minimums: &[Decimal]) -> Result<String, Failure> {
    let today = Day::of(SystemClock.now());
    let from = arguments.from.unwrap_or(today);
    let to = from.plus_years(u32::try_from(minimums.len()).unwrap_or(u32::MAX));
    let mut total = Money::zero(arguments.currency);
    for minimum in minimums {
        total = total.checked_add(minimum.money(arguments.currency)).map_err(Failure::unusable)?;
    }
    let years = (1..).zip(minimums).map(|(year, least)| format!("{{ y = {year}, min = \"{least}\" }}"));
    let discount = match arguments.discount {
        Some(rate) => format!(
            "discounts = [{{ upto_year_min = true, rate = \"{rate}\" }}, {{ above = true, rate = \"{rate}\" }}]"
        ),
        None => {
            "# discounts = [{ upto_year_min = true, rate = \"0.08\" }, { above = true, rate = \"0.08\" }]"
                .to_owned()
        }
    };
    let fields = [
        ("id", id.to_owned()),
        ("customer", arguments.customer.clone()),
        ("vendor", arguments.vendor.clone()),
        ("known", format!("{today}T00:00:00Z")),
        ("from", from.to_string()),
        ("to", to.to_string()),
        ("currency", arguments.currency.to_string()),
        ("total", total.to_decimal()),
        ("schedule", years.collect::<Vec<_>>().join(", ")),
        ("discount", discount),
    ];
    Ok(fields
        .into_iter()
        .fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), &value)))
}

/// Writes a new file; one that is there already stays as it is.
fn write(out: &Path, text: &str) -> Result<(), Failure> {
    let shown = out.display();
    let mut file = OpenOptions::new().write(true).create_new(true).open(out).map_err(|error| {
        let mend =
            if error.kind() == io::ErrorKind::AlreadyExists { "; name another with `--out`" } else { "" };
        Failure::unusable(format!("cannot write `{shown}`: {error}{mend}"))
    })?;
    file.write_all(text.as_bytes()).map_err(Failure::failed)
}
