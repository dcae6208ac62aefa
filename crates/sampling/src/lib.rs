//! Numbers for simulation: counter-based random numbers, scrambled Sobol points, Brownian bridges; pure.
