//! Where a deal ends up: simulated paths through the contract's own rules; pure.
