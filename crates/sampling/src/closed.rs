//! Closed forms, to check simulations against and to take out of them what is known.
