//! The bench as a picture: four panels of bars, each with its figure beside it.

use super::race::{Measured, Race};

const WIDTH: usize = 860;
const ROW: usize = 20;
const TITLE: usize = 34;
const BARS: usize = 230;
const LONGEST: f64 = 480.0;

type Figure = fn(&Measured) -> f64;

const PANELS: [(&str, Figure); 4] = [
    (
        "init: start of a process until it asks for an event, ms",
        |measured| measured.init.median(),
    ),
    ("a warm event, median, ms", |measured| {
        measured.warm.median()
    }),
    ("processor time of one event, ms", |measured| {
        measured.cpu.median()
    }),
    ("most memory of a process, MB", |measured| {
        megabytes(measured.peak)
    }),
];

/// An SVG of every race.
pub fn svg(receivers: &[Race], processors: &[Race]) -> String {
    let races: Vec<&Race> = receivers.iter().chain(processors).collect();
    let panel = TITLE + races.len() * ROW;
    let height = PANELS.len() * panel + ROW;
    let panels: String = PANELS
        .iter()
        .enumerate()
        .map(|(index, (title, figure))| bars(index * panel + TITLE, title, *figure, &races))
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{panels}</svg>\n"
    )
}

fn bars(top: usize, title: &str, figure: Figure, races: &[&Race]) -> String {
    let highest = races.iter().map(|race| figure(&race.measured));
    let highest = highest.fold(f64::MIN_POSITIVE, f64::max);
    let mut panel = format!(
        "<text x=\"10\" y=\"{}\" font-weight=\"bold\">{title}</text>\n",
        top - 8
    );
    for (index, race) in races.iter().enumerate() {
        let value = figure(&race.measured);
        let (y, length) = (top + index * ROW, value / highest * LONGEST);
        let name = &race.contestant.name;
        let colour = match name.as_bytes().first() {
            Some(b'N' | b'P') => "#b0b0b0",
            Some(b'l' | b't') if !name.starts_with("twilio") => "#7aa6c2",
            _ => "#1f6f9f",
        };
        panel.push_str(&format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>\
             <rect x=\"{BARS}\" y=\"{}\" width=\"{length:.1}\" height=\"14\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{value:.2}</text>\n",
            BARS - 8,
            y + 13,
            y + 2,
            230.0 + length + 6.0,
            y + 13,
        ));
    }
    panel
}

fn megabytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a bar's length")]
    let megabytes = bytes as f64 / f64::from(1 << 20);
    megabytes
}
