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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_depend_on_the_codes() {
        for (exit, code) in [
            (Exit::Ok, 0),
            (Exit::NotConformant, 1),
            (Exit::Usage, 2),
            (Exit::TargetGone, 3),
            (Exit::TooLittle, 4),
            (Exit::Harness, 70),
            (Exit::Interrupted, 130),
        ] {
            assert_eq!(exit.code(), code);
            // An exit code of the system can only be looked at.
            assert_eq!(
                format!("{:?}", ExitCode::from(exit)),
                format!("{:?}", ExitCode::from(code))
            );
        }
    }
}
