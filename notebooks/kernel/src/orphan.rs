//! A kernel whose Jupyter is gone ends itself: nothing else would, and it holds a gigabyte.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use std::os::unix::process::parent_id;

/// Ends this process soon after its parent has ended, and removes the session's directory.
///
/// The process that runs the cells notices by itself that nobody talks to it any more.
pub fn watch(session: PathBuf) {
    let parent = parent_id();
    thread::spawn(move || {
        while parent_id() == parent {
            thread::sleep(Duration::from_secs(3));
        }
        // What is left, its lock included, is removed by the next kernel.
        let _ = std::fs::remove_dir_all(session);
        std::process::exit(1);
    });
}
