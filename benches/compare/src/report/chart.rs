use std::path::Path;

use plotters::prelude::{
    ChartBuilder, Circle, Color, IntoDrawingArea, IntoLogRange, LineSeries, Palette, Palette99, PathElement,
    SVGBackend, SeriesLabelPosition, TRANSPARENT, WHITE,
};

use crate::Error;

/// Lines in a coordinate system whose axes are logarithmic.
pub(super) struct Chart<'a> {
    pub(super) title: String,
    /// What is on the horizontal axis.
    pub(super) over: &'static str,
    pub(super) lines: Vec<Line<'a>>,
}

/// The points of a variant, in order.
pub(super) type Line<'a> = (&'a str, Vec<(f64, f64)>);

const SIZE: (u32, u32) = (900, 560);

impl Chart<'_> {
    /// Whether a line has two points at least.
    pub(super) fn shows_something(&self) -> bool {
        self.lines.iter().any(|(_, points)| points.len() > 1)
    }

    /// Writes it as SVG.
    pub(super) fn draw(&self, file: &Path) -> Result<(), Error> {
        let points = || self.lines.iter().flat_map(|(_, points)| points);
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| (low.min(value), high.max(value)))
        };
        let (left, right) = range(&mut points().map(|point| point.0));
        let (low, high) = range(&mut points().map(|point| point.1));
        let area = SVGBackend::new(file, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, ("sans-serif", 20))
            .margin(20)
            .x_label_area_size(36)
            .y_label_area_size(72)
            .build_cartesian_2d((left..right).log_scale().base(2.0), (low * 0.8..high * 1.2).log_scale())?;
        chart
            .configure_mesh()
            .x_desc(self.over)
            .x_label_formatter(&|value| format!("{value:.0}"))
            .y_label_formatter(&|value| format!("{value:.0}"))
            .light_line_style(TRANSPARENT)
            .draw()?;
        for (index, (variant, points)) in self.lines.iter().enumerate() {
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
}
