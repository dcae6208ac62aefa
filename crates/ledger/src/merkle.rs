//! The Merkle tree of RFC 6962 (section 2.1): SHA-256, leaves prefixed 0x00, nodes 0x01, so that a leaf can
//! never pass for a node.

use aws_lc_rs::digest::{Context, Digest, SHA256};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// The root of a tree without leaves: the hash of nothing.
pub fn empty_root() -> Hash {
    value(&Context::new(&SHA256).finish())
}

/// The hash of a leaf given in parts, which count as if they were one.
pub fn leaf(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    for part in parts {
        context.update(part);
    }
    value(&context.finish())
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    value(&aws_lc_rs::digest::digest(&SHA256, &bytes))
}

fn value(digest: &Digest) -> Hash {
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}

/// A tree that grows leaf by leaf, in memory of a few hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// The roots of the whole subtrees that the leaves make, largest first: one for each bit of `size`.
    peaks: Vec<Hash>,
}

impl Tree {
    /// Adds a leaf hash and says at which index.
    pub fn push(&mut self, leaf: Hash) -> u64 {
        let index = self.size;
        let mut root = leaf;
        for _ in 0..index.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                root = node(&left, &root);
            }
        }
        self.peaks.push(root);
        self.size += 1;
        assert_eq!(self.peaks.len(), usize::try_from(self.size.count_ones()).unwrap_or(0));
        index
    }

    /// How many leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |root, left| node(left, &root))
    }
}

/// The root over these leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Tree::default();
    for leaf in leaves {
        tree.push(*leaf);
    }
    tree.root()
}

/// All nodes of a tree, for audit paths of many leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels(Vec<Vec<Hash>>);

impl Levels {
    /// The tree over these leaf hashes.
    pub fn new(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            // A node without a sibling stands one level higher as it is.
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                alone => alone.first().copied().unwrap_or_default(),
            });
            let above = above.collect();
            levels.push(above);
        }
        Self(levels)
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        self.0.last().and_then(|top| top.first().copied()).unwrap_or_else(empty_root)
    }

    /// The audit path (RFC 6962 section 2.1.1) of leaf `index`, or none when there is no such leaf.
    pub fn path(&self, index: usize) -> Option<Vec<Hash>> {
        self.0.first()?.get(index)?;
        let siblings =
            self.0.iter().enumerate().filter_map(|(height, level)| level.get((index >> height) ^ 1));
        Some(siblings.copied().collect())
    }
}

/// Whether `path` proves that `leaf` is leaf `index` of the tree of `size` leaves with this `root`
/// (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}
