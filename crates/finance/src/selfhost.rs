//! One's own node with open weights against buying the same tokens from an API.

use contract::Ratio;

/// Hours of a month: 8,760 ÷ 12.
pub const HOURS_A_MONTH: i128 = 730;
const SECONDS_AN_HOUR: i128 = 3_600;
const TOKENS_A_MILLION: i128 = 1_000_000;

/// A node and the price of the same tokens elsewhere. Money is in any one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Accelerators in it.
    pub gpus: Ratio,
    /// What one costs an hour, used or not.
    pub gpu_hour: Ratio,
    /// People, power and the rest, a month.
    pub operations_month: Ratio,
    /// Input tokens a second at full load.
    pub input_per_second: Ratio,
    /// Output tokens a second at full load.
    pub output_per_second: Ratio,
    /// A million input tokens from the API.
    pub api_input: Ratio,
    /// A million output tokens from the API.
    pub api_output: Ratio,
}

impl Node {
    /// What the node costs a month, used or not.
    pub fn fixed_month(&self) -> Ratio {
        self.gpus * self.gpu_hour * Ratio::whole(HOURS_A_MONTH) + self.operations_month
    }

    /// Millions of input and output tokens a month at this utilisation.
    pub fn millions(&self, utilisation: Ratio) -> (Ratio, Ratio) {
        let month = Ratio::new(HOURS_A_MONTH * SECONDS_AN_HOUR, TOKENS_A_MILLION) * utilisation;
        (self.input_per_second * month, self.output_per_second * month)
    }

    /// What the API charges for the tokens of a month at this utilisation.
    pub fn api_month(&self, utilisation: Ratio) -> Ratio {
        let (input, output) = self.millions(utilisation);
        input * self.api_input + output * self.api_output
    }

    /// The utilisation at which the node costs what the API does; above one it never pays.
    pub fn break_even_utilisation(&self) -> Ratio {
        self.fixed_month() / self.api_month(Ratio::ONE)
    }

    /// What the node costs for a million tokens, input and output together.
    pub fn per_blended_million(&self, utilisation: Ratio) -> Ratio {
        let (input, output) = self.millions(utilisation);
        self.fixed_month() / (input + output)
    }

    /// What the API costs for a million tokens in the same mix.
    pub fn api_per_blended_million(&self) -> Ratio {
        let (input, output) = self.millions(Ratio::ONE);
        self.api_month(Ratio::ONE) / (input + output)
    }

    /// What both API prices must be multiplied by for the node to break even at this utilisation.
    pub fn break_even_api_factor(&self, utilisation: Ratio) -> Ratio {
        self.fixed_month() / self.api_month(utilisation)
    }

    /// The price of a GPU-hour at which the node breaks even at this utilisation; below nothing when operations
    /// alone cost more than the API.
    pub fn break_even_gpu_hour(&self, utilisation: Ratio) -> Ratio {
        let left = self.api_month(utilisation) - self.operations_month;
        left / (self.gpus * Ratio::whole(HOURS_A_MONTH))
    }
}
