//! Post: double entry, append only, zero-sum; and the Merkle tree that proves it.
