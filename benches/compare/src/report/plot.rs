use std::path::Path;

use plotters::prelude::{
    ChartBuilder, Circle, Color, IntoDrawingArea, IntoLogRange, LineSeries, Palette, Palette99, PathElement,
    SVGBackend, SeriesLabelPosition, TRANSPARENT, WHITE,
};

use crate::Error;
use crate::results::Outcome;
use crate::row::bytes;
use crate::sample::{P50_US, PER_SECOND};

const SIZE: (u32, u32) = (900, 560);

/// What is plotted over the number of callers: its name, and what it is called.
const NUMBERS: [(&str, &str); 2] = [(PER_SECOND, "per second"), (P50_US, "p50, us")];

/// Writes a plot of each number for the outcomes of a scenario and payload. With less than two loads there is no line.
pub(super) fn write(directory: &Path, outcomes: &[Outcome]) -> Result<(), Error> {
    for (number, title) in NUMBERS {
        let lines = lines(outcomes, number);
        let Some(first) = outcomes.first().filter(|_| lines.iter().any(|(_, points)| points.len() > 1))
        else {
            continue;
        };
        let payload = bytes(first.load.payload);
        let file = format!("{} {payload} {number}.svg", first.row).replace([' ', '_'], "-");
        draw(&directory.join(file), &format!("{}, {payload}: {title}", first.row), &lines)?;
    }
    Ok(())
}

type Line<'a> = (&'a str, Vec<(f64, f64)>);

/// The points of each variant, in the order of the loads.
fn lines<'a>(outcomes: &'a [Outcome], number: &str) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for outcome in outcomes {
        let Some(value) = outcome.spread(number).map(|spread| spread.median) else { continue };
        let point = (outcome.load.concurrency as f64, value);
        match lines.iter_mut().find(|(variant, _)| *variant == outcome.variant) {
            Some((_, points)) => points.push(point),
            None => lines.push((outcome.variant, vec![point])),
        }
    }
    lines
}

fn draw(file: &Path, title: &str, lines: &[Line<'_>]) -> Result<(), Error> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (left, right) = range(&mut points().map(|point| point.0));
    let (low, high) = range(&mut points().map(|point| point.1));
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(20)
        .x_label_area_size(36)
        .y_label_area_size(72)
        .build_cartesian_2d((left..right).log_scale().base(2.0), (low * 0.8..high * 1.2).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("callers")
        .x_label_formatter(&|callers| format!("{callers:.0}"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .light_line_style(TRANSPARENT)
        .draw()?;
    for (index, (variant, points)) in lines.iter().enumerate() {
        let color = Palette99::pick(index).to_rgba().stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), color))?
            .label(*variant)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color));
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, color.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    area.present()?;
    Ok(())
}
