package dev.elbo.cli.report;

import static dev.elbo.cli.report.Markup.escape;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// One HTML file that needs nothing from outside: light or dark as its reader's screen is, readable on a phone.
public final class Page {
    private static final String STYLE = """
            body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--paper);
              color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
            h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
            td, th { text-align: left; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid var(--line);
              vertical-align: top; overflow-wrap: anywhere; }
            th { font-weight: 500; color: var(--soft); white-space: nowrap; }
            figure { margin: 1rem 0; overflow-x: auto; } figcaption { color: var(--soft); font-size: .9rem; }
            img { max-width: 100%; image-rendering: pixelated; border-radius: 4px; }
            .plot { width: 100%; height: auto; } .plot text { fill: var(--soft); font-size: 12px; }
            .plot .title { fill: var(--ink); font-size: 14px; } .grid { stroke: var(--line); }
            .cell { fill: var(--c0); } .map { display: block; }
            /* A plot shrinks with the screen, its letters do not; a picture that shrinks is smoothed. */
            @media (max-width: 40rem) { .plot text { font-size: 19px; } .plot .title { font-size: 20px; }
              .map text { font-size: 12px; } .map .title { font-size: 14px; } img { image-rendering: auto; }
              td, th { padding-right: .8rem; } }
            """;
    private static final int COLOURS = 10;

    private final StringBuilder body = new StringBuilder();
    private final String title;

    /// An empty page.
    ///
    /// @param title of the page and its first heading
    public Page(String title) {
        this.title = title;
    }

    /// The colours of every page, as a style sheet.
    public static String palette() {
        try (InputStream in = Page.class.getResourceAsStream("palette.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Begins a section.
    public Page section(String heading) {
        body.append("<h2>").append(escape(heading)).append("</h2>\n");
        return this;
    }

    /// A paragraph.
    public Page text(String text) {
        body.append("<p>").append(escape(text)).append("</p>\n");
        return this;
    }

    /// Names and values, a line each.
    public Page facts(Map<String, String> facts) {
        body.append("<table>");
        facts.forEach(
                (name, value) -> body.append("<tr><th>%s</th><td>%s</td></tr>".formatted(escape(name), escape(value))));
        body.append("</table>\n");
        return this;
    }

    /// A plot.
    public Page plot(Plot plot) {
        return figure(plot.svg());
    }

    /// A matrix.
    public Page heatMap(HeatMap map) {
        return figure(map.svg());
    }

    /// Pictures.
    public Page pictures(String caption, PictureGrid grid) {
        body.append(grid.html(caption)).append('\n');
        return this;
    }

    /// The whole file.
    public String html() {
        StringBuilder colours = new StringBuilder();
        for (int i = 0; i < COLOURS; i++) {
            colours.append(".s%d { stroke: var(--c%d); fill: none; stroke-width: 1.8; } ".formatted(i, i));
            colours.append(".p%d { fill: var(--c%d); }%n".formatted(i, i));
        }
        return String.join(
                "\n",
                List.of(
                        "<!DOCTYPE html>",
                        "<html lang=\"en\"><head><meta charset=\"utf-8\"/>",
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>",
                        "<title>" + escape(title) + "</title>",
                        "<style>",
                        palette() + STYLE + colours + "</style></head><body>",
                        "<h1>" + escape(title) + "</h1>",
                        body.toString(),
                        "</body></html>",
                        ""));
    }

    private Page figure(String svg) {
        body.append("<figure>").append(svg).append("</figure>\n");
        return this;
    }
}
