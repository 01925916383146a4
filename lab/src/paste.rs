//! `lab paste`: runs a command and puts what it prints into the page of the documentation that shows it.
//!
//! A page has a block for it: the text between `<!-- lab NAME -->` and `<!-- end -->`, each on a line of
//! its own.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use tokio::process::Command;
use webhooks_cli::failure::Failure;
use webhooks_cli::project::Project;

const END: &str = "<!-- end -->";

/// The commands whose output a page shows, and the page.
const PAGES: [(&str, &str); 5] = [
    ("bench", "docs/performance.md"),
    ("cost", "docs/cost.md"),
    ("malformed", "docs/reliability.md"),
    ("outages", "docs/reliability.md"),
    ("scale", "docs/scale.md"),
];

/// Options of `lab paste`.
#[derive(Args, Clone, Debug)]
pub struct PasteArgs {
    /// The command to run: bench, cost, malformed, outages or scale
    command: String,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] when no page shows the command, the command fails, or the page has no block for it.
pub async fn run(args: &PasteArgs) -> Result<ExitCode, Failure> {
    let name = args.command.as_str();
    let page = PAGES.iter().find(|(command, _)| *command == name);
    let (_, page) = page.ok_or_else(|| {
        let known = PAGES.map(|(command, _)| command).join(", ");
        Failure::usage(format!("no page shows {name}; choose one of {known}"))
    })?;
    let lab = std::env::current_exe().map_err(|error| Failure::new("this program", error))?;
    let mut command = Command::new(lab);
    let ran = command
        .arg(name)
        .stderr(std::process::Stdio::inherit())
        .output();
    let ran = ran.await.map_err(|error| Failure::new(name, error))?;
    if !ran.status.success() {
        return Err(Failure::of(format!(
            "lab {name} failed, and nothing was pasted"
        )));
    }
    let printed = String::from_utf8_lossy(&ran.stdout);
    let block = format!(
        "    cargo run -p lab -- {name}\n\n{}",
        printed.trim_matches('\n')
    );
    let page = Project::here()?.root().join(page);
    paste(&page, name, &block).map_err(|error| Failure::of(error.to_string()))?;
    println!("pasted into {}", page.display());
    Ok(ExitCode::SUCCESS)
}

/// Replaces the block of that name in a page. The new text says in its first line which command made
/// it, because nothing of the old text stays.
///
/// # Errors
/// When the page cannot be read or written, when it has no such block or several, when the block does
/// not end before the next one begins, or when the new text has a marker itself. The page stays as it
/// was then.
pub fn paste(page: &Path, name: &str, block: &str) -> io::Result<()> {
    let text = fs::read_to_string(page)?;
    let refused = |problem: String| {
        let problem = format!("{}: {problem}", page.display());
        io::Error::new(io::ErrorKind::InvalidData, problem)
    };
    let pasted = replaced(&text, name, block).map_err(refused)?;
    if pasted == text {
        return Ok(());
    }
    fs::write(page, pasted)
}

/// The page with its block replaced, or why it cannot be.
fn replaced(text: &str, name: &str, block: &str) -> Result<String, String> {
    let begin = begin(name);
    if block.lines().any(is_marker) {
        return Err(format!("the new text for {begin} has a marker itself"));
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut places = (0..lines.len()).filter(|place| lines[*place].trim() == begin);
    let start = places.next().ok_or(format!("no line {begin}"))?;
    if places.next().is_some() {
        return Err(format!("more than one line {begin}"));
    }
    let rest = &lines[start + 1..];
    let length = rest.iter().position(|line| is_marker(line));
    let length = length.filter(|length| rest[*length].trim() == END);
    let length = length.ok_or(format!("no line {END} after {begin}"))?;

    let mut pasted = lines[..=start].to_vec();
    pasted.extend(["", block.trim_matches('\n'), ""]);
    pasted.extend(&rest[length..]);
    let mut pasted = pasted.join("\n");
    if text.ends_with('\n') {
        pasted.push('\n');
    }
    Ok(pasted)
}

fn begin(name: &str) -> String {
    format!("<!-- lab {name} -->")
}

fn is_marker(line: &str) -> bool {
    let line = line.trim();
    line == END || (line.starts_with("<!-- lab ") && line.ends_with(" -->"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Cost\n\n<!-- lab cost -->\n\nold\n\n| a |\n\n<!-- end -->\n\nafter\n\n<!-- lab scale -->\n<!-- end -->\n";

    #[test]
    fn replaces_the_text_between_the_markers_and_nothing_else() {
        let expected = "# Cost\n\n<!-- lab cost -->\n\n    cargo run\n\n| b |\n\n<!-- end -->\n\nafter\n\n<!-- lab scale -->\n<!-- end -->\n";
        let pasted = replaced(PAGE, "cost", "    cargo run\n\n| b |\n");
        assert_eq!(pasted.as_deref(), Ok(expected));
        assert_eq!(
            replaced(expected, "cost", "    cargo run\n\n| b |\n").as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn fills_a_block_that_is_empty() {
        let pasted = replaced(PAGE, "scale", "| c |").expect("the page has the block");
        assert!(pasted.ends_with("<!-- lab scale -->\n\n| c |\n\n<!-- end -->\n"));
        assert!(pasted.starts_with("# Cost\n\n<!-- lab cost -->\n\nold\n"));
    }

    #[test]
    fn refuses_a_page_without_the_markers() {
        for (page, problem) in [
            ("# Cost\n", "no line <!-- lab cost -->"),
            (
                "the text `<!-- lab cost -->` in a sentence\n<!-- end -->\n",
                "no line <!-- lab cost -->",
            ),
            (
                "<!-- lab costs -->\n<!-- end -->\n",
                "no line <!-- lab cost -->",
            ),
            (
                "<!-- lab cost -->\nold\n",
                "no line <!-- end --> after <!-- lab cost -->",
            ),
            (
                "<!-- end -->\n<!-- lab cost -->\n",
                "no line <!-- end --> after <!-- lab cost -->",
            ),
            (
                "<!-- lab cost -->\nold\n<!-- lab scale -->\n<!-- end -->\n",
                "no line <!-- end --> after <!-- lab cost -->",
            ),
            (
                "<!-- lab cost -->\n<!-- end -->\n<!-- lab cost -->\n<!-- end -->\n",
                "more than one line <!-- lab cost -->",
            ),
        ] {
            assert_eq!(replaced(page, "cost", "new"), Err(problem.to_owned()));
        }
    }

    #[test]
    fn refuses_a_text_that_would_end_its_own_block() {
        for text in ["a\n<!-- end -->", "<!-- lab scale -->"] {
            let problem = "the new text for <!-- lab cost --> has a marker itself";
            assert_eq!(replaced(PAGE, "cost", text), Err(problem.to_owned()));
        }
    }

    #[test]
    fn a_refused_page_stays_as_it_was() {
        let page = std::env::temp_dir().join(format!("lab-paste-{}.md", std::process::id()));
        fs::write(&page, PAGE).expect("the folder takes it");
        let refused = paste(&page, "bench", "new").expect_err("there is no such block");
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
        assert!(refused.to_string().contains("no line <!-- lab bench -->"));
        assert_eq!(fs::read_to_string(&page).expect("it is there"), PAGE);

        paste(&page, "cost", "new").expect("the page has the block");
        let text = fs::read_to_string(&page).expect("it is there");
        assert!(text.contains("<!-- lab cost -->\n\nnew\n\n<!-- end -->\n"));
        fs::remove_file(&page).expect("it is there");
        let missing = paste(&page, "cost", "new").expect_err("there is no page");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
