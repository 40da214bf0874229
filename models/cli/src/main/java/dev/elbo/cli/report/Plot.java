package dev.elbo.cli.report;

import static dev.elbo.cli.report.Markup.escape;
import static dev.elbo.cli.report.Markup.number;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// Lines or points in a frame, as SVG that takes its colours from the page.
///
/// Values that are not finite leave a gap. Series beyond the tenth begin with the first colour again.
///
/// @param title       above the frame
/// @param across      what is told from left to right
/// @param up          what is told upwards
/// @param series      drawn in this order
/// @param kind        lines or points
/// @param logarithmic whether the axis across is
public record Plot(String title, String across, String up, List<Series> series, Kind kind, boolean logarithmic) {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 360;
    private static final int LEFT = 72;
    private static final int RIGHT = 16;
    private static final int TOP = 32;
    private static final int BOTTOM = 52;
    private static final int COLOURS = 10;

    /// How values are drawn.
    public enum Kind {
        /// Neighbours are joined.
        LINES,
        /// Each stands alone.
        POINTS
    }

    /// One value.
    public record Point(double x, double y) {}

    /// Values that belong together.
    ///
    /// @param name in the legend
    public record Series(String name, List<Point> points) {
        /// Copies the points.
        public Series {
            points = List.copyOf(points);
        }
    }

    /// Copies the series.
    public Plot {
        series = List.copyOf(series);
    }

    /// The drawing; scales to the width of its place.
    public String svg() {
        Axis x = Axis.around(all(Point::x), logarithmic);
        Axis y = Axis.around(all(Point::y), false);
        StringBuilder svg = new StringBuilder();
        svg.append("<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
                .formatted(WIDTH, HEIGHT, escape(title)));
        svg.append("<text class=\"title\" x=\"%d\" y=\"20\">%s</text>".formatted(LEFT, escape(title)));
        frame(svg, x, y);
        for (int i = 0; i < series.size(); i++) {
            draw(svg, series.get(i), i % COLOURS, x, y);
        }
        legend(svg);
        return svg.append("</svg>").toString();
    }

    private void frame(StringBuilder svg, Axis x, Axis y) {
        for (double tick : x.ticks()) {
            double at = left(x, tick);
            line(svg, at, TOP, at, HEIGHT - BOTTOM);
            label(svg, "middle", at, HEIGHT - BOTTOM + 16, x.label(tick));
        }
        for (double tick : y.ticks()) {
            double at = top(y, tick);
            line(svg, LEFT, at, WIDTH - RIGHT, at);
            label(svg, "end", LEFT - 6, at + 4, y.label(tick));
        }
        label(svg, "middle", LEFT + (WIDTH - LEFT - RIGHT) / 2.0, HEIGHT - 12, across);
        double middle = TOP + (HEIGHT - TOP - BOTTOM) / 2.0;
        svg.append("<text text-anchor=\"middle\" transform=\"translate(14 %s) rotate(-90)\">%s</text>"
                .formatted(number(middle), escape(up)));
    }

    private void draw(StringBuilder svg, Series one, int colour, Axis x, Axis y) {
        if (kind == Kind.POINTS) {
            for (Point point : one.points) {
                if (shown(point)) {
                    svg.append("<circle class=\"p%d\" cx=\"%s\" cy=\"%s\" r=\"2.5\"/>"
                            .formatted(colour, number(left(x, point.x)), number(top(y, point.y))));
                }
            }
            return;
        }
        StringBuilder path = new StringBuilder();
        boolean joined = false;
        for (Point point : one.points) {
            if (shown(point)) {
                path.append(joined ? 'L' : 'M')
                        .append(number(left(x, point.x)))
                        .append(' ')
                        .append(number(top(y, point.y)));
            }
            joined = shown(point);
        }
        if (!path.isEmpty()) {
            svg.append("<path class=\"s%d\" d=\"%s\"/>".formatted(colour, path));
        }
    }

    private void legend(StringBuilder svg) {
        if (series.size() < 2) {
            return;
        }
        double at = WIDTH - RIGHT;
        for (int i = series.size() - 1; i >= 0; i--) {
            String name = series.get(i).name;
            label(svg, "end", at, 20, name);
            at -= 7.0 * name.length() + 6;
            svg.append("<circle class=\"p%d\" cx=\"%s\" cy=\"16\" r=\"4\"/>".formatted(i % COLOURS, number(at)));
            at -= 14;
        }
    }

    private boolean shown(Point point) {
        return Double.isFinite(point.x) && Double.isFinite(point.y) && (!logarithmic || point.x > 0);
    }

    private List<Double> all(ToDoubleFunction<Point> coordinate) {
        List<Double> values = new ArrayList<>();
        for (Series one : series) {
            one.points.stream().filter(this::shown).forEach(point -> values.add(coordinate.applyAsDouble(point)));
        }
        return values;
    }

    private static double left(Axis x, double value) {
        return LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
    }

    private static double top(Axis y, double value) {
        return HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM);
    }

    private static void line(StringBuilder svg, double x1, double y1, double x2, double y2) {
        svg.append("<line class=\"grid\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>"
                .formatted(number(x1), number(y1), number(x2), number(y2)));
    }

    private static void label(StringBuilder svg, String anchor, double x, double y, String text) {
        svg.append("<text text-anchor=\"%s\" x=\"%s\" y=\"%s\">%s</text>"
                .formatted(anchor, number(x), number(y), escape(text)));
    }
}
