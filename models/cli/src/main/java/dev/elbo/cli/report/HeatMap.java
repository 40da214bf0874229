package dev.elbo.cli.report;

import static dev.elbo.cli.report.Markup.escape;
import static dev.elbo.cli.report.Markup.number;

import java.util.List;
import java.util.Locale;

/// A matrix as coloured squares: a transition matrix, a confusion table.
///
/// @param title   above
/// @param rows    names of the rows
/// @param columns names of the columns
/// @param values  (rows, columns), at least 0; the largest is the darkest
public record HeatMap(String title, List<String> rows, List<String> columns, double[][] values) {
    private static final int CELL = 28;
    private static final int MARGIN = 96;
    private static final int TOP = 64;

    /// Checks that names and values agree.
    public HeatMap {
        rows = List.copyOf(rows);
        columns = List.copyOf(columns);
        if (values.length != rows.size()) {
            throw new IllegalArgumentException(
                    "HeatMap: names and values differ; rows=" + rows.size() + ", values=" + values.length);
        }
        for (double[] row : values) {
            if (row.length != columns.size()) {
                throw new IllegalArgumentException(
                        "HeatMap: names and values differ; columns=" + columns.size() + ", values=" + row.length);
            }
        }
    }

    /// The drawing, as large as its squares: it scrolls where there is less room; each square tells its value when
    /// pointed at.
    public String svg() {
        int width = MARGIN + CELL * columns.size() + 8;
        int height = TOP + CELL * rows.size() + 8;
        double highest = Double.MIN_NORMAL;
        for (double[] row : values) {
            for (double value : row) {
                highest = Math.max(highest, value);
            }
        }
        StringBuilder svg = new StringBuilder();
        svg.append("<svg class=\"plot map\" viewBox=\"0 0 %d %d\" style=\"width:%dpx\" role=\"img\" aria-label=\"%s\">"
                .formatted(width, height, width, escape(title)));
        svg.append("<text class=\"title\" x=\"8\" y=\"20\">%s</text>".formatted(escape(title)));
        for (int j = 0; j < columns.size(); j++) {
            svg.append("<text text-anchor=\"middle\" x=\"%d\" y=\"%d\">%s</text>"
                    .formatted(MARGIN + CELL * j + CELL / 2, TOP - 8, escape(columns.get(j))));
        }
        for (int i = 0; i < rows.size(); i++) {
            int y = TOP + CELL * i;
            svg.append("<text text-anchor=\"end\" x=\"%d\" y=\"%d\">%s</text>"
                    .formatted(MARGIN - 8, y + CELL / 2 + 4, escape(rows.get(i))));
            for (int j = 0; j < columns.size(); j++) {
                svg.append(("<rect class=\"cell\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill-opacity=\"%s\">"
                                + "<title>%s</title></rect>")
                        .formatted(
                                MARGIN + CELL * j,
                                y,
                                CELL - 1,
                                CELL - 1,
                                number(Math.max(0, values[i][j] / highest)),
                                escape(rows.get(i) + " → " + columns.get(j) + ": "
                                        + String.format(Locale.ROOT, "%.4g", values[i][j]))));
            }
        }
        return svg.append("</svg>").toString();
    }
}
