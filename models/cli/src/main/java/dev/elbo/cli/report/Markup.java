package dev.elbo.cli.report;

import java.util.Locale;

/// Pieces of HTML and SVG.
final class Markup {
    private Markup() {}

    /// `text` as it must be written between tags or inside quotes.
    static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                default -> out.append(c < ' ' && c != '\n' && c != '\t' ? ' ' : c);
            }
        }
        return out.toString();
    }

    /// A coordinate: two decimals, a point whatever the country.
    static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
