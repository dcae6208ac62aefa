//! Runs a task compiled for the widest registers this processor has; all `unsafe` code of this room.
//!
//! The bodies are the same plain loops everywhere, only compiled for other instructions, and none of them
//! leaves the compiler a choice of rounding: so every kernel gives the same bits. A [`Kernel`] can only be
//! had from [`Kernel::available`], which asks the processor.
#![expect(
    unsafe_code,
    reason = "calls of functions compiled for wider registers, behind the processor check"
)]

/// A piece of work over [`crate::Lanes`]. Mark `run` and all it calls in its inner loops
/// `#[inline(always)]`: what is not inlined is not compiled for the wider registers.
pub trait Task {
    /// What comes out.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// A way of computing that this processor can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// Every kernel this processor can run, the best first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq");
            let kinds = [(avx512, Kind::Avx512), (avx2, Kind::Avx2), (true, Kind::Plain)];
            kinds.into_iter().filter(|(runs, _)| *runs).map(|(_, kind)| Self(kind)).collect()
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![Self(Kind::Plain)]
    }

    /// The best this processor can run.
    #[must_use]
    pub fn best() -> Self {
        Self::available().first().copied().unwrap_or(Self(Kind::Plain))
    }

    /// What the kernel is called in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "AVX-512",
        }
    }

    /// Does the task's work.
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            Kind::Plain => task.run(),
            // SAFETY: this kind is only made by `available`, after it saw these features.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { avx2(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { avx512(task) },
        }
    }
}

/// Does the task's work by the best kernel this processor can run.
pub fn widest<T: Task>(task: T) -> T::Output {
    Kernel::best().run(task)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<T: Task>(task: T) -> T::Output {
    task.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512vl,avx512dq")]
fn avx512<T: Task>(task: T) -> T::Output {
    task.run()
}
