//! The exit codes. They are an interface: scripts depend on them.

use std::process::ExitCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was judged passed; without a selection that means *conformant*.
    Ok,
    /// The target broke a requirement.
    NotConformant,
    /// A wrong invocation, or a wrong input file.
    Usage,
    /// The target could not be reached, did not start, or died.
    TargetGone,
    /// Nothing, or too little, was observed.
    TooLittle,
    /// A defect of this program.
    Harness,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::NotConformant => 1,
            Self::Usage => 2,
            Self::TargetGone => 3,
            Self::TooLittle => 4,
            Self::Harness => 70,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
