//! What must stand beside a time: the machine, the programs, the commit.

use std::process::Command;

use crate::project::Project;

/// The processor, its cores and the memory.
pub fn hardware() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    describe(&cpu, cores(), &memory)
}

/// Cores that a program may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn describe(cpu: &str, cores: usize, memory: &str) -> String {
    let model = field(cpu, "model name").unwrap_or(std::env::consts::ARCH);
    let kilobytes = field(memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let memory = kilobytes.map_or_else(String::new, |kb| format!(", {:.0} GB of memory", kb * 1024.0 / 1e9));
    let avx512 = field(cpu, "flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "avx512f"));
    let vectors = if avx512 { " (AVX-512)" } else { "" };
    format!("{model}{vectors}, {cores} cores{memory}")
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The day, e.g. `2026-01-31`, in UTC.
pub fn date(project: &Project) -> String {
    first_line(project.command("date").args(["-u", "+%Y-%m-%d"]))
}

/// The compiler, e.g. `rustc 1.95.0`.
pub fn compiler(project: &Project) -> String {
    let version = first_line(project.command("rustc").arg("--version"));
    version.split(" (").next().unwrap_or(&version).to_owned()
}

/// The commit that was timed, and whether the files were others than its own.
pub fn commit(project: &Project) -> String {
    let commit = first_line(project.command("git").args(["rev-parse", "--short=10", "HEAD"]));
    let mut status = project.command("git");
    status.args(["status", "--porcelain", "--", ".", ":(exclude)benches/RESULTS.md"]);
    let changed = first_line(&mut status);
    if changed.is_empty() || changed == UNKNOWN { commit } else { format!("{commit}, with changes") }
}

const UNKNOWN: &str = "unknown";

/// The first line that a command writes; `unknown` where it fails: a name that is missing is no reason to lose times.
fn first_line(command: &mut Command) -> String {
    match command.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned()
        }
        _ => UNKNOWN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_named_by_what_linux_says() {
        let cpu = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx2 avx512f\n";
        let memory = "MemTotal:       24000000 kB\nMemFree:        1 kB\n";
        assert_eq!(describe(cpu, 2, memory), "AMD EPYC (AVX-512), 2 cores, 25 GB of memory");
        assert_eq!(describe("", 4, ""), format!("{}, 4 cores", std::env::consts::ARCH));
    }

    #[test]
    fn what_fails_is_unknown() {
        assert_eq!(first_line(&mut Command::new("/no/such/program")), UNKNOWN);
        assert_eq!(first_line(Command::new("sh").args(["-c", "echo a; echo b"])), "a");
    }
}
