//! Financing instruments as cash-flow schedules, in the ACTUS algebra; pure.
