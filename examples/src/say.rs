//! What a program reports, on standard output, whether or not somebody reads it to its end.
//!
//! `treasury | head -1` closes the pipe after a line. Whoever closes it has read enough; the program says no more, and
//! finishes what it is at, since orders may be on their way and a sandbox may be to delete. Any other reason why a report
//! cannot be written, as a full disk, is told when the program ends, and fails it.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::OnceLock;

/// Why nothing can be said any more.
static STOPPED: OnceLock<io::Error> = OnceLock::new();

/// Says a line, as `println!` does.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::say::line(format_args!($($text)*))
    };
}

/// Says a line.
pub fn line(text: Arguments<'_>) {
    part(format_args!("{text}\n"));
}

/// Says what is no line, or several.
pub fn part(text: Arguments<'_>) {
    if is_heard()
        && let Err(why) = write(&mut io::stdout().lock(), text)
    {
        // Another thread may have been told the same.
        let _ = STOPPED.set(why);
    }
}

/// Whether what is said is written somewhere. A program that only shows may end when it is not.
#[must_use]
pub fn is_heard() -> bool {
    STOPPED.get().is_none()
}

/// Why the report is not whole, unless its reader has closed it.
pub(crate) fn unwritten() -> Option<&'static io::Error> {
    STOPPED.get().filter(|why| !is_closed(why))
}

fn write(output: &mut impl Write, text: Arguments<'_>) -> io::Result<()> {
    output.write_fmt(text)?;
    output.flush()
}

fn is_closed(why: &io::Error) -> bool {
    why.kind() == io::ErrorKind::BrokenPipe
}
