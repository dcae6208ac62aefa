//! Files as shared memory: the one place that maps, so the one place with `unsafe`.
//!
//! A store into a shared mapping is in the page cache at once, which outlives the process; that is what makes
//! a record survive `kill -9` without a system call per record. The disk blocks are allocated first, so that
//! a store cannot run out of disk (which would be a signal, not an error).

use crate::Error;
use memmap2::{MmapMut, MmapRaw};
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::atomic::AtomicU64;

/// Creates or opens `path` with at least `bytes` bytes of allocated disk.
pub(crate) fn allocate(path: &Path, bytes: u64) -> Result<File, Error> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(Error::io("open", path))?;
    let length = file.metadata().map_err(Error::io("look at", path))?.len();
    if length < bytes {
        reserve(&file, path, length, bytes)?;
    }
    Ok(file)
}

fn reserve(file: &File, path: &Path, length: u64, bytes: u64) -> Result<(), Error> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Ok(()) => Ok(()),
        // Where the file system cannot allocate ahead, writing zeros does it.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let zeros = vec![0_u8; usize::try_from(bytes - length).unwrap_or(0)];
            std::os::unix::fs::FileExt::write_all_at(file, &zeros, length)
                .map_err(Error::io("allocate", path))
        }
        Err(Errno::NOSPC | Errno::DQUOT) => Err(Error::Full(path.to_owned())),
        Err(errno) => Err(Error::io("allocate", path)(errno.into())),
    }
}

/// The whole of `file` as writable memory.
#[expect(unsafe_code, reason = "memory maps are unsafe by nature; see the comment")]
pub(crate) fn map(file: &File, path: &Path) -> Result<MmapMut, Error> {
    // SAFETY: the directory is locked for this process, so nobody of ours shortens or maps the file for
    // writing beside us; its blocks are allocated; and readers use plain reads, never this mapping.
    unsafe { MmapMut::map_mut(file) }.map_err(Error::io("map", path))
}

/// Shared memory as a row of atomic words.
pub(crate) struct Words {
    map: MmapRaw,
}

impl Words {
    pub fn map(file: &File, path: &Path) -> Result<Self, Error> {
        Ok(Self { map: MmapRaw::map_raw(file).map_err(Error::io("map", path))? })
    }

    #[expect(unsafe_code, reason = "a mapping has no typed view; see the comment")]
    pub fn words(&self) -> &[AtomicU64] {
        let count = self.map.len() / size_of::<AtomicU64>();
        // SAFETY: a mapping starts on a page boundary, so it is aligned for u64; every bit pattern is a valid
        // u64; all access, for as long as the mapping lives, is through these atomics.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast::<AtomicU64>(), count) }
    }
}
