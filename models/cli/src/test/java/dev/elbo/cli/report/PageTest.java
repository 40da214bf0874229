package dev.elbo.cli.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.models.data.Png;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class PageTest {
    private static final List<Plot.Point> POINTS = List.of(
            new Plot.Point(1, -3),
            new Plot.Point(10, Double.NaN),
            new Plot.Point(100, 5),
            new Plot.Point(1000, Double.NEGATIVE_INFINITY),
            new Plot.Point(1000, 7));

    @Test
    void theWholePageIsWellFormedAndNeedsNothingFromOutside() throws Exception {
        String html = new Page("a <b> & \"c\"")
                .section("numbers & <such>")
                .facts(Map.of("x<y", "1 & 2"))
                .plot(new Plot("loss", "step", "nats", List.of(series("t"), series("u")), Plot.Kind.LINES, true))
                .heatMap(new HeatMap("A", List.of("<s>"), List.of("a", "b"), new double[][] {{0.25, 0.5}}))
                .pictures("samples", new PictureGrid(2, 1, 2, 1, List.of(new float[] {0, 1}, new float[2])))
                .html();
        Document page = parse(html.replace("<!DOCTYPE html>", ""));
        assertEquals("a <b> & \"c\"", page.getElementsByTagName("h1").item(0).getTextContent());
        assertEquals(2, page.getElementsByTagName("svg").getLength());
        assertFalse(html.contains("http"), "an address in the page");
        assertFalse(html.contains("<script"), "a script in the page");
    }

    @Test
    void valuesThatAreNotFiniteLeaveAGap() throws Exception {
        String svg = new Plot("t", "x", "y", List.of(series("t")), Plot.Kind.LINES, true).svg();
        String path = ((Element) parse(svg).getElementsByTagName("path").item(0)).getAttribute("d");
        assertEquals(3, path.chars().filter(c -> c == 'M').count(), path);
        String points = new Plot("t", "x", "y", List.of(series("t")), Plot.Kind.POINTS, true).svg();
        assertEquals(3, parse(points).getElementsByTagName("circle").getLength());
    }

    @Test
    void anEmptyPlotIsAFrame() throws Exception {
        parse(new Plot("t", "x", "y", List.of(), Plot.Kind.LINES, false).svg());
        parse(new Plot("t", "x", "y", List.of(new Plot.Series("s", List.of())), Plot.Kind.LINES, true).svg());
    }

    @Test
    void numbersOnAnAxisAreRound() {
        assertEquals(List.of("-10", "-5", "0", "5", "10"), labels(Axis.around(List.of(-9.7, 8.2), false)));
        assertEquals(
                List.of("0.00", "0.05", "0.10", "0.15", "0.20").toString().replace("0.00", "0"),
                labels(Axis.around(List.of(0.013, 0.19), false)).toString());
        assertEquals(List.of("1", "10", "100", "1000"), labels(Axis.around(List.of(2.0, 640.0), true)));
        assertEquals("2e7", new Axis(0, 1e8, 1e7, false).label(2e7));
    }

    @Test
    void everyValueLiesOnItsAxis() {
        for (List<Double> values : List.of(
                List.of(3.0, 3.0),
                List.of(-1e-9, 1e-9),
                List.of(1e12, 1e12 + 3),
                List.of(-103.5, -540.25),
                List.of(Double.NaN, 4.0))) {
            Axis axis = Axis.around(values, false);
            for (double value : values) {
                assertTrue(
                        Double.isNaN(value) || axis.place(value) >= 0 && axis.place(value) <= 1, values + " " + axis);
            }
            assertTrue(axis.ticks().size() >= 2 && axis.ticks().size() <= 12, axis.toString());
        }
    }

    @Test
    void picturesStandAPixelApart() {
        Png grid = new PictureGrid(2, 60, 60, 1, List.of(filled(0f), filled(2f), filled(0.2f))).png();
        assertEquals(2 * 61 + 1, grid.height());
        assertEquals(2 * 61 + 1, grid.width());
        assertEquals(0, grid.samples()[123 + 1]);
        assertEquals((byte) 128, grid.samples()[123 + 61]);
        assertEquals((byte) 255, grid.samples()[123 + 62]);
        assertEquals(51, grid.samples()[62 * 123 + 1]);
        assertEquals((byte) 128, grid.samples()[62 * 123 + 62]);
    }

    @Test
    void picturesInColourKeepTheirChannels() {
        float[] picture = new float[60 * 60 * 3];
        Arrays.fill(picture, 0, 3, 1f);
        picture[3] = 0.2f;
        Png grid = new PictureGrid(1, 60, 60, 3, List.of(picture)).png();
        assertEquals(3, grid.channels());
        int first = (62 + 1) * 3;
        assertArrayEquals(
                new byte[] {(byte) 255, (byte) 255, (byte) 255, 51, 0, 0},
                Arrays.copyOfRange(grid.samples(), first, first + 6));
    }

    @Test
    void thePictureInThePageIsThePicture() {
        PictureGrid grid = new PictureGrid(1, 2, 2, 1, List.of(new float[] {0, 0.5f, 1, 0.25f}));
        String html = grid.html("c");
        String data = html.substring(html.indexOf("base64,") + 7, html.indexOf("\"/>"));
        Png read = Png.read("page", Base64.getDecoder().decode(data));
        assertArrayEquals(grid.png().samples(), read.samples());
    }

    private static float[] filled(float value) {
        float[] picture = new float[3600];
        Arrays.fill(picture, value);
        return picture;
    }

    private static Plot.Series series(String name) {
        return new Plot.Series(name, POINTS);
    }

    private static List<String> labels(Axis axis) {
        List<String> labels = new ArrayList<>();
        IntStream.range(0, axis.ticks().size())
                .forEach(i -> labels.add(axis.label(axis.ticks().get(i))));
        return labels;
    }

    private static Document parse(String xml) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
    }
}
