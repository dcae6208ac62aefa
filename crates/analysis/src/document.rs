//! A document as data: what it says, in order, without a word on how it looks. Every renderer shows the same
//! words and numbers, and none computes any.

/// A document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// Lines under the title.
    pub subtitle: Vec<String>,
    /// What it says, in order.
    pub blocks: Vec<Block>,
    /// The last line: what its words mean.
    pub legend: String,
}

/// One piece of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// The beginning of a part; 1 for the largest.
    Heading(u8, String),
    /// A paragraph.
    Text(String),
    /// A paragraph that must not be overlooked.
    Warning(String),
    /// Short points.
    List(Vec<String>),
    /// The few figures that a reader looks for first.
    Tiles(Vec<Tile>),
    /// Rows under columns.
    Table(Table),
    /// A picture of numbers.
    Chart(Chart),
}

/// A figure to be seen first.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// What it is.
    pub label: String,
    /// How much, as shown.
    pub value: String,
    /// How it is known, in a word or two.
    pub basis: String,
}

/// Rows under columns; every row has as many cells as there are columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What it shows; may be empty.
    pub caption: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The cells.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What stands in it.
    pub name: String,
    /// Whether its cells are numbers, which stand right.
    pub number: bool,
}

impl Column {
    /// A column of words.
    pub fn words(name: &str) -> Self {
        Self { name: name.to_owned(), number: false }
    }

    /// A column of numbers.
    pub fn numbers(name: &str) -> Self {
        Self { name: name.to_owned(), number: true }
    }
}

/// A picture of numbers. A renderer that cannot draw shows the numbers instead.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    /// How something that nobody knows may go.
    Fan(Fan),
    /// Amounts side by side.
    Bars(Bars),
    /// Who pays whom.
    Flow(Flow),
}

/// Quantiles over time, with what is known for certain drawn through them.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    /// What it shows.
    pub title: String,
    /// The unit of the vertical axis, such as `$ bn`.
    pub unit: String,
    /// The points in time, such as `2027-04`.
    pub times: Vec<String>,
    /// The 5, 25, 50, 75 and 95 per cent quantiles at each time.
    pub quantiles: Vec<[f64; 5]>,
    /// Lines drawn through them: a name, and a value at each time.
    pub lines: Vec<(String, Vec<f64>)>,
}

/// Amounts side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// What it shows.
    pub title: String,
    /// One a row.
    pub bars: Vec<Bar>,
}

/// One bar; its pieces stand behind one another.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Whose it is.
    pub label: String,
    /// A name, a length in the unit of the others, and the amount as shown.
    pub pieces: Vec<(String, f64, String)>,
}

/// Who pays whom, and how much in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// What it shows.
    pub title: String,
    /// The parties.
    pub parties: Vec<String>,
    /// From, to (places in `parties`), for what, a size in one unit, and the amount as shown.
    pub arrows: Vec<Arrow>,
}

/// One payment, or one sum of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrow {
    /// Who pays: a place among the parties.
    pub from: usize,
    /// Who is paid.
    pub to: usize,
    /// For what.
    pub what: String,
    /// How much, in one unit for all arrows.
    pub size: f64,
    /// The amount as shown.
    pub amount: String,
}

impl Chart {
    /// What it shows.
    pub fn title(&self) -> &str {
        match self {
            Self::Fan(fan) => &fan.title,
            Self::Bars(bars) => &bars.title,
            Self::Flow(flow) => &flow.title,
        }
    }

    /// Its numbers, for those who cannot see it.
    pub fn table(&self) -> Table {
        match self {
            Self::Fan(fan) => fan.table(),
            Self::Bars(bars) => bars.table(),
            Self::Flow(flow) => flow.table(),
        }
    }
}

impl Fan {
    /// At most this many rows: a decade by years.
    const ROWS_MAX: usize = 12;

    fn table(&self) -> Table {
        let mut columns = vec![Column::words("")];
        columns.extend(["5 %", "25 %", "median", "75 %", "95 %"].map(Column::numbers));
        columns.extend(self.lines.iter().map(|(name, _)| Column::numbers(name)));
        let step = self.times.len().div_ceil(Self::ROWS_MAX).max(1);
        // Counted from the end, so that the last time is always there.
        let first = self.times.len().saturating_sub(1) % step;
        let rows = (first..self.times.len()).step_by(step).map(|at| {
            let mut row = vec![self.times[at].clone()];
            row.extend(self.quantiles[at].iter().map(|value| shown(*value)));
            row.extend(self.lines.iter().map(|(_, values)| shown(values[at])));
            row
        });
        Table { caption: format!("{}, {}", self.title, self.unit), columns, rows: rows.collect() }
    }
}

impl Bars {
    fn table(&self) -> Table {
        let columns = vec![Column::words(""), Column::words(""), Column::numbers("amount")];
        let rows = self.bars.iter().flat_map(|bar| {
            bar.pieces.iter().map(|(name, _, amount)| vec![bar.label.clone(), name.clone(), amount.clone()])
        });
        Table { caption: self.title.clone(), columns, rows: rows.collect() }
    }
}

impl Flow {
    fn table(&self) -> Table {
        let columns =
            vec![Column::words("from"), Column::words("to"), Column::words("for"), Column::numbers("amount")];
        let name = |place: usize| self.parties.get(place).cloned().unwrap_or_default();
        let rows = self
            .arrows
            .iter()
            .map(|arrow| vec![name(arrow.from), name(arrow.to), arrow.what.clone(), arrow.amount.clone()]);
        Table { caption: self.title.clone(), columns, rows: rows.collect() }
    }
}

/// A number of a chart as text: three figures are what an eye can read off one.
pub(crate) fn shown(value: f64) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    let places = match value.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.places$}")
}
