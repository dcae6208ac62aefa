//! What a deal is worth: returns, accounting, break-even, concentration; pure.
